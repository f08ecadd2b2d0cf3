import type { Address, BlockHeader, BlockRange, BlockRef, Hash, Hex } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import type { DocumentId, Version, VersionRef } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { CommitId, DerivedRef, HeadEntry } from '#core/history/head.ts'
import type { EventPlace, Upkeep } from '#core/history/ports.ts'
import type { StoredRow } from '#core/history/stored-row.ts'
import type { RowOffsets } from './block-rows.ts'
import type { LogData } from './log-data.ts'

/** A log as a node gives it, numbers parsed; hex is lower case. */
export type RawLog = {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: LogData
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
  /** Its root and bloom are those of an older block, as it says itself; believed only of chains that have such. */
  readonly settlesOlder?: boolean
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
  /** Celo's transactions whose fee is paid in a token (type 0x7b, CIP-64) commit to this too; in that token. */
  readonly baseFee?: bigint
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
  /** It has just what was proven and kept before, and no node to ask for more. */
  readonly onlyKept?: true
}

/** Tells that the chain has a new block before it is asked for one. Nothing else that is told is believed. */
export type NewHeads = {
  /** Resolves after `ms`, or as soon as a block was told of since it resolved before, or when `cancel` is aborted. */
  wait(ms: number, cancel: Cancel): Promise<void>
}

/** The hash that a header's fields, as a node gives them, have; null for a block of a form that is not known. */
export type HeaderHash = (header: Readonly<Record<string, unknown>>) => Hash | null
/** keccak256 of bytes given as hex. */
export type Keccak = (bytes: Hex) => Hash
/** Root of the receipts' Merkle-Patricia trie (yellow paper 4.3.1, EIP-2718). */
export type ReceiptsRoot = (receipts: readonly Receipt[]) => Promise<Hash>
/** A log of a source that does not decode: kept for people, never indexed. */
export type QuarantinedLog = {
  readonly block: BlockRef
  readonly log: RawLog & { readonly data: Hex }
  readonly reason: string
}

/** Set-apart logs by place, as commits stored them; `after` is a row, and the walk goes on behind it. */
export type QuarantineQuery = {
  readonly after?: EventPlace & { readonly commit?: CommitId }
  readonly limit: number
}

/** Set-apart logs of every commit that was ever tried. Only `core/indexing/list-quarantine.ts` sorts them out. */
export type QuarantineTable = {
  list(chainId: number, query: QuarantineQuery): Promise<StoredRow<QuarantinedLog>[]>
}

/** How many there are of each type of event. */
export type EventCounts = Readonly<Record<string, number>>

/**
 * The events of one block, and the same as the text that the digest hashes and where they are in it (see
 * `core/indexing/block-rows.ts`).
 */
export type BlockEvents = {
  readonly block: ChainEvent['block']
  readonly events: readonly ChainEvent[]
  readonly rows: string
  readonly offsets: RowOffsets
}

/**
 * A new current version of a document, and the one to keep beside it. `expected` is the current version now (null: the
 * document is not stored); `version` null removes the document.
 */
export type Replacement = {
  readonly id: DocumentId
  readonly version: Version | null
  readonly previous: Version | null
  readonly expected: VersionRef | null
}

/** A version that was displaced and that a reader may still need, until the sweep has passed a height. */
export type Undo = {
  readonly id: DocumentId
  readonly version: Version
  readonly until: number
}

/** What a commit was about to change, written before it changes anything; `move` as in `VersionRef`. */
export type JournalRecord = {
  readonly commit: CommitId
  readonly move: number
  /** The first and the last block of the commit. */
  readonly from: number
  readonly to: number
}

/** A commit whose blocks are final and canonical. */
export type SettledCommit = BlockRange & { readonly commit: CommitId }

/**
 * What a writer does to a store, each step idempotent and acknowledged before the next. The order of steps is
 * `core/indexing/commit.ts`'s alone.
 */
export type ChainWriter = {
  /**
   * Whether `atomically` is a transaction. Where it is not, steps that no other one needs may go on at once, and those
   * that nobody waits for behind it.
   */
  readonly hasTransactions: boolean
  /** Whether it keeps events as `rows` and `offsets` alone: then their objects need not wait for `putEvents`. */
  readonly keepsRows: boolean
  /**
   * Runs steps, once, as one transaction where the engine has them, else as they come: what fails is for the caller to
   * begin anew, since steps let go of what they have written. After a durable one a power cut takes nothing of it back,
   * nor of what was written before.
   */
  atomically<T>(steps: () => Promise<T>, durability?: 'durable' | 'cheap'): Promise<T>
  /** Inserts what is not there yet, in the name of a commit. */
  putBlocks(chainId: number, commit: CommitId, blocks: readonly BlockHeader[]): Promise<void>
  putEvents(chainId: number, commit: CommitId, blocks: readonly BlockEvents[]): Promise<void>
  putQuarantined(chainId: number, commit: CommitId, logs: readonly QuarantinedLog[]): Promise<void>
  putJournal(chainId: number, record: JournalRecord, ids: readonly DocumentId[]): Promise<void>
  /** Inserts what is not there yet; of what is, `until` is raised, never lowered. */
  putUndo(records: readonly Undo[]): Promise<void>
  /** Replaces, inserts or removes where `expected` is still the current version; gives the indexes of those it is not. */
  replace(changes: readonly Replacement[]): Promise<number[]>
  /** False where somebody has that move already. */
  appendHead(entry: HeadEntry): Promise<boolean>

  /**
   * A height at or below the lowest head that somebody reads to its end, see `HeadLog.asOneView`: what it needs is put
   * aside and not swept. Undefined where nobody does, or where the store keeps it without a writer's help.
   */
  held(chainId: number): Promise<number | undefined>
  putSettled(chainId: number, commits: readonly SettledCommit[]): Promise<void>
  /** Raises a mark; never lowers it. */
  mark(chainId: number, upkeep: Partial<Upkeep>): Promise<void>
  /** Records of commits that end in this range of blocks, by where they end. */
  journal(chainId: number, range: BlockRange): Promise<JournalRecord[]>
  journalIds(chainId: number, commit: CommitId): Promise<DocumentId[]>
  deleteJournal(chainId: number, commits: readonly CommitId[]): Promise<void>
  /**
   * Removes the versions of these trees that were put aside and are needed no longer than until this block. One that
   * `putUndo` prolongs meanwhile stays: each goes on that condition, as in a conditional write.
   */
  deleteUndo(trees: readonly string[], upTo: number): Promise<void>
  /** The blocks that commits stored in this range, of commits that are not settled. */
  unsettledBlocks(chainId: number, range: BlockRange): Promise<DerivedRef[]>
  /** Removes these blocks and what was stored in them. */
  deleteBlocks(chainId: number, blocks: readonly DerivedRef[]): Promise<void>
  /** The trees of a chain that have documents, or versions of them that were put aside; see `DocumentSet`. */
  trees(chainId: number): Promise<string[]>
  /** Removes all documents of a tree, what was put aside included. */
  deleteTree(tree: string): Promise<void>
}
