import type { Hash } from '#core/chain.ts'
import { readBlockRows } from './block-rows.ts'

/** A row as the digest hashes it: `kind` of event or `quarantined`, and the canonical JSON of its body. */
export type ComparedRow = {
  readonly transactionHash: Hash
  readonly address: string | null
  readonly kind: string
  readonly body: string | null
}

/** A log of which the store says something else than the chain. */
export type Difference = {
  readonly block: number
  readonly logIndex: number
  readonly what: 'added' | 'removed' | 'changed'
  /** Null where the store has none. */
  readonly stored: ComparedRow | null
  /** Null where the chain has none. */
  readonly chain: ComparedRow | null
}

/** How the rows of a block differ, from its texts (see `createBlockRows`). */
export function differencesIn(block: number, stored: string, chain: string): Difference[] {
  const [before, after] = [rowsOf(stored), rowsOf(chain)]
  const indexes = [...new Set([...before.keys(), ...after.keys()])].toSorted((a, b) => a - b)
  return indexes.flatMap((logIndex): Difference[] => {
    const [was, is] = [before.get(logIndex) ?? null, after.get(logIndex) ?? null]
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    const what = !was ? 'added' : !is ? 'removed' : 'changed'
    return [{ block, logIndex, what, stored: was, chain: is }]
  })
}

/** The rows of a block's text by log index, set-apart logs included. */
function rowsOf(text: string): Map<number, ComparedRow> {
  const rows = new Map<number, ComparedRow>()
  readBlockRows(
    text,
    ({ transactionHash, logIndex, address, kind, body }) =>
      rows.set(logIndex, { transactionHash, address, kind, body }),
    ({ transactionHash, logIndex }) =>
      rows.set(logIndex, { transactionHash, address: null, kind: 'quarantined', body: null }),
  )
  return rows
}
