import type { Address, BlockRange, Hash, Hex } from '#core/chain.ts'
import type { OperationId } from '#core/ledger/operation.ts'
import type {
  Intent,
  IntentState,
  SenderState,
  SignedTransaction,
  Slot,
  SlotName,
  SpendEvidence,
} from './intent.ts'

/**
 * Spends under way and claimed nonces. Several processes may use it at once; each call is one change of one record, and is
 * there for good when it is acknowledged.
 */
export type IntentStore = {
  /** False where one of this id is there already; nothing was changed then. */
  insertIntent(intent: Intent): Promise<boolean>
  intent(id: OperationId): Promise<Intent | undefined>
  /** In place of the version before this one; false where another one is there. */
  replaceIntent(intent: Intent): Promise<boolean>
  /** By id, behind `after`. */
  listIntents(
    chainId: number,
    options: {
      /** Only these states; all unless given. */
      readonly states?: readonly IntentState[]
      readonly after?: OperationId
      readonly limit: number
    },
  ): Promise<Intent[]>
  /** Claims a nonce; false where it is claimed already. */
  insertSlot(slot: Slot): Promise<boolean>
  /** In order, from this nonce on. */
  slots(chainId: number, from: SlotName, limit: number): Promise<Slot[]>
  /** The highest nonce that was ever claimed; undefined where none was. */
  lastNonce(chainId: number, sender: Address): Promise<number | undefined>
  /** As with intents. */
  replaceSlot(slot: Slot): Promise<boolean>
  sender(chainId: number, sender: Address): Promise<SenderState | undefined>
  putSender(state: SenderState): Promise<void>
}

/** What the contract says of an operation. */
export type OnChainStatus = 'none' | 'spent' | 'cancelled'

/** A question about one spend. */
export type OperationAsk = {
  readonly operation: Hash
  /** What it was sent with, if anything. */
  readonly transactions: readonly Hash[]
  /** Where to begin with the search for its event; null: where the contract was made. */
  readonly fromBlock: number | null
}

export type OperationSight = {
  readonly latest: OnChainStatus
  readonly final: OnChainStatus
  /** In final blocks; null where there is none. */
  readonly event: SpendEvidence | null
  /** One of its transactions is in a final block, and failed. */
  readonly isReverted: boolean
}

export type SenderSight = {
  /** How many transactions of it the newest block, the final one, and what waits beside have. */
  readonly latestCount: number
  readonly finalCount: number
  readonly pendingCount: number
  /** In wei. */
  readonly balanceRaw: bigint
}

type BlockSight = { readonly number: number; readonly timestamp: number }

/** What one node says, all of it at the same two blocks. */
export type Sight = {
  readonly latest: BlockSight
  readonly final: BlockSight
  /** In the order of the questions; null where the node cannot tell. */
  readonly operations: readonly (OperationSight | null)[]
  readonly senders: readonly SenderSight[]
}

/** What the contract says that became of an operation. */
export type PointsEvent =
  | (SpendEvidence & { readonly kind: 'spent'; readonly operation: Hash })
  | { readonly kind: 'cancelled'; readonly operation: Hash; readonly blockNumber: number }

/** In wei for one unit of gas. */
export type Fees = { readonly baseRaw: bigint; readonly tipRaw: bigint }

/** What a node says to a transaction. None of it proves anything but `accepted`, and that only little. */
export type SendAnswer = 'accepted' | 'no-funds' | 'refused'

/** The chain, as the relay needs it. Calls throw AppError `unavailable` where nobody answers. */
export type RelayChain = {
  /** How many nodes there are; a verdict is what most of them say. */
  readonly nodeCount: number
  /** What each node says that answers. */
  look(operations: readonly OperationAsk[], senders: readonly Address[]): Promise<Sight[]>
  fees(): Promise<Fees>
  /** Why a spend would fail in the newest block; null: it would not. */
  rehearse(sender: Address, spend: SpendCall): Promise<string | null>
  /** What each node says that answers: the events of the contract in these blocks, in order. */
  events(range: BlockRange): Promise<PointsEvent[][]>
  /** Gives the same bytes to every node. */
  send(bytes: Hex): Promise<SendAnswer>
}

/** What a call of the contract says. `deadlineS` in seconds since 1970. */
export type SpendCall = {
  readonly operation: Hash
  readonly wallet: Address
  readonly amountRaw: bigint
  readonly deadlineS: number
}

/** A transaction before it is signed. */
export type TransactionDraft = {
  readonly nonce: number
  readonly feeMaxRaw: bigint
  readonly tipRaw: bigint
  /** Null: nothing but using up the nonce. */
  readonly spend: SpendCall | null
}

/** Signs for one account. @throws AppError `unavailable` where the key cannot be used now */
export type TransactionSigner = {
  readonly sender: Address
  sign(draft: TransactionDraft): Promise<Pick<SignedTransaction, 'hash' | 'bytes'>>
}

/** Signs vouchers (EIP-712), with which accounts spend themselves. */
export type VoucherSigner = {
  signVoucher(spend: SpendCall): Promise<Hex>
}

/** A key that signs 32 bytes at a time, as key services do; wherever it is, it never leaves there. */
export type DigestSigner = {
  readonly address: Address
  /**
   * @returns 65 bytes: r, s in the lower half, and v
   * @throws AppError `unavailable` where the key cannot be used now
   */
  signDigest(digest: Hash): Promise<Hex>
}
