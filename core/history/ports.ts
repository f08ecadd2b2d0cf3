import type { Address, BlockRef, Hash } from '#core/chain.ts'
import type { DocumentId, DocumentKind, Key, Version } from './document.ts'
import type { ChainEvent, EventFamily } from './event.ts'
import type { HeadEntry } from './head.ts'

/** How far the housekeeping after commits has come; all only grow. */
export type Upkeep = {
  /** The final blocks up to this one are settled, see `HeadLog.canonicalHashes`. -1: none. */
  readonly settledTo: number
  /** Undo of versions replaced at or below this block may be gone. */
  readonly sweptTo: number
  /** Undo and orphans up to this block are gone. */
  readonly cleanTo: number
}

/** A chain's only ref, as readers see it. */
export type HeadLog = {
  latest(chainId: number): Promise<HeadEntry | undefined>
  /** Entries from `fromMove` on, ascending. */
  since(chainId: number, fromMove: number): Promise<HeadEntry[]>
  upkeep(chainId: number): Promise<Upkeep>
  /** Stored blocks of any branch in these numbers, by number. */
  blocks(chainId: number, from: number, to: number): Promise<(BlockRef & { parentHash: Hash })[]>
  /** The settled hash of each number that has one. */
  canonicalHashes(chainId: number, numbers: readonly number[]): Promise<Map<number, Hash>>
}

/**
 * A version that a block replaced, or hid; `version` is null where the document did not exist. Immutable, named by
 * document, block and version.
 */
export type Undo<K extends DocumentKind = DocumentKind> = {
  readonly id: DocumentId<K>
  readonly version: Version<K> | null
  /** The block whose commit replaced it. */
  readonly by: BlockRef
}

/** A walk over the stored documents of a kind in one of its declared orders. */
export type Scan<K extends DocumentKind = DocumentKind> = {
  readonly kind: K
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
 * The projections as they are stored: one version a document, which may be newer than the head or of a dead branch,
 * and undo records. Only `core/history/resolve.ts` makes sense of them.
 */
export type WorkingTree = {
  /** In the order of `ids`; undefined where nothing is stored. */
  read<K extends DocumentKind>(
    tree: string,
    kind: K,
    keys: readonly Key[],
  ): Promise<(Version<K> | undefined)[]>
  /** Every undo record of each document, in the order of `keys`. */
  readUndo<K extends DocumentKind>(
    tree: string,
    kind: K,
    keys: readonly Key[],
  ): Promise<Undo<K>[][]>
  scan<K extends DocumentKind>(tree: string, scan: Scan<K>): Promise<Version<K>[]>
}

/** The place of an event in a chain. */
export type EventPlace = { readonly number: number; readonly logIndex: number }

/**
 * Events of one family by place, and among those of several branches by block hash in whatever order the store likes.
 * Bounds include; `after` does not: all of that place, or with a hash what comes behind that branch's.
 */
export type EventQuery = {
  readonly family: EventFamily
  readonly address?: Address
  readonly from?: number
  readonly to?: number
  readonly after?: EventPlace & { readonly hash?: Hash }
  readonly descending?: boolean
  readonly limit: number
}

/** Events as stored, of every branch that was ever written. Only `core/history/list-events.ts` sorts them out. */
export type EventTable = {
  list(chainId: number, query: EventQuery): Promise<ChainEvent[]>
}

/** The chain's newest block, as far as it is known: to tell how far the history is behind, never worth waiting for. */
export type ChainTip = {
  /** Undefined while the chain cannot be asked. Never throws. */
  newest(): Promise<BlockRef | undefined>
}

/** All that a reader of history needs. */
export type HistoryPorts = {
  readonly heads: HeadLog
  readonly tree: WorkingTree
  readonly events: EventTable
}
