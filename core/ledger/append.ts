import type { Clock } from '#core/clock.ts'
import type { Sha256 } from '#core/history/digest.ts'
import {
  catchUp,
  type LedgerHead,
  loadMissing,
  moveMark,
  requestOf,
  store,
} from './apply-entries.ts'
import { decide } from './decide.ts'
import { type EntryRef, type OperationRecord, type Outcome, sealEntry } from './entry.ts'
import { evolve } from './evolve.ts'
import { type OperationId, operationId, type OperationRequest } from './operation.ts'
import type { LedgerStore, LedgerWriter, Movement } from './ports.ts'
import { createWorkingSet } from './working-set.ts'

export type AppendPorts = {
  readonly store: LedgerStore
  readonly clock: Pick<Clock, 'nowMs'>
  readonly sha256: Sha256
}

/** What became of a request, and where that is written. */
export type Receipt =
  | {
      readonly status: 'recorded'
      readonly id: OperationId
      readonly outcome: Outcome
      readonly at: EntryRef
      /** Among the operations of its entry, from 0. */
      readonly position: number
      readonly atMs: number
      /** It had been recorded before, and nothing was done now. */
      readonly isReplay: boolean
    }
  /** The key was used for another request; nothing was done. */
  | { readonly status: 'key-reused' }

/** Requests that lack a document, one behind another, before all that are left are asked what they lack. */
const LACKING_MAX = 2

/** A receipt before its entry is there: `at` is undefined where it is of this entry. */
type Draft =
  | (Omit<Receipt & { readonly status: 'recorded' }, 'at'> & { readonly at: EntryRef | undefined })
  | { readonly status: 'key-reused' }

/**
 * Appends one entry with all of these requests that were not recorded before. The insert of the entry is the commit, the
 * seal and the record of the keys. When this fails with `unavailable`, it is not known whether the entry was stored: to send
 * the same requests again tells, and does nothing twice.
 *
 * @param requests that `checkRequest` has let pass
 * @returns receipts in the order of the requests; `taken` where another process has appended meanwhile, and nothing was done
 */
export const appendGroup = (
  { store: ledgers, clock, sha256 }: AppendPorts,
  ledger: string,
  requests: readonly OperationRequest[],
): Promise<Receipt[] | 'taken'> =>
  ledgers.write(async (writer) => {
    const head = await catchUp(writer, sha256, ledger)
    // A clock that went back does not take the ledger with it.
    const atMs = Math.max(head.atMs, clock.nowMs())
    const group = await decideGroup(writer, sha256, ledger, requests, head, atMs)
    if (group === 'taken') return group
    const { set, drafts, records, movements } = group
    if (records.length === 0) return drafts.map((draft) => receiptOf(draft, head))
    const entry = sealEntry(sha256, {
      ledger,
      sequence: head.sequence + 1,
      atMs,
      previous: head.hash,
      operations: records,
    })
    if (!(await writer.insertEntry(entry))) return 'taken'
    const at: EntryRef = { sequence: entry.sequence, hash: entry.hash }
    if (await store(writer, ledger, at, set, movements)) await moveMark(writer, ledger, at, head)
    // Others have begun to apply the entry.
    else await catchUp(writer, sha256, ledger)
    return drafts.map((draft) => receiptOf(draft, at))
  })

const receiptOf = (draft: Draft, own: EntryRef): Receipt =>
  draft.status === 'recorded' ? { ...draft, at: draft.at ?? own } : draft

async function decideGroup(
  writer: LedgerWriter,
  sha256: Sha256,
  ledger: string,
  requests: readonly OperationRequest[],
  head: LedgerHead,
  atMs: number,
) {
  const sequence = head.sequence + 1
  const set = createWorkingSet(sequence)
  const drafts: Draft[] = []
  const records: OperationRecord[] = []
  const movements: Movement[] = []
  const hashes = requests.map(({ operation }) => requestOf(sha256, operation))

  /** Leaves what the request changes staged. */
  function take(index: number): {
    readonly draft: Draft
    readonly record?: OperationRecord
    readonly made?: readonly Movement[]
  } {
    set.drop()
    const { scope, key, actor, operation } = requests[index] as OperationRequest
    const id = operationId(scope, key)
    const request = hashes[index] as string
    const used = set.read('key', id)
    if (used) {
      if (used.request !== request) return { draft: { status: 'key-reused' } }
      const { outcome, position, atMs: then } = used
      const at = set.storedAt('key', id)
      const place = { id, at, position, atMs: then }
      return { draft: { status: 'recorded', outcome, ...place, isReplay: true } }
    }
    const outcome = decide(operation, set.read, atMs)
    const record = { scope, key, actor, operation, outcome }
    const position = records.length
    const place = { id, at: undefined, position, atMs }
    const made = evolve(set, record, { sequence, position, atMs, request })
    return { draft: { status: 'recorded', outcome, ...place, isReplay: false }, record, made }
  }

  /** Decides for the names alone, so that the documents of all are read together. */
  async function rehearse(from: number): Promise<void> {
    for (let index = from; index < requests.length; index++) take(index)
    await loadMissing(set, writer, ledger)
  }

  await rehearse(0)
  let lacking = 0
  for (const index of requests.keys()) {
    let taken = take(index)
    while (await loadMissing(set, writer, ledger)) {
      // What the postings of one touch is known now, and so it is of those behind it.
      if (++lacking === LACKING_MAX) await rehearse(index)
      taken = take(index)
    }
    set.keep()
    drafts.push(taken.draft)
    if (taken.record) records.push(taken.record)
    movements.push(...(taken.made ?? []))
  }
  // What was decided on is not what the head has.
  if (set.hasAhead()) return 'taken'
  return { set, drafts, records, movements }
}
