import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { netAmounts, type Swap, swapFamily } from '#core/dex/events.ts'
import type { FeedCursor, FeedItem, HistoryFeed } from '#core/history/feed.ts'
import type { SwapUpdate } from '#resources/swap-updates.ts'
import { feedCursor } from './cursors.ts'

type WatchPorts = { readonly feed: HistoryFeed; readonly clock: Pick<Clock, 'sleep'> }

/** Trades in one update at most. */
const SWAPS_MAX = 500

/**
 * Trades as they are committed, of one pool or of all, until `signal` is aborted. Those behind `after`, or what comes
 * from now on. It is looked for every `pollMs`.
 *
 * @throws AppError `invalid` where `after` is of another history
 */
export async function* watchSwaps(
  { feed, clock }: WatchPorts,
  { pool, after }: { readonly pool?: Address | undefined; readonly after?: FeedCursor | undefined },
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<SwapUpdate, void> {
  let cursor = after ?? (await feed.newest())
  while (!signal.aborted) {
    const items = await feed.read(cursor, { families: [swapFamily], limit: SWAPS_MAX })
    cursor = items.at(-1)?.cursor ?? cursor
    const update = cursor && toUpdate(items, pool, cursor)
    if (update) yield update
    if (items.length === 0) await clock.sleep(pollMs, signal)
  }
}

/** What these items say of a pool; undefined where that is nothing. */
function toUpdate(
  items: readonly FeedItem<Swap>[],
  pool: Address | undefined,
  cursor: FeedCursor,
): SwapUpdate | undefined {
  const swaps = items
    .flatMap((item) => (item.type === 'appended' ? item.events : []))
    .filter((event) => pool === undefined || event.address === pool)
    .map((event) => ({ event, ...netAmounts(event.body) }))
  const retracted = items.find((item) => item.type === 'retracted')
  const finalized = items.find((item) => item.type === 'finalized')
  if (swaps.length === 0 && !retracted && !finalized) return undefined
  return {
    retractedTo: retracted?.to ?? null,
    swaps,
    finalized: finalized?.block ?? null,
    cursor: feedCursor.encode(cursor),
  }
}
