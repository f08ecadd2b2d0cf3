import { liquidityFamily } from '#core/dex/events.ts'
import type { Pool } from '#core/dex/pool.ts'
import {
  decodePages,
  decodeTicks,
  moveTick,
  tickCheckpointDocuments,
  tickPageDocuments,
  type TickSums,
} from '#core/dex/tick-page.ts'
import type { EventPlace } from '#core/history/ports.ts'
import type { View } from '#core/history/head.ts'
import { type EventPorts, listEvents } from '#core/history/list-events.ts'
import { readDocuments, type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'
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
  let after: EventPlace | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const events = await listEvents(ports, view, liquidityFamily, {
      address,
      ...(checkpoint && { from: checkpoint.number + 1 }),
      to: at,
      limit: PAGE,
      ...(after && { after }),
    })
    for (const { body } of events) {
      if (!('tickLower' in body) || body.type === 'collect') continue
      const delta = body.type === 'mint' ? body.liquidity : -body.liquidity
      moveTick(ticks, body.tickLower, delta, delta)
      moveTick(ticks, body.tickUpper, delta, -delta)
    }
    const last = events.at(-1)
    if (!last || events.length < PAGE) return ticks
    after = { number: last.block.number, logIndex: last.logIndex }
  }
}
