import type { BlockRef, Hash } from '#core/chain.ts'
import { AppError, assert, invalidField } from '#core/errors.ts'
import { refuseLeftView, whileStale } from './at-head.ts'
import { storedBlockAt } from './block-at.ts'
import type { ChainEvent, EventBody, EventFamily } from './event.ts'
import { type CommitId, type HeadEntry, isEmpty, ORIGIN_COMMIT, type View } from './head.ts'
import { type CommittedEvent, listCommittedEvents } from './list-events.ts'
import type { HistoryPorts } from './ports.ts'
import { canonicalRows, type Rewrite } from './rebuilds.ts'
import type { Views } from './view.ts'

/**
 * Where a reader of the feed stands: all up to there has been told. It is plain data, to be kept in the same
 * transaction as what the reader made of it.
 */
export type FeedCursor = {
  /** The last block that was told, and the attempt that brought it into the history. */
  readonly number: number
  readonly hash: Hash
  readonly commit: CommitId
  /** The last event of that block that was told; null where all of the block was. */
  readonly logIndex: number | null
  /** The move of the head as of which it was read. */
  readonly move: number
  /** The newest final block that was told; -1 before the first. */
  readonly finalized: number
}

/** What a reader of the history must hear. Each item has the cursor to go on with once it is dealt with. */
export type FeedItem<Body extends EventBody = EventBody> = { readonly cursor: FeedCursor } & (
  | {
      /** Events of one block, in order. A block with very many comes in several items, one behind the other. */
      readonly type: 'appended'
      readonly block: BlockRef
      readonly events: readonly ChainEvent<Body>[]
    }
  /** Whatever was told of blocks above this one is not so any more. What replaced them follows. */
  | { readonly type: 'retracted'; readonly to: BlockRef }
  /**
   * Nothing up to this block will be retracted, but where an operator has blocks that were stored wrong indexed again.
   * All of it has been told before.
   */
  | { readonly type: 'finalized'; readonly block: BlockRef }
)

type FeedQuery<Body extends EventBody = EventBody> = {
  /** The events that the reader cares for. */
  readonly families: readonly EventFamily<Body>[]
  /** Events in one answer at most. */
  readonly limit: number
}

/**
 * What was committed, in order and at least once, to any reader in any process, across restarts and reorganisations.
 *
 * The log of heads is the record of it: an entry's insertion is the commit, so there is no second list that could say
 * something else. A reader that was away for long is not told of branches that came and went meanwhile.
 */
export type HistoryFeed = {
  /**
   * What follows a cursor; from the first block where there is none. Empty where nothing does yet. The last item of a
   * block without events of these families is told only at the head.
   *
   * @throws AppError `invalid` for a cursor of another history, or of a newer one: the store was restored or begun anew
   */
  read<Body extends EventBody>(
    cursor: FeedCursor | undefined,
    query: FeedQuery<Body>,
  ): Promise<FeedItem<Body>[]>
  /** The cursor of who has been told all up to now; undefined while nothing is indexed. */
  newest(): Promise<FeedCursor | undefined>
}

type FeedPorts = Pick<HistoryPorts, 'heads' | 'events'> & { readonly views: Views }

const ZERO_HASH: Hash = `0x${'0'.repeat(64)}`

const BEFORE_ALL = (move: number): FeedCursor => ({
  number: -1,
  hash: ZERO_HASH,
  commit: ORIGIN_COMMIT,
  logIndex: null,
  move,
  finalized: -1,
})

export const createHistoryFeed = (ports: FeedPorts): HistoryFeed => ({
  read(cursor, query) {
    if (query.limit < 1) throw invalidField('limit', 'at least 1')
    return whileStale(ports.views, async () => {
      const view = await ports.views.current()
      if (!view) return []
      const items = await itemsSince(ports, view, cursor, query)
      await refuseLeftView(ports.views, view)
      return items
    })
  },
  async newest() {
    const view = await ports.views.current()
    if (!view || isEmpty(view)) return undefined
    const { number, hash, commit, move, finalized } = view.head
    return { number, hash, commit, move, logIndex: null, finalized: finalized.number }
  },
})

async function itemsSince<Body extends EventBody>(
  ports: FeedPorts,
  view: View,
  cursor: FeedCursor | undefined,
  query: FeedQuery<Body>,
): Promise<FeedItem<Body>[]> {
  const items: FeedItem<Body>[] = []
  let at = cursor ?? BEFORE_ALL(view.head.move)
  if (at.move > view.head.move) throw otherHistory()
  const ancestor = await retractedTo(ports, view, at)
  if (ancestor) {
    const { number, hash, commit } = ancestor
    const finalized = Math.min(at.finalized, number)
    at = { ...at, number, hash, commit, logIndex: null, move: view.head.move, finalized }
    items.push({ type: 'retracted', to: { number, hash }, cursor: at })
  }
  const { appended, isAll } = await blocksBehind(ports, view, at, query)
  for (const item of appended) {
    items.push(item)
    at = item.cursor
  }
  const { head } = view
  if (isAll && !isEmpty(view) && (at.number < head.number || at.logIndex !== null)) {
    const { number, hash, commit } = head
    at = { ...at, number, hash, commit, logIndex: null, move: head.move }
    items.push({ type: 'appended', block: { number, hash }, events: [], cursor: at })
  }
  const { finalized, coverage } = head
  const isTold =
    at.number > finalized.number || (at.number === finalized.number && at.logIndex === null)
  // Below its first block a history has told of nothing that could be final.
  const isOfHistory = finalized.number >= (coverage[0]?.from ?? Number.POSITIVE_INFINITY)
  if (isTold && isOfHistory && finalized.number > at.finalized) {
    at = { ...at, finalized: finalized.number, move: head.move }
    items.push({ type: 'finalized', block: finalized, cursor: at })
  }
  return items
}

const otherHistory = (): AppError =>
  new AppError(
    'invalid',
    'cursor: it is not of this history: the store was restored from a backup or begun anew; read the feed from its ' +
      'beginning, and compare',
    { details: { field: 'cursor', reason: 'other-branch' }, audience: 'client' },
  )

type ToldTo = Pick<FeedCursor, 'number' | 'hash' | 'commit'>

/** The newest block that is on the line of the cursor and of the view; undefined where that is the cursor's own. */
async function retractedTo(
  ports: FeedPorts,
  view: View,
  cursor: FeedCursor,
): Promise<ToldTo | undefined> {
  const rewritten = (view.head.rewrites ?? []).find(
    ({ from, move }) => move > cursor.move && from <= cursor.number,
  )
  const lowest = await lowestSince(ports, view, cursor)
  if (!rewritten) {
    if (lowest === 'unknown') throw otherHistory()
    return lowest
  }
  // The branch that the cursor stands on may have been left before, and further down.
  const isLower = lowest && lowest !== 'unknown' && lowest.number < rewritten.from
  return isLower ? lowest : beforeRewrite(ports, view, rewritten)
}

/** The block in front of one that was indexed again. No cursor below it depends on what brought it. */
async function beforeRewrite({ heads }: FeedPorts, view: View, { from }: Rewrite): Promise<ToldTo> {
  const before = await storedBlockAt(heads, view, from - 1)
  return { number: from - 1, hash: before?.hash ?? ZERO_HASH, commit: ORIGIN_COMMIT }
}

/**
 * Where the head went back to at the lowest since the cursor stood in the view; undefined where it still does, `unknown`
 * where no head went back below it, which alone can have left what it stands at.
 */
async function lowestSince(
  { heads, views }: FeedPorts,
  view: View,
  cursor: FeedCursor,
): Promise<HeadEntry | 'unknown' | undefined> {
  if (cursor.commit === ORIGIN_COMMIT) return undefined
  const isCanonical = await canonicalRows(views, view, [cursor])
  if (isCanonical(cursor)) return undefined
  let lowest: HeadEntry | undefined
  for (const entry of await heads.since(view.chainId, cursor.move + 1))
    if (entry.move <= view.head.move && isGoingBack(entry))
      if (!lowest || entry.number < lowest.number) lowest = entry
  return lowest && lowest.number < cursor.number ? lowest : 'unknown'
}

const isGoingBack = ({ reason }: HeadEntry): boolean => reason === 'reorg' || reason === 'rebuild'

/** The events behind a cursor by block, and whether these are all up to the head. */
async function blocksBehind<Body extends EventBody>(
  ports: FeedPorts,
  view: View,
  cursor: FeedCursor,
  { families, limit }: FeedQuery<Body>,
): Promise<{
  readonly appended: readonly Extract<FeedItem<Body>, { type: 'appended' }>[]
  readonly isAll: boolean
}> {
  const { number, logIndex } = cursor
  const start = logIndex === null ? { from: number + 1 } : { after: { number, logIndex } }
  const pages = await Promise.all(
    families.map((family) =>
      listCommittedEvents(ports, view, family, { ...start, limit: limit + 1 }),
    ),
  )
  const events = pages
    .flat()
    .toSorted(byPlace)
    .slice(0, limit + 1)
  const isAll = events.length <= limit
  const next = isAll ? undefined : (events.pop() as CommittedEvent<Body>)
  const appended: Extract<FeedItem<Body>, { type: 'appended' }>[] = []
  for (const group of Map.groupBy(events, ({ event }) => event.block.number).values()) {
    const last = group.at(-1)
    assert(last, 'a group has events')
    const { block } = last.event
    const isWhole = next?.event.block.number !== block.number
    appended.push({
      type: 'appended',
      block: { number: block.number, hash: block.hash },
      events: group.map(({ event }) => event),
      cursor: {
        ...cursor,
        number: block.number,
        hash: block.hash,
        commit: last.commit,
        logIndex: isWhole ? null : last.event.logIndex,
        move: view.head.move,
      },
    })
  }
  return { appended, isAll }
}

const byPlace = ({ event: a }: CommittedEvent, { event: b }: CommittedEvent): number =>
  a.block.number - b.block.number || a.logIndex - b.logIndex
