import type { Address } from '#core/chain.ts'

/** So many points for each `perRaw` units of what is counted; a part that makes no whole point is left over. */
export type Rate = { readonly pointsRaw: bigint; readonly perRaw: bigint }

/** What every rule says. Amounts in raw units. */
type Common = {
  /** Small letters, digits and dashes. It names the rule in the ledger, for good. */
  readonly name: string
  /**
   * Raised with every change of the rule. Periods that are over keep what they were closed with; of a period that is under
   * way everything that is not confirmed yet is counted anew.
   */
  readonly version: number
  /** Of which asset the points are. */
  readonly asset: string
  /** Seconds since 1970. The first period begins then or later. */
  readonly startsAt: number
  /** Periods follow one another from 1970 on, in seconds. */
  readonly periodSeconds: number
  /** The most that one account earns in a period; null: as much as it likes. */
  readonly capRaw: bigint | null
  /** Accounts that earn nothing, as routers and treasuries. */
  readonly exclude: readonly Address[]
}

/**
 * Swaps in one pool, by the amount of one of its tokens that came in or went out. The account is who receives what the swap
 * gives. What counts is by how much the account's net position of the period grows beyond where it has been: whoever swaps
 * back and forth earns the way out once.
 */
type SwapVolume = {
  readonly kind: 'swap-volume'
  readonly pool: Address
  /** Which token of the pool is counted. */
  readonly side: 0 | 1
  readonly rate: Rate
}

/** Units of an indexed ERC-20 token that moved: a points contract that mints, burns or is paid into. */
type TokenTransfers = {
  readonly kind: 'token-transfer'
  readonly token: Address
  /** Only from this account, or to it; null: any. The zero address is the token itself: it mints and burns. */
  readonly from: Address | null
  readonly to: Address | null
  /** Who earns. */
  readonly earns: 'sender' | 'receiver'
  readonly rate: Rate
}

/** Events of a contract that are indexed as they are declared (`contract-events`). */
type ContractEvents = {
  readonly kind: 'contract-event'
  readonly contract: Address
  /** `Staked(address,uint256)` */
  readonly signature: string
  /** Which of its values is the account, from 0. */
  readonly accountAt: number
  /** Which of its values is counted; null: each event is one. */
  readonly amountAt: number | null
  /** Only events whose values are these words. */
  readonly where: readonly { readonly at: number; readonly word: bigint }[]
  readonly rate: Rate
}

/** NFTs of a collection, each once a period: for who held it all through the period. */
type NftHeld = {
  readonly kind: 'nft-held'
  readonly collection: Address
  /** For each token, of ERC-1155 for each unit. */
  readonly pointsRaw: bigint
}

/**
 * Liquidity in one pool over time: units of liquidity times seconds. Of a pool of Uniswap V3 that of positions, of whoever
 * holds the NFT where the position manager is named; of a pair, that is indexed as an ERC-20 too, its LP tokens.
 */
type Liquidity = {
  readonly kind: 'liquidity'
  readonly pool: Address
  readonly manager: Address | null
  readonly rate: Rate
}

/** What earns points on one chain. */
export type EarningRule = Common &
  (SwapVolume | TokenTransfers | ContractEvents | NftHeld | Liquidity)

export type RuleOf<K extends EarningRule['kind']> = Extract<EarningRule, { readonly kind: K }>

/** A span of time, in seconds since 1970: from its start up to, and without, its end. */
export type Period = { readonly index: number; readonly start: number; readonly end: number }

export const periodOf = ({ periodSeconds }: EarningRule, index: number): Period => ({
  index,
  start: index * periodSeconds,
  end: (index + 1) * periodSeconds,
})

/** The first period that a rule is for. */
export const firstPeriod = ({ startsAt, periodSeconds }: EarningRule): number =>
  Math.ceil(startsAt / periodSeconds)

/** Of how much is counted, how many points, rounded down. */
export const pointsFor = ({ pointsRaw, perRaw }: Rate, counted: bigint): bigint =>
  (counted * pointsRaw) / perRaw
