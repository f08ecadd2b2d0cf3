import { liquidityFamily } from '#core/dex/events.ts'
import type { Pool } from '#core/dex/pool.ts'
import { tickMoves } from '#core/dex/tick.ts'
import {
  decodePages,
  decodeTicks,
  moveTick,
  tickCheckpointDocuments,
  tickPageDocuments,
  type TickSums,
} from '#core/dex/tick-page.ts'
import type { View } from '#core/history/head.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import { readDocuments, type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import { assert } from '#core/errors.ts'

/** More than the changes of a span, unless one block has hundreds of them. */
const PAGE = 1_200

/**
 * The ticks of a V3 pool after a past block: the newest checkpoint, its pages, and the changes since. Reads one
 * document, as many pages as the pool has, and about as many events as a span has, however long its life was.
 */
export async function ticksAt(
  ports: ResolvePorts & EventPorts,
  view: View,
  at: number,
  { address }: Pool,
): Promise<ReadonlyMap<number, TickSums>> {
  const [checkpoint] = await scanDocuments(ports, view, tickCheckpointDocuments, {
    order: 'identity',
    prefix: [address],
    to: [at],
    descending: true,
    limit: 1,
  })
  const ticks = new Map<number, TickSums>()
  const keys = [...decodePages(checkpoint?.pages ?? '')].map(([page, since]) => [
    address,
    page,
    since,
  ])
  for (const page of await readDocuments(ports, view, tickPageDocuments, keys)) {
    assert(page !== undefined, 'a checkpoint names pages that there are')
    for (const [index, sums] of decodeTicks(page.ticks)) ticks.set(index, sums)
  }
  const changes = pagesOfEvents(ports, view, liquidityFamily, {
    address,
    ...(checkpoint && { from: checkpoint.number + 1 }),
    to: at,
    limit: PAGE,
  })
  for await (const page of changes)
    for (const { body } of page)
      for (const { index, gross, net } of tickMoves(body)) moveTick(ticks, index, gross, net)
  return ticks
}
