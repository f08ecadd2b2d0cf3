import type { Address, BlockHeader, BlockRange, BlockRef, Hash, Hex } from '#core/chain.ts'
import type { DocumentId, DocumentKind, Version, VersionRef } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { Undo, Upkeep } from '#core/history/ports.ts'

/** A log as a node gives it, numbers parsed; hex is lower case. */
export type RawLog = {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Hex
  readonly blockNumber: number
  readonly blockHash: Hash
  readonly transactionHash: Hash
  readonly transactionIndex: number
  readonly logIndex: number
}

/** A header as a node gives it. */
export type SourceHeader = BlockHeader & {
  readonly receiptsRoot: Hash
  readonly logsBloom: Hex
  /** True where the header's fields hash to its own hash; null where the chain's profile says that they do not. */
  readonly hashProven: boolean | null
}

/** The parts of a receipt that its trie commits to, and its logs. */
export type Receipt = {
  readonly transactionHash: Hash
  readonly transactionIndex: number
  readonly type: number
  /** 0 or 1, or before Byzantium the state root. */
  readonly status: number | Hash
  readonly cumulativeGasUsed: bigint
  readonly logsBloom: Hex
  readonly logs: readonly RawLog[]
  /** OP Stack deposits since Canyon commit to these too. */
  readonly deposit?: { readonly nonce: bigint; readonly version: bigint }
}

/** Which logs to ask for; no `addresses` means all contracts. */
export type LogFilter = {
  readonly addresses?: readonly Address[]
  readonly topics: readonly Hash[]
}

/** An answer and who gave it, so that a lie can be held against its teller. */
export type Sourced<T> = { readonly value: T; readonly provider: string }

/**
 * How far a chain is, as one node tells it. While nothing is final, `finalized` is `BEFORE_GENESIS`.
 */
export type ChainHead = { readonly latest: NewestBlock; readonly finalized: BlockRef }

/** `timestamp` in seconds since 1970. */
export type NewestBlock = BlockRef & { readonly timestamp: number }

/** Stands for the block below the genesis block, which every chain has in common. */
export const BEFORE_GENESIS: BlockRef = { number: -1, hash: `0x${'0'.repeat(64)}` }

/** A chain's nodes. Every call fails over between providers by itself; an `AppError` `unavailable` is final. */
export type BlockSource = {
  chainId(): Promise<number>
  /** The newest block, and the newest that is final by the configured rule. */
  head(): Promise<ChainHead>
  /**
   * Whether all these blocks are ancestors of one another as one node sees it: true as soon as a node that has the
   * highest of them has all, false when a node that has the highest has another block in place of one of the rest.
   * Blocks below the genesis block are on every branch.
   *
   * @throws AppError `unavailable` where no node has the highest of them
   */
  onOneBranch(blocks: readonly BlockRef[]): Promise<boolean>
  /** All headers of the range, ascending. */
  headers(range: BlockRange): Promise<Sourced<SourceHeader[]>>
  logs(range: BlockRange, filter: LogFilter): Promise<Sourced<RawLog[]>>
  /** All receipts of a block, in order, with all their logs. */
  receipts(block: BlockRef): Promise<Sourced<Receipt[]>>
  /** An answer of this provider failed a proof: prefer another one. */
  distrust(provider: string, reason: string): void
  readonly providerCount: number
}

/** The hash that a header's fields, as a node gives them, have (yellow paper 4.4, and the EIPs since). */
export type HeaderHash = (header: Readonly<Record<string, unknown>>) => Hash
/** keccak256 of bytes given as hex. */
export type Keccak = (bytes: Hex) => Hash
/** Root of the receipts' Merkle-Patricia trie (yellow paper 4.3.1, EIP-2718). */
export type ReceiptsRoot = (receipts: readonly Receipt[]) => Promise<Hash>
/** A log of a source that does not decode: kept for people, never indexed. */
export type QuarantinedLog = {
  readonly block: BlockRef
  readonly log: RawLog
  readonly reason: string
}

/** The events of one block, and the same as the text that the digest hashes (see `core/indexing/block-rows.ts`). */
export type BlockEvents = {
  readonly block: ChainEvent['block']
  readonly events: readonly ChainEvent[]
  readonly rows: string
}

/**
 * A new version of a document. `expected` is what is stored now, by block and move (null: nothing); `version` null
 * removes it.
 */
export type Replacement<K extends DocumentKind = DocumentKind> = {
  readonly id: DocumentId<K>
  readonly version: Version<K> | null
  readonly expected: VersionRef | null
}

/**
 * What a writer does to a store, each step idempotent and acknowledged before the next. The order of steps is
 * `core/indexing/commit.ts`'s alone.
 */
export type ChainWriter = {
  /** Runs steps as one transaction where the engine has them, else as they come. */
  atomically<T>(steps: () => Promise<T>): Promise<T>
  /** Inserts what is not there yet. */
  putBlocks(chainId: number, blocks: readonly BlockHeader[]): Promise<void>
  putEvents(chainId: number, blocks: readonly BlockEvents[]): Promise<void>
  putQuarantined(chainId: number, logs: readonly QuarantinedLog[]): Promise<void>
  putUndo(tree: string, records: readonly Undo[]): Promise<void>
  /** Replaces, inserts or removes where `expected` is still what is stored; gives the indexes of those it is not. */
  replace(tree: string, changes: readonly Replacement[]): Promise<number[]>
  /** False where somebody has that move already. */
  appendHead(entry: HeadEntry): Promise<boolean>

  /** Records the one canonical hash of each number; these blocks are final. */
  putCanonical(chainId: number, blocks: readonly BlockRef[]): Promise<void>
  /** Raises a mark; never lowers it. */
  mark(chainId: number, upkeep: Partial<Upkeep>): Promise<void>
  /** Undo records whose `by` lies in the range. */
  undoReplacedIn(tree: string, range: BlockRange): Promise<Undo[]>
  deleteUndo(tree: string, records: readonly Undo[]): Promise<void>
  /** Removes these blocks and the events in them. */
  deleteBlocks(chainId: number, blocks: readonly BlockRef[]): Promise<void>
}
