import type { LogFilter, RawLog, Receipt } from './ports.ts'
import { matcherOf } from './prove.ts'

/**
 * The logs of the transaction that ends a block outside of its receipts' root, as the answer to `eth_getLogs` or its
 * receipt tells them: some nodes leave one of the two out. Nothing proves them. Where they are counted from 0 again,
 * they are counted on from the block's own, so that no two logs of a block have one place.
 *
 * @param receipts what the root commits to
 * @param logs the whole answer for the block, whose other logs are left out here
 */
export function outsideLogs(
  receipts: readonly Receipt[],
  outside: Receipt | undefined,
  filter: LogFilter,
  logs: readonly RawLog[],
): RawLog[] {
  const first = receipts.reduce((sum, receipt) => sum + receipt.logs.length, 0)
  const told = new Map<number, RawLog>()
  const answered = logs.filter(({ transactionIndex }) => transactionIndex >= receipts.length)
  for (const log of [...(outside?.logs.filter(matcherOf(filter)) ?? []), ...answered]) {
    const logIndex = log.logIndex < first ? first + log.logIndex : log.logIndex
    told.set(logIndex, { ...log, logIndex })
  }
  return [...told.values()].toSorted((a, b) => a.logIndex - b.logIndex)
}
