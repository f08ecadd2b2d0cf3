import type { Address, Hash } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { NamedVersion } from '#core/history/versions.ts'

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const balancesVersion: NamedVersion = { name: 'balances', version: 1 }

/**
 * How much of an ERC-20 token an account holds, folded from transfers. Raw units. An account that no unit moved to or from
 * has none of these, nor points.
 *
 * An account may send what it was never seen to receive: where indexing began after the token's first transfer, and of
 * tokens whose balances change without one. `balance` then is what its transfers leave, at least 0, and `shortfall` what
 * they lack.
 */
export type TokenBalance = {
  readonly token: Address
  readonly account: Address
  readonly balance: bigint
  readonly shortfall: bigint
}

export const balanceDocuments = documentSpec<TokenBalance>({
  kind: 'tokenBalance',
  plural: 'tokenBalances',
  projection: balancesVersion,
  identity: ['token', 'account'],
  orders: { byBalance: ['token', 'balance', 'account'], byAccount: ['account', 'token'] },
  fields: { token: 'hex', account: 'hex', balance: 'uint256', shortfall: 'uint256' },
})

/** The balance of an account after a block in which units moved to or from it. */
export type BalancePoint = {
  readonly token: Address
  readonly account: Address
  /** Of the block. */
  readonly number: number
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly balance: bigint
}

export const balancePointDocuments = documentSpec<BalancePoint>({
  kind: 'balancePoint',
  plural: 'balancePoints',
  projection: balancesVersion,
  identity: ['token', 'account', 'number'],
  fields: {
    token: 'hex',
    account: 'hex',
    number: 'int',
    timestamp: 'int',
    balance: 'uint256',
  },
})

/**
 * Why the transfers of a token do not tell its balances. `rebase-event`: the token said itself that balances changed
 * otherwise; `reserve-differs`: a pool's reserve moved by another amount than transfers to and from the pool;
 * `sent-more-than-received`: an account sent what no transfer brought it.
 */
export type UntoldReason = 'rebase-event' | 'reserve-differs' | 'sent-more-than-received'

/** An ERC-20 token, over all its accounts, and what its events gave away about it. */
export type TokenSummary = {
  readonly token: Address
  /** Accounts that hold any. */
  readonly holders: number
  readonly transfers: number
  /** Units that came from the zero address, and went there. */
  readonly minted: bigint
  readonly burnt: bigint
  /** The strongest evidence that transfers do not tell balances, and where it was first seen; null: none was. */
  readonly untoldReason: UntoldReason | null
  readonly untoldBlock: number | null
  readonly untoldTransaction: Hash | null
  /** The account or the pool that gave it away; where the token said so itself, the token. */
  readonly untoldAccount: Address | null
  /**
   * The first swap in which a pool sent more of the token than arrived, as a fee on transfers takes it: what the pool
   * sent, and what its recipient got. All null: none was seen.
   */
  readonly taxBlock: number | null
  readonly taxTransaction: Hash | null
  readonly taxPool: Address | null
  readonly taxSent: bigint | null
  readonly taxReceived: bigint | null
}

export const summaryDocuments = documentSpec<TokenSummary>({
  kind: 'tokenSummary',
  plural: 'tokenSummaries',
  projection: balancesVersion,
  identity: ['token'],
  fields: {
    token: 'hex',
    holders: 'int',
    transfers: 'int',
    minted: 'uint256',
    burnt: 'uint256',
    untoldReason: 'text?',
    untoldBlock: 'int?',
    untoldTransaction: 'hex?',
    untoldAccount: 'hex?',
    taxBlock: 'int?',
    taxTransaction: 'hex?',
    taxPool: 'hex?',
    taxSent: 'uint256?',
    taxReceived: 'uint256?',
  },
})

export const newSummary = (token: Address): TokenSummary => ({
  token,
  holders: 0,
  transfers: 0,
  minted: 0n,
  burnt: 0n,
  untoldReason: null,
  untoldBlock: null,
  untoldTransaction: null,
  untoldAccount: null,
  taxBlock: null,
  taxTransaction: null,
  taxPool: null,
  taxSent: null,
  taxReceived: null,
})

/**
 * By how much the reserve of a pair is more than what transfers brought to it. It is the same after every Sync of a token
 * whose transfers tell its balances: 0, or what the pair held before the first block indexed.
 */
export type ReserveCheck = {
  readonly pool: Address
  readonly token: Address
  readonly surplus: bigint
}

export const reserveCheckDocuments = documentSpec<ReserveCheck>({
  kind: 'reserveCheck',
  plural: 'reserveChecks',
  projection: balancesVersion,
  identity: ['pool', 'token'],
  fields: { pool: 'hex', token: 'hex', surplus: 'int256' },
})
