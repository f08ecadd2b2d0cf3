import type { Address } from '#core/chain.ts'
import { type Page, pageOf } from '#core/page.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { netAmounts, swapFamily, type Swap } from '#core/dex/events.ts'
import type { View } from '#core/history/head.ts'
import { type EventPorts, listEvents } from '#core/history/list-events.ts'
import type { EventPlace } from '#core/history/ports.ts'

export type SwapQuery = {
  readonly pool?: Address
  /** Block numbers, both included. */
  readonly fromBlock?: number
  readonly toBlock?: number
  /** The page begins behind this swap, in the direction of the walk. */
  readonly after?: EventPlace
  readonly oldestFirst?: boolean
  readonly limit: number
}

/** A swap as clients see it: amounts from the pool's view, raw units, positive where tokens came in. */
export type SwapRow = {
  readonly event: ChainEvent<Swap>
  readonly amount0: bigint
  readonly amount1: bigint
}

/** Swaps of one pool or of all, newest first unless asked otherwise. */
export async function listSwaps(
  ports: EventPorts,
  view: View,
  query: SwapQuery,
): Promise<Page<SwapRow>> {
  const events = await listEvents(ports, view, swapFamily, {
    descending: !query.oldestFirst,
    limit: query.limit + 1,
    ...(query.pool && { address: query.pool }),
    ...(query.fromBlock !== undefined && { from: query.fromBlock }),
    ...(query.toBlock !== undefined && { to: query.toBlock }),
    ...(query.after && { after: query.after }),
  })
  return pageOf(
    events.map((event) => ({ event, ...netAmounts(event.body) })),
    query.limit,
  )
}
