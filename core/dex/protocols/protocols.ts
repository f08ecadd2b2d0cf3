import { swapConcentrated } from './concentrated.ts'
import { concentratedIn, concentratedLargest, concentratedOut } from './concentrated-quote.ts'
import {
  constantProductIn,
  constantProductLargest,
  constantProductOut,
  swapConstantProduct,
} from './constant-product.ts'
import { solidlyIn, solidlyLargest, solidlyMidPrice, solidlyOut, swapSolidly } from './solidly.ts'
import type { PoolState, SwapInput, SwapOutcome } from './state.ts'
import type { TickMeter } from './fill-ladder.ts'
import { swapFeePips } from './swap-fee.ts'

export { BEYOND_WINDOW } from './concentrated-quote.ts'
export type { TickMeter } from './fill-ladder.ts'

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
    case 'solidly':
      return swapSolidly(state, input)
    default:
      return state satisfies never
  }
}

/**
 * What an input, all of it, buys: the same as `swap` says, many times as fast. States are remembered by identity, so
 * search passes the same object again.
 *
 * @param meter is told the ticks that are crossed where the swap is filled; else it stays as it is
 * @returns 0n where it cannot be filled entirely, or buys nothing; BEYOND_WINDOW where the known ticks do not tell
 */
export function amountOut(
  state: PoolState,
  zeroForOne: boolean,
  input: bigint,
  meter: TickMeter | null = null,
): bigint {
  if (state.kind === 'constant-product') return constantProductOut(state, zeroForOne, input)
  return state.kind === 'concentrated'
    ? concentratedOut(state, zeroForOne, input, meter)
    : solidlyOut(state, zeroForOne, input)
}

/**
 * What an output, all of it, costs, fee included.
 *
 * @param meter as that of `amountOut`
 * @returns 0n where it cannot be had entirely; BEYOND_WINDOW where the known ticks do not tell
 */
export function amountIn(
  state: PoolState,
  zeroForOne: boolean,
  output: bigint,
  meter: TickMeter | null = null,
): bigint {
  if (state.kind === 'constant-product') return constantProductIn(state, zeroForOne, output)
  return state.kind === 'concentrated'
    ? concentratedIn(state, zeroForOne, output, meter)
    : solidlyIn(state, zeroForOne, output)
}

/**
 * The most that can be put in, fee included, or taken out; of a concentrated pool as far as its ticks are known. 0n where
 * nothing can be had.
 */
export function largestFill(state: PoolState, zeroForOne: boolean, exact: 'in' | 'out'): bigint {
  if (state.kind === 'constant-product') return constantProductLargest(state, zeroForOne, exact)
  return state.kind === 'concentrated'
    ? concentratedLargest(state, zeroForOne, exact)
    : solidlyLargest(state, zeroForOne, exact)
}

/** An exact ratio; not reduced. */
export type Rational = { readonly numerator: bigint; readonly denominator: bigint }

/**
 * The price of the next infinitely small swap, before fees: raw token1 per raw token0. A pool without reserves has a
 * denominator of 0n.
 */
export function midPrice(state: PoolState): Rational {
  if (state.kind === 'constant-product')
    return { numerator: state.reserve1, denominator: state.reserve0 }
  return state.kind === 'concentrated'
    ? { numerator: state.sqrtPriceX96 * state.sqrtPriceX96, denominator: 1n << 192n }
    : solidlyMidPrice(state)
}

/** Of what comes in, in pips, the protocol's share included: what a trader pays in this direction. */
export const feePipsOf = (state: PoolState, zeroForOne: boolean): number =>
  state.kind === 'concentrated' ? Number(swapFeePips(state, zeroForOne)) : state.feePips
