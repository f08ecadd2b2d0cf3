import { assert, invalidField } from '#core/errors.ts'
import { INT256_MAX, PIPS, UINT128_MAX } from './rounding.ts'
import type { ConcentratedState, SwapInput, SwapOutcome } from './state.ts'
import { type SwapStep, stepExactIn, stepExactOut } from './swap-step.ts'
import { swapFeePips } from './swap-fee.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN, tickAtSqrtPrice } from './tick-price.ts'
import { cursorAt, cursorPast, findTickOf, liquidityPast, sqrtPriceAtNext } from './tick-window.ts'

/** As far as a price can go, where a swap names no limit. */
export const defaultLimit = (zeroForOne: boolean): bigint =>
  zeroForOne ? SQRT_PRICE_MIN + 1n : SQRT_PRICE_MAX - 1n

/**
 * A swap as UniswapV3Pool.swap and V4's Pool.swap compute it, step by step: to the next tick or the end of its word of
 * the bitmap, until the amount is spent or the limit reached.
 *
 * @param onStep sees each step, and the price and liquidity that it began with: what protocols take of the fee is rounded
 * for each of them
 * @throws AppError `invalid` for an amount that is not more than 0 or above int256, and for a limit that is not a price
 * on the swap's way
 */
export function swapConcentrated(
  state: ConcentratedState,
  input: SwapInput,
  onStep?: (step: SwapStep, from: bigint, liquidity: bigint) => void,
): SwapOutcome {
  const { zeroForOne, amount } = input
  const { ticks, tickSpacing } = state
  const limit = limitOf(state, input)
  const feePips = swapFeePips(state, zeroForOne)
  const exactIn = input.exact === 'in'
  const isLimited = input.sqrtPriceLimitX96 !== undefined
  if (!isOnTheWay(zeroForOne, state.sqrtPriceX96, limit)) return { status: 'no-liquidity' }
  // The contract refuses: there is no input of which so much would be left.
  if (!exactIn && feePips === PIPS) return { status: 'no-liquidity' }
  const stepOf = exactIn ? stepExactIn : stepExactOut

  let { sqrtPriceX96, liquidity } = state
  let cursor = cursorAt(state)
  let remaining = amount
  let amountIn = 0n
  let amountOut = 0n
  let feeAmount = 0n
  let ticksCrossed = 0
  while (remaining > 0n && sqrtPriceX96 !== limit) {
    // A limit may be the price of an edge, which the tick tells; no edge has that of the default.
    const find = findTickOf(state, liquidity, !isLimited)
    const next = find(ticks, tickSpacing, zeroForOne, cursor)
    if (typeof next === 'number') return { status: 'beyond-window', word: next }
    const nextPrice = sqrtPriceAtNext(ticks, next)
    const target = isOnTheWay(zeroForOne, nextPrice, limit) ? nextPrice : limit
    const step = stepOf(zeroForOne, sqrtPriceX96, target, liquidity, remaining, feePips)
    onStep?.(step, sqrtPriceX96, liquidity)
    const stepIn = step.amountIn + step.feeAmount
    amountIn += stepIn
    amountOut += step.amountOut
    feeAmount += step.feeAmount
    remaining -= exactIn ? stepIn : step.amountOut
    if (step.sqrtPriceX96 === nextPrice) {
      liquidity = liquidityPast(ticks, zeroForOne, liquidity, next)
      assert(liquidity >= 0n && liquidity <= UINT128_MAX, 'the ticks fit the liquidity in range')
      if (next.index >= 0) ticksCrossed++
      cursor = cursorPast(zeroForOne, cursor, next)
    } else if (step.sqrtPriceX96 !== sqrtPriceX96) {
      cursor = { tick: tickAtSqrtPrice(step.sqrtPriceX96), passed: cursor.passed }
    }
    sqrtPriceX96 = step.sqrtPriceX96
  }
  if (amountIn === 0n && amountOut === 0n) return { status: 'no-liquidity' }
  return {
    status: remaining === 0n ? 'filled' : 'partial',
    amountIn,
    amountOut,
    feeAmount,
    after: { ...state, sqrtPriceX96, tick: cursor.tick, liquidity },
    ticksCrossed,
  }
}

/** Whether `to` lies strictly behind `from` in the swap's direction. */
const isOnTheWay = (zeroForOne: boolean, from: bigint, to: bigint): boolean =>
  zeroForOne ? to < from : to > from

function limitOf(
  { sqrtPriceX96 }: ConcentratedState,
  { zeroForOne, amount, sqrtPriceLimitX96 }: SwapInput,
): bigint {
  if (amount <= 0n || amount > INT256_MAX)
    throw invalidField('amount', 'must be more than 0 and within int256')
  if (sqrtPriceLimitX96 === undefined) return defaultLimit(zeroForOne)
  const reachable = sqrtPriceLimitX96 > SQRT_PRICE_MIN && sqrtPriceLimitX96 < SQRT_PRICE_MAX
  if (!reachable || !isOnTheWay(zeroForOne, sqrtPriceX96, sqrtPriceLimitX96))
    throw invalidField(
      'sqrtPriceLimitX96',
      `must be a price ${zeroForOne ? 'below' : 'above'} the pool's, between the ends of all prices`,
    )
  return sqrtPriceLimitX96
}
