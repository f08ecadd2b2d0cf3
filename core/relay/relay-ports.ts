import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { LedgerClerk } from '#core/ledger/clerk.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import type { IntentStore, RelayChain, TransactionSigner, VoucherSigner } from './ports.ts'

/** Which spends, and what is asked of them. */
export type RelayPolicy = {
  readonly chainId: number
  readonly contract: Address
  /** The block in which it was made, or one before it. */
  readonly startBlock: number
  readonly ledger: string
  readonly asset: string
  /** How long a hold waits for its signature, in milliseconds. */
  readonly leaseMs: number
  /** How long behind the newest block the contract takes a spend, in seconds. */
  readonly deadlineS: number
  /** The most that is offered for one unit of gas, in wei. */
  readonly feeMaxRaw: bigint
  /** A sender with less takes on nothing, in wei. */
  readonly balanceMinRaw: bigint
  /** When one that is not mined is offered more for, in milliseconds. */
  readonly bumpAfterMs: number
}

/** What recording and following a spend takes. */
export type SpendPorts = {
  readonly intents: IntentStore
  readonly store: LedgerStore
  readonly clerk: LedgerClerk
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'sleep'>
}

/** What sending them takes. */
export type RelayPorts = SpendPorts & {
  readonly chain: RelayChain
  readonly senders: readonly TransactionSigner[]
  /** Undefined where no vouchers are given. */
  readonly vouchers: VoucherSigner | undefined
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void
}
