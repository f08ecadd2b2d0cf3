import type { Address, BlockRef, Hex } from '#core/chain.ts'
import type { AppError } from '#core/errors.ts'
import type { Rational } from './protocols/protocols.ts'
import type { PoolTerms } from './ports.ts'

/** Where the states came from that a quote was computed on. */
export type StateSource = 'live' | 'indexed' | 'historical'

export const SLIPPAGE_BPS_DEFAULT = 50
export const DEADLINE_SECONDS_DEFAULT = 20 * 60
/** What is signed for longer is forgotten, and filled when that is worst. */
export const DEADLINE_SECONDS_MAX = 30 * 24 * 3_600

/** What is to be swapped, and how. */
export type QuoteInput = {
  /** The address zero is the chain's own currency; see `NATIVE`. */
  readonly tokenIn: Address
  readonly tokenOut: Address
  /** Which side `amountRaw` fixes. */
  readonly exact: 'in' | 'out'
  /** More than 0, in the smallest unit of the token whose side is fixed. */
  readonly amountRaw: bigint
  /** 1 to 4. Default: 3. */
  readonly maxHops?: number
  /** Into how many equal parts the amount may be split: 1 to 20. Default: 20. */
  readonly maxParts?: number
  /** How far the price may move until the swap is in a block; 0 to 10000. */
  readonly slippageBps?: number
  /** A past block, quoted from its events. Default: the newest. */
  readonly at?: number
  /** Which states to use for the newest block. Default: the index where it stands at that block, else live. */
  readonly state?: 'live' | 'indexed'
  /**
   * Who is to receive what is bought. With it there is a transaction, and routes are looked for among the pools that the
   * router reaches; without it, among all.
   */
  readonly recipient?: Address
  readonly deadlineSeconds?: number
  /** How many next best single paths to explain: 0 to 10. Default: 0. */
  readonly alternatives?: number
}

/** A swap of a leg. Amounts in raw units, as the pool sees them. */
export type QuotedHop = {
  readonly pool: PoolTerms
  readonly tokenIn: Address
  readonly tokenOut: Address
  readonly amountIn: bigint
  readonly amountOut: bigint
  /** What of `amountIn` is fee. */
  readonly feeAmount: bigint
  readonly ticksCrossed: number
}

/** One path of a route. */
export type QuotedLeg = {
  /** Of the fixed amount, in basis points, rounded down. */
  readonly shareBps: number
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly hops: readonly QuotedHop[]
}

/** The configured router by its own calldata; or the pools themselves, where it does not reach them all. */
type ConfirmedBy = 'router' | 'pools'

/** Whether the chain itself says the same. */
export type Confirmation =
  /** Tried out on the state of the block, the swap moved exactly these amounts. */
  | { readonly status: 'confirmed'; readonly by: ConfirmedBy; readonly gas: bigint }
  | {
      readonly status: 'differs'
      readonly by: ConfirmedBy
      readonly quoted: { readonly amountIn: bigint; readonly amountOut: bigint }
      readonly executed: { readonly amountIn: bigint; readonly amountOut: bigint }
      readonly gas: bigint
    }
  | {
      readonly status: 'unconfirmed'
      readonly cause: UnconfirmedCause
      readonly by: ConfirmedBy | null
      readonly reason: string
      /** What failed, where something did: it says who may read the reason. */
      readonly failure?: AppError
    }

/**
 * Why the chain does not confirm. `reverted`: it was tried out, and the chain refuses it. `not-asked`: there was nothing
 * to ask or no node to ask it. `not-tried`: a node was asked, and the trial could not be set up or was not answered; that
 * says nothing about the swap.
 */
type UnconfirmedCause = 'reverted' | 'not-asked' | 'not-tried'

export type QuoteWarning = {
  readonly code:
    | 'thin-pool'
    | 'stale-state'
    | 'pools-left-out'
    | 'tax'
    | 'tax-unknown'
    | 'high-impact'
    | 'no-tolerance'
    | 'reverts'
    | 'beyond-limits'
    | 'no-floor'
  readonly message: string
}

/**
 * Ready to be signed, once the router may take `amountIn` (or `maximumSent`) of the token. `value`: wei of the chain's
 * own currency that goes along where that is what is sold, 0 otherwise.
 */
export type SwapTransaction = { readonly to: Address; readonly data: Hex; readonly value: bigint }

/** A next best single path, and what it is worth less than the route: raw units of the quoted token, after gas. */
export type QuotedAlternative = {
  readonly pools: readonly PoolTerms[]
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly gas: bigint
  readonly loss: bigint
}

export type Quote = {
  readonly status: 'filled'
  readonly block: BlockRef
  readonly stateSource: StateSource
  readonly exact: 'in' | 'out'
  readonly tokenIn: Address
  readonly tokenOut: Address
  /** Asked for, or for exact out what it costs. */
  readonly amountIn: bigint
  readonly amountOut: bigint
  /** What the pools take; less than `amountIn` for a partial fill, which a search never gives. */
  readonly amountInConsumed: bigint
  /** Exact in: the least that the transaction accepts. */
  readonly minimumReceived: bigint | null
  /** Exact out: the most that the transaction spends. */
  readonly maximumSent: bigint | null
  readonly slippageBps: number
  /** Raw units of `tokenOut` per raw unit of `tokenIn`. */
  readonly executionPrice: Rational
  readonly midPrice: Rational
  /** Without fees and taxes; rounded up. */
  readonly priceImpactBps: number
  /** Of the whole route; rounded up. */
  readonly lpFeeBps: number
  /** What the tokens keep of a transfer; null where it could not be told. */
  readonly taxInBps: number | null
  readonly taxOutBps: number | null
  /**
   * Units of gas that the transaction is expected to use: from those of its trial by the router where there was one, else
   * from its hops. (The confirmation has those that the trial itself used.)
   */
  readonly gas: bigint
  /** What that gas costs in the quoted token (the one whose side is not fixed); null without a price. */
  readonly gasCost: bigint | null
  readonly legs: readonly QuotedLeg[]
  readonly alternatives: readonly QuotedAlternative[]
  readonly transaction: SwapTransaction | null
  readonly confirmation: Confirmation
  readonly warnings: readonly QuoteWarning[]
}

/** Why there is no quote. */
export type QuoteRefusal =
  | {
      readonly status: 'unknown-token'
      readonly field: 'tokenIn' | 'tokenOut'
      readonly reason: string
    }
  | { readonly status: 'no-route'; readonly reason: string }
  | {
      readonly status: 'insufficient-liquidity'
      readonly reason: string
      /** The most that a single path carries. */
      readonly largest: { readonly amountIn: bigint; readonly amountOut: bigint }
    }
  | {
      /** `busy`: as much is under way as may be at once; `unavailable`: a part of what answers cannot be used now. */
      readonly status: 'unavailable' | 'busy'
      readonly reason: string
      /** What failed: it says who may read the reason. */
      readonly failure?: AppError
    }

export type QuoteOutcome = Quote | (QuoteRefusal & { readonly block: BlockRef | null })

/** A route that the caller chose. */
export type SimulateInput = {
  readonly exact: 'in' | 'out'
  readonly legs: readonly {
    readonly amountRaw: bigint
    /** From the token that is sold to the one that is bought. */
    readonly tokenIn: Address
    readonly pools: readonly string[]
  }[]
  /** The address zero: what is bought is to arrive unwrapped. Default: the token that the legs lead to. */
  readonly tokenOut?: Address
  readonly slippageBps?: number
  readonly at?: number
  readonly state?: 'live' | 'indexed'
  readonly recipient?: Address
  readonly deadlineSeconds?: number
}
