import { defaultLimit } from './concentrated.ts'
import { PIPS, UINT128_MAX } from './rounding.ts'
import type { ConcentratedState } from './state.ts'
import { swapFeePips } from './swap-fee.ts'
import { feeOnTop, priceAfterIn, priceAfterOut, stretchIn, stretchOut } from './swap-step.ts'
import {
  cursorAt,
  cursorPast,
  findTickOf,
  liquidityPast,
  sqrtPriceAtNext,
  type TickCursor,
} from './tick-window.ts'

/**
 * The steps of all swaps of a pool in one direction. What a whole step takes and pays does not depend on the amount that
 * is swapped, so the sums are computed once; a swap is then a search among them, and one step that is not whole.
 *
 * The first entry of each list is where the swap starts, the others are behind one more step.
 */
export type FillLadder = {
  readonly zeroForOne: boolean
  readonly feePips: bigint
  /** Paid so far, fees included; 100 % of fee make everything unpayable. */
  readonly paid: bigint[]
  readonly received: bigint[]
  readonly prices: bigint[]
  /** In range of the step that follows. */
  readonly liquidities: bigint[]
  /** Initialised ticks crossed so far. */
  readonly ticks: number[]
  cursor: TickCursor
  /** Whether another step may follow, or why not. */
  end: 'open' | 'limit' | 'beyond-window'
}

/** More than anybody could pay. */
const UNPAYABLE = 1n << 257n

export const startLadder = (state: ConcentratedState, zeroForOne: boolean): FillLadder => ({
  zeroForOne,
  feePips: swapFeePips(state, zeroForOne),
  paid: [0n],
  received: [0n],
  prices: [state.sqrtPriceX96],
  liquidities: [state.liquidity],
  ticks: [0],
  cursor: cursorAt(state),
  end: 'open',
})

/** Adds a step, or finds that there is no other. */
export function extendLadder(state: ConcentratedState, ladder: FillLadder): void {
  const { zeroForOne, feePips, paid, received, prices, liquidities, ticks } = ladder
  const last = paid.length - 1
  const price = prices[last] as bigint
  const liquidity = liquidities[last] as bigint
  const limit = defaultLimit(zeroForOne)
  if (zeroForOne ? price <= limit : price >= limit) {
    ladder.end = 'limit'
    return
  }
  const find = findTickOf(state, liquidity, true)
  const next = find(state.ticks, state.tickSpacing, zeroForOne, ladder.cursor)
  if (typeof next === 'number') {
    ladder.end = 'beyond-window'
    return
  }
  const nextPrice = sqrtPriceAtNext(state.ticks, next)
  const isLast = zeroForOne ? nextPrice <= limit : nextPrice >= limit
  const target = isLast ? limit : nextPrice
  const liquidityBehind = liquidityPast(state.ticks, zeroForOne, liquidity, next)
  if (liquidityBehind < 0n || liquidityBehind > UINT128_MAX) {
    // Ticks that do not fit the liquidity: the contract would not cross this one either.
    ladder.end = 'limit'
    return
  }
  const amountIn = stretchIn(zeroForOne, price, target, liquidity)
  const cost =
    feePips === PIPS && amountIn > 0n ? UNPAYABLE : amountIn + feeOnTop(amountIn, feePips)
  paid.push((paid[last] as bigint) + cost)
  received.push((received[last] as bigint) + stretchOut(zeroForOne, price, target, liquidity))
  prices.push(target)
  liquidities.push(liquidityBehind)
  ticks.push((ticks[last] as number) + (next.index >= 0 && !isLast ? 1 : 0))
  ladder.cursor = cursorPast(zeroForOne, ladder.cursor, next)
}

/** The first entry whose sum is not below `amount`; the length where there is none. */
export function firstReaching(sums: readonly bigint[], amount: bigint): number {
  let low = 0
  let high = sums.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sums[middle] as bigint) < amount) low = middle + 1
    else high = middle
  }
  return low
}

/** Is told how many initialised ticks a swap crosses, also one that it just reaches. */
export type TickMeter = { ticks: number }

/** Tells of a swap that ends at `price` in the step that leads to entry `index`; without one, at the step's end. */
function tellTicks(meter: TickMeter | null, ladder: FillLadder, index: number, price?: bigint) {
  if (!meter) return
  const isWhole = price === undefined || price === ladder.prices[index]
  meter.ticks = ladder.ticks[isWhole ? index : index - 1] as number
}

/** What `amountIn` buys, when it ends in the step that leads to entry `index`. */
export function receivedWithin(
  ladder: FillLadder,
  index: number,
  amountIn: bigint,
  meter: TickMeter | null,
): bigint {
  const { zeroForOne, feePips, paid, received, prices, liquidities } = ladder
  if (paid[index] === amountIn) {
    tellTicks(meter, ladder, index)
    return received[index] as bigint
  }
  const from = prices[index - 1] as bigint
  const liquidity = liquidities[index - 1] as bigint
  const net = ((amountIn - (paid[index - 1] as bigint)) * (PIPS - feePips)) / PIPS
  const price = priceAfterIn(zeroForOne, from, liquidity, net)
  tellTicks(meter, ladder, index, price)
  return (received[index - 1] as bigint) + stretchOut(zeroForOne, from, price, liquidity)
}

/** What `amountOut` costs, when it ends in the step that leads to entry `index`. */
export function paidWithin(
  ladder: FillLadder,
  index: number,
  amountOut: bigint,
  meter: TickMeter | null,
): bigint {
  const { zeroForOne, feePips, paid, received, prices, liquidities } = ladder
  if (received[index] === amountOut) {
    tellTicks(meter, ladder, index)
    return paid[index] as bigint
  }
  const from = prices[index - 1] as bigint
  const liquidity = liquidities[index - 1] as bigint
  const rest = amountOut - (received[index - 1] as bigint)
  // Less than the stretch holds always leads to a price on the way.
  const price = priceAfterOut(zeroForOne, from, liquidity, rest) as bigint
  tellTicks(meter, ladder, index, price)
  const amountIn = stretchIn(zeroForOne, from, price, liquidity)
  return (paid[index - 1] as bigint) + amountIn + feeOnTop(amountIn, feePips)
}
