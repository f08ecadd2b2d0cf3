import { swapConcentrated } from './concentrated.ts'
import { concentratedIn, concentratedLargest, concentratedOut } from './concentrated-quote.ts'
import {
  constantProductIn,
  constantProductLargest,
  constantProductOut,
  swapConstantProduct,
} from './constant-product.ts'
import type { PoolState, SwapInput, SwapOutcome } from './state.ts'
import { swapFeePips } from './swap-fee.ts'

export { BEYOND_WINDOW } from './concentrated-quote.ts'

/**
 * What a swap does to a pool and gives the trader, to the wei as the pool's contract computes it.
 *
 * @throws AppError `invalid` naming `amount` or `sqrtPriceLimitX96` for what no contract accepts
 */
export function swap(state: PoolState, input: SwapInput): SwapOutcome {
  switch (state.kind) {
    case 'constant-product':
      return swapConstantProduct(state, input)
    case 'concentrated':
      return swapConcentrated(state, input)
    default:
      return state satisfies never
  }
}

/**
 * What an input, all of it, buys: the same as `swap` says, many times as fast. States are remembered by identity, so
 * search passes the same object again.
 *
 * @returns 0n where it cannot be filled entirely, or buys nothing; BEYOND_WINDOW where the known ticks do not tell
 */
export const amountOut = (state: PoolState, zeroForOne: boolean, input: bigint): bigint =>
  state.kind === 'constant-product'
    ? constantProductOut(state, zeroForOne, input)
    : concentratedOut(state, zeroForOne, input)

/**
 * What an output, all of it, costs, fee included.
 *
 * @returns 0n where it cannot be had entirely; BEYOND_WINDOW where the known ticks do not tell
 */
export const amountIn = (state: PoolState, zeroForOne: boolean, output: bigint): bigint =>
  state.kind === 'constant-product'
    ? constantProductIn(state, zeroForOne, output)
    : concentratedIn(state, zeroForOne, output)

/**
 * The most that can be put in, fee included, or taken out; of a concentrated pool as far as its ticks are known. 0n where
 * nothing can be had.
 */
export const largestFill = (state: PoolState, zeroForOne: boolean, exact: 'in' | 'out'): bigint =>
  state.kind === 'constant-product'
    ? constantProductLargest(state, zeroForOne, exact)
    : concentratedLargest(state, zeroForOne, exact)

/** An exact ratio; not reduced. */
export type Rational = { readonly numerator: bigint; readonly denominator: bigint }

/**
 * The price of the next infinitely small swap, before fees: raw token1 per raw token0. A pool without reserves has a
 * denominator of 0n.
 */
export const midPrice = (state: PoolState): Rational =>
  state.kind === 'constant-product'
    ? { numerator: state.reserve1, denominator: state.reserve0 }
    : { numerator: state.sqrtPriceX96 * state.sqrtPriceX96, denominator: 1n << 192n }

/** Of what comes in, in pips, the protocol's share included: what a trader pays in this direction. */
export const feePipsOf = (state: PoolState, zeroForOne: boolean): number =>
  state.kind === 'constant-product' ? state.feePips : Number(swapFeePips(state, zeroForOne))
