import type { Address, BlockRange, BlockRef } from '#core/chain.ts'
import type { DocumentSet, Key, Version } from './document.ts'
import type { CommitId, DerivedRef, HeadEntry } from './head.ts'
import type { ChainEvent } from './event.ts'
import type { StoredRow } from './stored-row.ts'

/** How far the housekeeping after commits has come; all only grow. */
export type Upkeep = {
  /** The final blocks up to this one are settled, see `HeadLog.settled`. -1: none. */
  readonly settledTo: number
  /** Versions that were replaced at or below this block may be gone. */
  readonly sweptTo: number
  /** What dead branches and unfinished commits left up to this block is gone. */
  readonly cleanTo: number
}

/** A block as a commit stored it. */
export type StoredBlock = BlockRef & DerivedRef

/** A chain's only ref, as readers see it. */
export type HeadLog = {
  latest(chainId: number): Promise<HeadEntry | undefined>
  /** Entries from `fromMove` on, ascending; at most `limit` of them. */
  since(chainId: number, fromMove: number, limit?: number): Promise<HeadEntry[]>
  upkeep(chainId: number): Promise<Upkeep>
  /** Those of these commits that are settled: all their blocks are final and canonical. */
  settled(chainId: number, commits: readonly CommitId[]): Promise<CommitId[]>
  /** The settled block of a height. */
  settledBlock(chainId: number, number: number): Promise<BlockRef | undefined>
  /** The blocks of a range as commits brought them, of every commit that was ever tried; by number. */
  blocks(chainId: number, range: BlockRange): Promise<StoredBlock[]>
  /** A block as a commit brought it. */
  block(chainId: number, ref: DerivedRef): Promise<BlockRef | undefined>
  /**
   * Reads of one answer: each sees at least what the ones before it saw, whichever server answers, and what those of the
   * answers saw that had ended when it began.
   */
  asOneAnswer<T>(read: () => Promise<T>): Promise<T>
  /**
   * Reads of one long answer that take their head within it: what that head needs is kept until the answer ends,
   * however much is committed and swept meanwhile. Only a rebuild still removes what it has replaced.
   */
  asOneView<T>(chainId: number, read: () => Promise<T>): Promise<T>
}

/** A walk over documents of one kind in one of its declared orders. */
export type Scan = {
  /** `identity` or the name of one of the kind's orders. */
  readonly order: string
  /** The values of the order's first fields. */
  readonly prefix: Key
  /** Bounds on the fields after the prefix; a shorter bound covers all that begins with it. */
  readonly from?: Key
  readonly to?: Key
  /** Resume behind this place of the order (all its fields). */
  readonly after?: Key
  readonly descending?: boolean
  readonly limit: number
}

/**
 * The projections as they are stored: of each document the current version, the one before it beside it, and older ones
 * that were put aside. Any of them may be newer than a head, of a dead branch, or of a commit that never came about.
 * Only `core/history/resolve.ts` makes sense of them.
 */
export type WorkingTree = {
  /** Current versions in the order of `keys`; undefined where nothing is stored. */
  read(set: DocumentSet, keys: readonly Key[]): Promise<(Version | undefined)[]>
  /** The versions that stand beside the current ones. */
  readPrevious(set: DocumentSet, keys: readonly Key[]): Promise<(Version | undefined)[]>
  /**
   * All stored versions of a document at or below a height, the current one and the one beside it included, newest
   * first, at most `limit`: as they were at one moment, so that a version which moves from one place to another
   * meanwhile is not missed.
   */
  versions(
    set: DocumentSet,
    key: Key,
    query: { readonly atMost: number; readonly limit: number },
  ): Promise<Version[]>
  /** A walk over current versions. */
  scan(set: DocumentSet, scan: Scan): Promise<Version[]>
}

/** The place of an event in a chain. */
export type EventPlace = { readonly number: number; readonly logIndex: number }

/**
 * Events of one family by place, and those that several commits stored for one place in whatever order the store likes.
 * Bounds include; `after` does not: all of that place, or with a branch what comes behind that row.
 */
export type EventQuery = {
  /** The name of the family. */
  readonly family: string
  readonly address?: Address
  readonly from?: number
  readonly to?: number
  readonly after?: EventPlace & { readonly branch?: string | number }
  readonly descending?: boolean
  readonly limit: number
}

/** Events as stored, of every commit that was ever tried. Only `core/history/list-events.ts` sorts them out. */
export type EventTable = {
  list(chainId: number, query: EventQuery): Promise<StoredRow<ChainEvent>[]>
}

/** The chain's newest block, as far as it is known: to tell how far the history is behind, never worth waiting for. */
export type ChainTip = {
  /** Undefined while the chain cannot be asked. Never throws. `timestamp` in seconds since 1970, where it is known. */
  newest(): Promise<(BlockRef & { readonly timestamp?: number }) | undefined>
}

/** All that a reader of history needs. */
export type HistoryPorts = {
  readonly heads: HeadLog
  readonly tree: WorkingTree
  readonly events: EventTable
}
