import type { Sha256 } from '#core/history/digest.ts'
import type { Breach } from './audit-model.ts'
import { type Entry, type EntryRef, openEntry, originOf } from './entry.ts'
import type { LedgerStore } from './ports.ts'

/** What a walk over the log found. */
export type VerifiedLog = {
  /** The last entry that follows from all those before it. */
  readonly head: EntryRef
  readonly operations: number
  /** Why the entry behind it does not follow; undefined where there is none. */
  readonly breach: Breach | undefined
}

/** Entries that are read at once. */
const PAGE = 200

/**
 * Walks over the log and proves that each entry is what its hash says, and names the one before it. Whoever has kept a
 * sequence and its hash can tell that nothing up to there was changed since.
 *
 * @param options `each` is given every entry that is proven; `page` is told of so many operations, and waited for, now and
 *   then; `from`: behind which entry, the origin unless said
 */
export async function verifyLog(
  { store, sha256 }: { readonly store: Pick<LedgerStore, 'entries'>; readonly sha256: Sha256 },
  ledger: string,
  {
    each,
    page: told,
    from = originOf(sha256, ledger),
  }: {
    readonly each?: (entry: Entry) => void
    readonly page?: (operations: number) => Promise<void>
    readonly from?: EntryRef
  } = {},
): Promise<VerifiedLog> {
  let head = from
  let operations = 0
  let toldOf = 0
  let lastMs = 0
  const broken = (detail: string): VerifiedLog => {
    const of = `entry ${head.sequence + 1}`
    return { head, operations, breach: { invariant: 'L11', of, detail } }
  }
  for (;;) {
    const page = await store.entries(ledger, head.sequence + 1, PAGE)
    if (page.length === 0) return { head, operations, breach: undefined }
    for (const stored of page) {
      if (stored.sequence !== head.sequence + 1)
        return broken(`it is missing; the next one there is ${stored.sequence}`)
      if (sha256(stored.body) !== stored.hash) return broken('it is not what its hash says')
      let entry: Entry
      try {
        entry = openEntry(stored)
      } catch {
        return broken('it cannot be read')
      }
      if (entry.previous !== head.hash)
        return broken(`it names another entry than ${head.hash} as the one before it`)
      if (entry.atMs !== stored.atMs) return broken('its time is not the one that its hash is of')
      if (entry.atMs < lastMs) return broken('its time is before that of the entry before it')
      each?.(entry)
      lastMs = entry.atMs
      operations += entry.operations.length
      head = { sequence: entry.sequence, hash: entry.hash }
    }
    const before = toldOf
    toldOf = operations
    await told?.(operations - before)
  }
}
