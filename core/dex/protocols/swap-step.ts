import {
  amount0Down,
  amount0Up,
  amount1Down,
  amount1Up,
  priceAfterAmount0In,
  priceAfterAmount0Out,
  priceAfterAmount1In,
  priceAfterAmount1Out,
} from './price-move.ts'
import { divUp, PIPS } from './rounding.ts'

/** A swap within one stretch of constant liquidity, from one price towards another. */
export type SwapStep = {
  /** Where it got to. */
  readonly sqrtPriceX96: bigint
  /** Without the fee. */
  readonly amountIn: bigint
  readonly amountOut: bigint
  readonly feeAmount: bigint
}

/** What comes in, without the fee, when the price goes all the way; rounded up. */
export const stretchIn = (
  zeroForOne: boolean,
  from: bigint,
  to: bigint,
  liquidity: bigint,
): bigint => (zeroForOne ? amount0Up(to, from, liquidity) : amount1Up(from, to, liquidity))

/** What goes out when the price goes all the way; rounded down. */
export const stretchOut = (
  zeroForOne: boolean,
  from: bigint,
  to: bigint,
  liquidity: bigint,
): bigint => (zeroForOne ? amount1Down(to, from, liquidity) : amount0Down(from, to, liquidity))

/** The fee on top of what comes in net of it; rounded up. A fee of everything (V4 only) has no such sum. */
export const feeOnTop = (amountInNet: bigint, feePips: bigint): bigint =>
  feePips === PIPS ? amountInNet : divUp(amountInNet * feePips, PIPS - feePips)

/**
 * The price that so much coming in, net of the fee, leads to. Needs liquidity, and an amount that ends within the
 * stretch.
 */
export const priceAfterIn = (
  zeroForOne: boolean,
  price: bigint,
  liquidity: bigint,
  amountInNet: bigint,
): bigint =>
  zeroForOne
    ? priceAfterAmount0In(price, liquidity, amountInNet)
    : priceAfterAmount1In(price, liquidity, amountInNet)

/** The price that so much going out leads to; undefined where the liquidity does not hold as much. */
export const priceAfterOut = (
  zeroForOne: boolean,
  price: bigint,
  liquidity: bigint,
  amountOut: bigint,
): bigint | undefined =>
  zeroForOne
    ? priceAfterAmount1Out(price, liquidity, amountOut)
    : priceAfterAmount0Out(price, liquidity, amountOut)

/**
 * Spends `remaining`, fee included, on the way from one price to the other (SwapMath.computeSwapStep, exact input).
 *
 * V3 and V4 agree on price and amounts wherever V3 allows the fee, and differ in what they call fee: where the target is
 * not reached, the new price may need less input than there is, net of the fee. V4, and this function, leave the
 * difference in the pool, V3 adds it to the fee (`v3StepFee`). With a V4 fee of 100 % nothing is left to trade with: the
 * price moves over stretches without liquidity only, and all of `remaining` is fee.
 */
export function stepExactIn(
  zeroForOne: boolean,
  from: bigint,
  to: bigint,
  liquidity: bigint,
  remaining: bigint,
  feePips: bigint,
): SwapStep {
  const net = (remaining * (PIPS - feePips)) / PIPS
  const whole = stretchIn(zeroForOne, from, to, liquidity)
  if (net >= whole)
    return {
      sqrtPriceX96: to,
      amountIn: whole,
      amountOut: stretchOut(zeroForOne, from, to, liquidity),
      feeAmount: feeOnTop(whole, feePips),
    }
  const price = priceAfterIn(zeroForOne, from, liquidity, net)
  return {
    sqrtPriceX96: price,
    amountIn: net,
    amountOut: stretchOut(zeroForOne, from, price, liquidity),
    feeAmount: remaining - net,
  }
}

/** The fee of a step from a price in V3, where it is all that the move of the price does not need. */
export const v3StepFee = (
  zeroForOne: boolean,
  from: bigint,
  liquidity: bigint,
  { sqrtPriceX96, amountIn, feeAmount }: SwapStep,
): bigint => amountIn + feeAmount - stretchIn(zeroForOne, from, sqrtPriceX96, liquidity)

/** Takes `remaining` out on the way from one price to the other (SwapMath.computeSwapStep, exact output). */
export function stepExactOut(
  zeroForOne: boolean,
  from: bigint,
  to: bigint,
  liquidity: bigint,
  remaining: bigint,
  feePips: bigint,
): SwapStep {
  const whole = stretchOut(zeroForOne, from, to, liquidity)
  // Less than the stretch holds always leads to a price on the way.
  const price =
    remaining >= whole ? to : (priceAfterOut(zeroForOne, from, liquidity, remaining) as bigint)
  const amountIn = stretchIn(zeroForOne, from, price, liquidity)
  return {
    sqrtPriceX96: price,
    amountIn,
    amountOut: remaining >= whole ? whole : remaining,
    feeAmount: feeOnTop(amountIn, feePips),
  }
}
