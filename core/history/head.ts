import type { BlockRange, BlockRef, Hash } from '#core/chain.ts'
import { assert, damagedStore } from '#core/errors.ts'

/**
 * Why the head moved. `origin` is the first entry of every log: the point before the first block indexed. `fence` stays
 * where the head is; it takes a move away from a writer that has written for it and may be dead or late.
 */
type MoveReason = 'origin' | 'advance' | 'reorg' | 'fence'

/**
 * Two running digests: `events` chains every covered block and its rows in order; `state` is the sum (mod 2^256) of
 * the hashes of all documents, so that it does not depend on how blocks were grouped into commits.
 */
export type Digest = { readonly events: Hash; readonly state: Hash }

/**
 * One entry of a chain's only ref. Its insertion under the unique key (chain, move) is the commit: everything that it
 * makes reachable is stored before. The newest entry is the head; the log of them is the record of every reorg.
 */
export type HeadEntry = {
  readonly chainId: number
  /** 1, 2, 3, and so on without gaps. */
  readonly move: number
  readonly reason: MoveReason
  /** The block that the head stands at; -1 before a genesis block. */
  readonly number: number
  readonly hash: Hash
  readonly timestamp: number
  /** How many blocks this move brought: they end at `number` and follow one another. 0 unless it advances. */
  readonly blocks: number
  /** The newest block that cannot change any more, as the chain's nodes said at that time. */
  readonly finalized: number
  /** Where a reader starts to replay the log: the move of the floor (see `View`) before this one. */
  readonly floorMove: number
  readonly digest: Digest
  /** Every block indexed up to here: sorted, apart from one another. */
  readonly coverage: readonly BlockRange[]
  /** The projections that belong to this head: those of other sources or other code are another tree. */
  readonly tree: string
  /** Milliseconds since 1970, for people. */
  readonly committedAtMs: number
}

/** A block that a reorg can still go back to, as its commit left it. */
export type Waypoint = BlockRef & {
  readonly move: number
  readonly timestamp: number
  readonly digest: Digest
}

/**
 * The head as a reader takes it, once an answer: everything is read as this says, whatever is written meanwhile.
 * Immutable.
 */
export type View = {
  readonly chainId: number
  readonly head: HeadEntry
  /**
   * The newest block that is final and settled: at or below it the store's one hash a number is canonical. Above it,
   * `hashes` is.
   */
  readonly floor: Waypoint
  /** The commits above the floor, ascending. */
  readonly window: readonly Waypoint[]
  /** Every canonical block above the floor. */
  readonly hashes: ReadonlyMap<number, Hash>
}

const waypointOf = (entry: HeadEntry): Waypoint => ({
  number: entry.number,
  hash: entry.hash,
  move: entry.move,
  timestamp: entry.timestamp,
  digest: entry.digest,
})

/** The view that stands at an entry which is known to be final and settled. */
export const viewFrom = (entry: HeadEntry): View => ({
  chainId: entry.chainId,
  head: entry,
  floor: waypointOf(entry),
  window: [],
  hashes: new Map(),
})

/**
 * The view after the log's next entry.
 *
 * @param blocks what the entry brought, if it advanced; for one that is settled its last block will do
 */
export function advanceView(view: View, entry: HeadEntry, blocks: readonly BlockRef[]): View {
  if (entry.move !== view.head.move + 1 || entry.chainId !== view.chainId)
    throw damagedStore(`move ${view.head.move + 1} of the head log is missing`)
  const window = [...view.window]
  const hashes = new Map(view.hashes)
  if (entry.reason === 'advance') {
    assert(entry.number > view.head.number, 'the head advances')
    assert(blocks.at(-1)?.hash === entry.hash, 'the blocks end at the head')
    window.push(waypointOf(entry))
    for (const block of blocks) hashes.set(block.number, block.hash)
  } else {
    while (window.length > 0 && (window.at(-1) as Waypoint).number > entry.number) window.pop()
    for (const number of view.hashes.keys()) if (number > entry.number) hashes.delete(number)
    const top = window.at(-1) ?? view.floor
    assert(top.number === entry.number && top.hash === entry.hash, 'the head ends at a waypoint')
  }
  return { chainId: view.chainId, head: entry, floor: view.floor, window, hashes }
}

/** The blocks above the floor that are final at this head, ascending: what is to be settled. */
export const finalBlocks = (view: View): BlockRef[] =>
  [...view.hashes]
    .filter(([number]) => number <= view.head.finalized)
    .map(([number, hash]) => ({ number, hash }))
    .toSorted((a, b) => a.number - b.number)

/** The same view, its floor raised to the newest commit whose blocks are final at its head, and settled. */
export function raiseFloor(view: View, settledTo: number): View {
  const highest = Math.min(settledTo, view.head.finalized)
  const window = [...view.window]
  let floor = view.floor
  while (window[0] && window[0].number <= highest) floor = window.shift() as Waypoint
  if (floor === view.floor) return view
  const hashes = new Map([...view.hashes].filter(([number]) => number > floor.number))
  return { ...view, floor, window, hashes }
}

/** The same chain as it was at an earlier commit that the window still holds; undefined below it. */
export function viewAt(view: View, number: number): View | undefined {
  if (number >= view.head.number) return view
  const at = [view.floor, ...view.window].findLast((waypoint) => waypoint.number <= number)
  if (!at) return undefined
  return {
    ...view,
    head: {
      ...view.head,
      number: at.number,
      hash: at.hash,
      timestamp: at.timestamp,
      digest: at.digest,
    },
    window: view.window.filter((waypoint) => waypoint.number <= at.number),
    hashes: new Map([...view.hashes].filter(([known]) => known <= at.number)),
  }
}

/** True where the head has not yet covered any block. */
export const isEmpty = (view: View): boolean => view.head.coverage.length === 0
