import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { listQuarantine, type QuarantinePorts } from './list-quarantine.ts'

/** Set-apart logs of one contract for one reason. */
export type QuarantineCount = {
  readonly address: Address
  readonly reason: string
  readonly count: number
  /** The blocks of the first and of the last one. */
  readonly firstBlock: number
  readonly lastBlock: number
}

const PAGE = 1_000
/** A contract of the wrong kind sets every log of it apart: what is counted is bounded. */
const COUNTED_MAX = 100_000

/**
 * How many logs are set apart, for each contract and reason, most first.
 *
 * @returns `isWhole` false where there are more than 100,000, of which the oldest are counted
 */
export async function countQuarantine(
  ports: QuarantinePorts,
  view: View,
): Promise<{ readonly counts: readonly QuarantineCount[]; readonly isWhole: boolean }> {
  const counts = new Map<string, QuarantineCount>()
  let after: EventPlace | undefined
  let hasMore = true
  for (let counted = 0; hasMore && counted < COUNTED_MAX;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await listQuarantine(ports, view, { limit: PAGE, ...(after && { after }) })
    for (const { log, reason, block } of page.items) {
      const key = `${log.address} ${reason}`
      const { count, firstBlock } = counts.get(key) ?? { count: 0, firstBlock: block.number }
      const more = { count: count + 1, firstBlock, lastBlock: block.number }
      counts.set(key, { address: log.address, reason, ...more })
      after = { number: block.number, logIndex: log.logIndex }
    }
    counted += page.items.length
    hasMore = page.hasMore
  }
  const sorted = [...counts.values()].toSorted((a, b) => b.count - a.count)
  return { counts: sorted, isWhole: !hasMore }
}
