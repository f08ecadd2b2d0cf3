import type { Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { toText } from '#core/ledger/text.ts'
import type { PointsEvent, RelayChain } from './ports.ts'

/** Final events of the contract, by operation. */
export type FinalEvents = {
  /**
   * All of them up to a block, in a map of the caller's own.
   *
   * @throws AppError `unavailable` where most nodes do not say the same
   */
  read(toBlock: number): Promise<Map<Hash, PointsEvent>>
}

/** Blocks whose events are asked for at once. */
const BLOCKS = 2_000
/** So many of the newest blocks are read each time, final though they were. */
const AGAIN_BLOCKS = 2_000
/** After so many times all are read anew: what was final may be taken back after all, however rarely. */
const TIMES_MAX = 24

/** Remembers what it has read, so that whoever compares every hour does not ask for all blocks every hour. */
export function createFinalEvents(
  chain: Pick<RelayChain, 'events' | 'nodeCount'>,
  startBlock: number,
): FinalEvents {
  let known = new Map<Hash, PointsEvent>()
  let next = startBlock
  let times = 0
  return {
    async read(toBlock) {
      const isAnew = times % TIMES_MAX === 0
      const first = isAnew ? startBlock : Math.max(startBlock, next - AGAIN_BLOCKS)
      const kept = [...known].filter(([, { blockNumber }]) => blockNumber < first)
      const events = new Map(isAnew ? [] : kept)
      for (let from = first; from <= toBlock; from += BLOCKS) {
        const range = { from, to: Math.min(toBlock, from + BLOCKS - 1) }
        for (const event of agreed(await chain.events(range), chain.nodeCount, range.from))
          events.set(event.operation, event)
      }
      // Only what was read to its end is remembered.
      known = events
      next = toBlock + 1
      times++
      return new Map(events)
    },
  }
}

/** What more than half of all nodes say. */
function agreed(
  said: readonly (readonly PointsEvent[])[],
  nodeCount: number,
  from: number,
): readonly PointsEvent[] {
  const counts = new Map<string, number>()
  for (const events of said) {
    const text = toText(events)
    const count = (counts.get(text) ?? 0) + 1
    counts.set(text, count)
    if (count > nodeCount / 2) return events
  }
  throw new AppError(
    'unavailable',
    `chain.rpc: most nodes do not say the same of the events from block ${from} on; look at halyard status, or name another node`,
    { details: { field: 'chain.rpc' } },
  )
}
