import type { Address } from '#core/chain.ts'
import { netAmounts, type Swap, swapFamily } from '#core/dex/events.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { whileStale } from '#core/history/at-head.ts'
import { isEmpty } from '#core/history/head.ts'
import type { FeedCursor, FeedItem, HistoryFeed } from '#core/history/feed.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import type { SwapUpdate } from '#resources/swap-updates.ts'
import type { CommitSignal } from './commit-signal.ts'
import { feedCursor } from './cursors.ts'

type WatchPorts = ResolvePorts & {
  readonly views: Views
  readonly feed: HistoryFeed
  readonly commits: CommitSignal
}

/** Trades in one update at most. */
const SWAPS_MAX = 500

/**
 * Trades as they are committed, of one pool or of all, until `signal` is aborted. Those behind `after`, or what comes
 * from now on. It is looked for when a commit
 * is heard of, and every `pollMs`.
 *
 * @throws AppError `invalid` where `after` is of another history, `not-found` for a pool that is not indexed
 */
export async function* watchSwaps(
  { feed, commits, ...ports }: WatchPorts,
  { pool, after }: { readonly pool?: Address | undefined; readonly after?: FeedCursor | undefined },
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<SwapUpdate, void> {
  if (pool) await refuseUnindexed(ports, pool)
  let cursor = after ?? (await feed.newest())
  while (!signal.aborted) {
    const heard = commits.heard()
    const items = await feed.read(cursor, { families: [swapFamily], limit: SWAPS_MAX })
    cursor = items.at(-1)?.cursor ?? cursor
    const update = cursor && toUpdate(items, pool, cursor)
    if (update) yield update
    if (items.length === 0) await commits.wait(heard, pollMs, signal)
  }
}

/** Before anything is indexed nothing can be told of a pool: then its trades are waited for. */
const refuseUnindexed = (ports: ResolvePorts & { readonly views: Views }, pool: Address) =>
  whileStale(ports.views, async () => {
    const view = await ports.views.current()
    if (view && !isEmpty(view)) await readPool(ports, view, pool)
  })

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
