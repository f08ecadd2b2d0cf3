import {
  extendLadder,
  type FillLadder,
  firstReaching,
  paidWithin,
  receivedWithin,
  startLadder,
  type TickMeter,
} from './fill-ladder.ts'
import { PIPS } from './rounding.ts'
import type { ConcentratedState } from './state.ts'

/** The answer of a quote that leaves the ticks that are known. */
export const BEYOND_WINDOW = -1n

/** [downwards, upwards] of each state that was asked for; gone with it. */
const laddersOfState = new WeakMap<
  ConcentratedState,
  [down: FillLadder | undefined, up: FillLadder | undefined]
>()

function ladderOf(state: ConcentratedState, zeroForOne: boolean): FillLadder {
  let ladders = laddersOfState.get(state)
  if (!ladders) {
    ladders = [undefined, undefined]
    laddersOfState.set(state, ladders)
  }
  return zeroForOne
    ? (ladders[0] ??= startLadder(state, true))
    : (ladders[1] ??= startLadder(state, false))
}

/** Adds steps until their sum reaches `amount`; 0n or BEYOND_WINDOW where it never does. */
function reach(
  state: ConcentratedState,
  ladder: FillLadder,
  sums: readonly bigint[],
  amount: bigint,
): bigint | undefined {
  while ((sums[sums.length - 1] as bigint) < amount) {
    if (ladder.end !== 'open') return ladder.end === 'limit' ? 0n : BEYOND_WINDOW
    extendLadder(state, ladder)
  }
  return undefined
}

export function concentratedOut(
  state: ConcentratedState,
  zeroForOne: boolean,
  amountIn: bigint,
  meter: TickMeter | null = null,
): bigint {
  if (amountIn <= 0n) return 0n
  const ladder = ladderOf(state, zeroForOne)
  return (
    reach(state, ladder, ladder.paid, amountIn) ??
    receivedWithin(ladder, firstReaching(ladder.paid, amountIn), amountIn, meter)
  )
}

export function concentratedIn(
  state: ConcentratedState,
  zeroForOne: boolean,
  amountOut: bigint,
  meter: TickMeter | null = null,
): bigint {
  if (amountOut <= 0n) return 0n
  const ladder = ladderOf(state, zeroForOne)
  if (ladder.feePips === PIPS) return 0n
  return (
    reach(state, ladder, ladder.received, amountOut) ??
    paidWithin(ladder, firstReaching(ladder.received, amountOut), amountOut, meter)
  )
}

export function concentratedLargest(
  state: ConcentratedState,
  zeroForOne: boolean,
  exact: 'in' | 'out',
): bigint {
  const ladder = ladderOf(state, zeroForOne)
  if (ladder.feePips === PIPS) return 0n
  while (ladder.end === 'open') extendLadder(state, ladder)
  return (exact === 'in' ? ladder.paid : ladder.received).at(-1) as bigint
}
