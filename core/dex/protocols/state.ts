/**
 * What a pool's swaps depend on, as of one block. Amounts in raw token units; fees in pips, hundredths of a basis
 * point: 3000 = 0.30 %.
 */
export type PoolState = ConstantProductState | ConcentratedState | SolidlyState

/** Uniswap V2 and its forks: x * y = k. */
export type ConstantProductState = {
  readonly kind: 'constant-product'
  readonly reserve0: bigint
  readonly reserve1: bigint
  /** Of what comes in. */
  readonly feePips: number
}

/** Pairs of Solidly, and of its forks Velodrome, Aerodrome and others: x * y = k, or x³y + y³x = k. */
export type SolidlyState = {
  readonly kind: 'solidly'
  readonly curve: 'volatile' | 'stable'
  readonly reserve0: bigint
  readonly reserve1: bigint
  /** One whole token in raw units: 10^decimals. */
  readonly unit0: bigint
  readonly unit1: bigint
  /** Of what comes in; it leaves the pair. */
  readonly feePips: number
  /** Whose rounding the stable curve is solved with: Solidly's and Velodrome V1's, or that of Velodrome V2 and Aerodrome. */
  readonly solver: 'solidly' | 'velodrome-v2'
}

/** Uniswap V3, its forks, Algebra, and V4 pools with a static fee and without hooks. */
export type ConcentratedState = {
  readonly kind: 'concentrated'
  /** Square root of raw token1 per raw token0, Q64.96. */
  readonly sqrtPriceX96: bigint
  /** Not always the tick of the price: one below it where a swap downwards ended on a crossed tick. */
  readonly tick: number
  /** In range at the price. */
  readonly liquidity: bigint
  /** The LP's fee, of what comes in. */
  readonly feePips: number
  /** Algebra: the same where token1 comes in, if that is another fee. */
  readonly feePipsOfToken1?: number
  /** V4: taken from the input before the LP's fee, of token0 and of token1 coming in. V3 takes its share out of the fee. */
  readonly protocolFeePips: readonly [number, number]
  /** Of the tick bitmap. */
  readonly tickSpacing: number
  readonly ticks: TickWindow
  /**
   * What a step of a swap leads to: the next initialised tick or the edge of a word of the bitmap; or, in Algebra Integral,
   * whose ticks name their neighbours, always the next initialised tick. Left out: the former.
   */
  readonly stepsTo?: 'ticks-or-edges' | 'ticks'
}

/**
 * The initialised ticks of a stretch of the tick bitmap, whose words of 256 ticks (divided by the spacing) are
 * `fromWord` to `toWord`, both included. Beyond it nothing is known.
 */
export type TickWindow = {
  readonly fromWord: number
  readonly toWord: number
  /** Initialised ticks, ascending. */
  readonly indexes: Int32Array
  /** What each adds to the liquidity in range when crossed upwards. */
  readonly nets: readonly bigint[]
}

/** A swap through one pool: token0 in and token1 out, or the other way. */
export type SwapInput = {
  readonly zeroForOne: boolean
  readonly exact: 'in' | 'out'
  /** More than 0. Of the token that comes in, or goes out. */
  readonly amount: bigint
  /** Concentrated pools only: the price at which the swap stops. Default: as far as there is a price. */
  readonly sqrtPriceLimitX96?: bigint
}

/**
 * What a swap does. `partial`: the price limit, or all the liquidity there is, was reached first; `amountIn` is then
 * what the pool consumes, less than was offered. Routers revert where an exact output is partial; a constant-product
 * pool reverts itself, so that its `partial` is the most that it would do.
 */
export type SwapOutcome =
  | {
      readonly status: 'filled' | 'partial'
      /** Consumed, fee included. */
      readonly amountIn: bigint
      readonly amountOut: bigint
      /** What of `amountIn` is fee, by its rate; V3 also calls fee what rounding leaves over in the last step. */
      readonly feeAmount: bigint
      /** The pool behind it. */
      readonly after: PoolState
      /** Initialised ticks crossed; 0 for constant product. */
      readonly ticksCrossed: number
    }
  /** Nothing at all can be swapped that way; constant product: or nothing for so little. */
  | { readonly status: 'no-liquidity' }
  /** The swap goes on beyond the ticks that are known: the word of the bitmap that it needs next. */
  | { readonly status: 'beyond-window'; readonly word: number }
