import type { BlockRange, BlockRef, Hash } from '#core/chain.ts'
import { assert, damagedStore } from '#core/errors.ts'
import { proofTo, type ProvenRange, unrecordedProof } from './proof.ts'
import type { Rewrite } from './rebuilds.ts'
import {
  above,
  atOrAbove,
  atOrBelow,
  emptyWindow,
  lastOf,
  listOf,
  push,
  upTo,
  type Waypoint,
  type Window,
} from './window.ts'

/**
 * Why the head moved. `origin` is the first entry of every log: the point before the first block indexed. `fence` stays
 * where the head is; it takes a move away from writers that have written for it and may be dead or late. `rebuild` goes
 * back to the newest settled block, and puts what was made anew up to there in the place of what was read before.
 */
type MoveReason = 'origin' | 'advance' | 'reorg' | 'fence' | 'rebuild'

/**
 * Names one attempt to commit blocks, and no other: a retry has another. All that an attempt derives and stores carries
 * it, so that what a row or a version says is tied to the very attempt that derived it. Text of letters, digits, `-`
 * and `_`.
 */
export type CommitId = string

/** The commit of a log's origin, which brought no block. */
export const ORIGIN_COMMIT: CommitId = 'origin'

/**
 * Two running digests: `events` chains every covered block and its rows in order; `state` is the sum (mod 2^256) of
 * the hashes of all documents, so that it does not depend on how blocks were grouped into commits.
 */
export type Digest = { readonly events: Hash } & StateDigest

/** `parts` is the same of each projection's documents, by name: a history that is older than them has none. */
export type StateDigest = {
  readonly state: Hash
  readonly parts?: Readonly<Record<string, Hash>>
}

/**
 * The projections that belong to a head, by name: an id says what was made of which sources by which version of the
 * projection, and names its documents in the store. Each can be derived anew under another id beside the one that is
 * read, see `generationOf`. The events of each family have an id too (see `eventsOf`): they can be read without any projection.
 */
export type ProjectionIds = Readonly<Record<string, string>>

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
  /** The attempt that brought the block `number`: this move's where it advances, else the one that did. */
  readonly commit: CommitId
  /** The newest block of this history that cannot change any more. It never falls. */
  readonly finalized: BlockRef
  /** Where a reader starts to replay the log: the move of the floor (see `View`) before this one. */
  readonly floorMove: number
  readonly digest: Digest
  /** Every block indexed up to here: sorted, apart from one another. */
  readonly coverage: readonly BlockRange[]
  /** How the blocks of the coverage were proven: sorted, apart from one another. No digest and no id depends on it. */
  readonly proof: readonly ProvenRange[]
  readonly projections: ProjectionIds
  /** Ranges whose rows were made anew, ascending and apart from one another; left out where there are none. */
  readonly rewrites?: readonly Rewrite[]
  /** Milliseconds since 1970, for people. */
  readonly committedAtMs: number
}

/** An entry as a store has it. Versions of Halyard that did not record how blocks were proven wrote none of it. */
export type StoredHead = Omit<HeadEntry, 'proof'> & Partial<Pick<HeadEntry, 'proof'>>

/** The entry that a stored one is. */
export const headOf = (stored: StoredHead): HeadEntry => ({
  ...stored,
  proof: stored.proof ?? unrecordedProof(stored.coverage),
})

/** What a block's rows and a document's versions are named by: the height, and the attempt that derived them. */
export type DerivedRef = { readonly number: number; readonly commit: CommitId }

/**
 * The head as a reader takes it, once an answer: everything is read as this says, whatever is written meanwhile.
 * Immutable.
 */
export type View = {
  readonly chainId: number
  readonly head: HeadEntry
  /**
   * The newest block that is final and settled: at or below it what a settled commit brought is canonical. Above it,
   * `window` says which commit brought which block.
   */
  readonly floor: Waypoint
  /** The commits above the floor. */
  readonly window: Window
}

const waypointOf = (entry: HeadEntry): Waypoint => ({
  number: entry.number,
  hash: entry.hash,
  commit: entry.commit,
  move: entry.move,
  blocks: entry.blocks,
  timestamp: entry.timestamp,
  digest: entry.digest,
})

/** The view that stands at an entry which is known to be final and settled. */
export const viewFrom = (entry: HeadEntry): View => ({
  chainId: entry.chainId,
  head: entry,
  floor: waypointOf(entry),
  window: emptyWindow(),
})

/** The view after the log's next entry, in constant time unless the head went back. */
export function advanceView(view: View, entry: HeadEntry): View {
  if (entry.move !== view.head.move + 1 || entry.chainId !== view.chainId)
    throw damagedStore(`move ${view.head.move + 1} of the head log is missing`)
  // It stands at a settled block, and its digest is of what it has put in place: no earlier waypoint says that.
  if (entry.reason === 'rebuild') return viewFrom(entry)
  if (entry.reason === 'advance') {
    assert(entry.number > view.head.number, 'the head advances')
    return { ...view, head: entry, window: push(view.window, waypointOf(entry)) }
  }
  const window = upTo(view.window, entry.number)
  const top = lastOf(window) ?? view.floor
  assert(top.number === entry.number && top.hash === entry.hash, 'the head ends at a waypoint')
  return { ...view, head: entry, window }
}

/** The floor and the commits above it, ascending: where the head may go back to. */
export const waypointsOf = (view: View): Waypoint[] => [view.floor, ...listOf(view.window)]

/** The commits above the floor that are final at this head, ascending: what is to be settled. */
export const finalWaypoints = (view: View): Waypoint[] =>
  listOf(upTo(view.window, view.head.finalized.number))

/** The same view, its floor raised to the newest commit that is final at its head, and settled. */
export function raiseFloor(view: View, settledTo: number): View {
  const highest = Math.min(settledTo, view.head.finalized.number)
  const floor = atOrBelow(view.window, highest)
  return floor ? { ...view, floor, window: above(view.window, floor.number) } : view
}

/**
 * Whether what is named so is on the line of this view. Below the floor the store has to be asked: undefined.
 */
export function isOnLine(view: View, { number, commit }: DerivedRef): boolean | undefined {
  if (number > view.head.number) return false
  if (number <= view.floor.number) return undefined
  return atOrAbove(view.window, number)?.commit === commit
}

/** The hash of a waypoint's block; undefined for a block that is none, which may be canonical all the same. */
export const hashAt = (view: View, number: number): Hash | undefined => {
  const waypoint = number === view.floor.number ? view.floor : atOrAbove(view.window, number)
  return waypoint?.number === number ? waypoint.hash : undefined
}

/** The same chain as it was at an earlier commit that the window still holds; undefined below it. */
export function viewAt(view: View, number: number): View | undefined {
  if (number >= view.head.number) return view
  const at = number < view.floor.number ? undefined : (atOrBelow(view.window, number) ?? view.floor)
  if (!at) return undefined
  const { hash, commit, timestamp, digest } = at
  const coverage = coverageTo(view.head, at.number)
  const proof = proofTo(view.head.proof, at.number)
  return {
    ...view,
    head: { ...view.head, number: at.number, hash, commit, timestamp, digest, coverage, proof },
    window: upTo(view.window, at.number),
  }
}

/** What was covered when the head stood at this block. */
export const coverageTo = ({ coverage }: HeadEntry, number: number): BlockRange[] =>
  coverage
    .filter((range) => range.from <= number)
    .map((range) => ({ from: range.from, to: Math.min(range.to, number) }))

/** True where the head has not yet covered any block. */
export const isEmpty = (view: View): boolean => view.head.coverage.length === 0
