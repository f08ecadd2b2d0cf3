import { openEntry } from '#core/ledger/entry.ts'
import { type ReadPorts, readUpToDate } from '#core/ledger/read-balance.ts'
import { EARNING_SCOPE, idOfKey, keyOfClosing } from './names.ts'
import type { EarningRule } from './rule.ts'

/** What a period was closed with. */
export type Closing = {
  /** The newest block that was looked at, which was final. */
  readonly block: number
  readonly hash: string
  /** A block that no event of a later period is below. */
  readonly nextFrom: number
  readonly earnings: number
}

/**
 * The newest of the periods that are closed, from `first` on; they are closed one after the other.
 *
 * @returns undefined where none is
 */
export async function newestClosed(
  ports: ReadPorts,
  ledger: string,
  rule: EarningRule,
  chainId: number,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<{ readonly period: number; readonly closing: Closing } | undefined> {
  await readUpToDate(ports, ledger)
  const keyAt = async (period: number) => {
    const name = { kind: 'key', id: idOfKey(keyOfClosing(rule, chainId, period)) } as const
    return (await ports.store.documents(ledger, [name]))[0]
  }
  // Closed ones stand in front: the middle says which half the end of them is in.
  let [low, high] = [first, last + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    // oxlint-disable-next-line no-await-in-loop -- the next question depends on this answer
    if (await keyAt(middle)) low = middle + 1
    else high = middle
  }
  if (low === first) return undefined
  const period = low - 1
  const found = await keyAt(period)
  const [stored] = found ? await ports.store.entries(ledger, found.at.sequence, 1) : []
  const key = keyOfClosing(rule, chainId, period)
  const note =
    stored &&
    openEntry(stored).operations.find(
      (record) => record.scope === EARNING_SCOPE && record.key === key,
    )?.operation
  if (note?.kind !== 'note') return undefined
  return { period, closing: JSON.parse(note.text) as Closing }
}
