import { invalidField } from '#core/errors.ts'
import { PIPS, UINT112_MAX, UINT256_MAX } from './rounding.ts'
import type { ConstantProductState, SwapInput, SwapOutcome } from './state.ts'

const V2_FEE_PIPS = 3_000
const V2_KEPT_PIPS = PIPS - BigInt(V2_FEE_PIPS)

/** What is left of an input after the fee; a bigint is made only for the fees of forks. */
const keptPips = ({ feePips }: ConstantProductState): bigint =>
  feePips === V2_FEE_PIPS ? V2_KEPT_PIPS : PIPS - BigInt(feePips)

/**
 * What a pair pays for an input: ⌊in·(1−f)·R_out / (R_in + in·(1−f))⌋ (UniswapV2Library.getAmountOut, whose 997/1000 is
 * a fee of 3000 pips). 0n where the pair could not hold the input, or has nothing.
 */
export function constantProductOut(
  state: ConstantProductState,
  zeroForOne: boolean,
  amountIn: bigint,
): bigint {
  const reserveIn = zeroForOne ? state.reserve0 : state.reserve1
  const reserveOut = zeroForOne ? state.reserve1 : state.reserve0
  if (amountIn <= 0n || reserveIn === 0n) return 0n
  const net = amountIn * keptPips(state)
  const denominator = reserveIn * PIPS + net
  // The first comparison, which costs nothing, implies the second for all but the largest of reserves.
  if (denominator > UINT112_MAX && reserveIn + amountIn > UINT112_MAX) return 0n
  return (net * reserveOut) / denominator
}

/**
 * What a pair asks for an output: ⌊R_in·out / ((R_out − out)·(1−f))⌋ + 1, the 1 always (UniswapV2Library.getAmountIn).
 * 0n where the pair does not hold the output, or could not hold the input.
 */
export function constantProductIn(
  state: ConstantProductState,
  zeroForOne: boolean,
  amountOut: bigint,
): bigint {
  const reserveIn = zeroForOne ? state.reserve0 : state.reserve1
  const reserveOut = zeroForOne ? state.reserve1 : state.reserve0
  if (amountOut <= 0n || reserveIn === 0n || amountOut >= reserveOut) return 0n
  const numerator = reserveIn * amountOut * PIPS
  const amountIn = numerator / ((reserveOut - amountOut) * keptPips(state)) + 1n
  return reserveIn + amountIn > UINT112_MAX ? 0n : amountIn
}

/** The most that the pair can take in, or pay out: reserves are uint112, and never all goes out. */
export function constantProductLargest(
  state: ConstantProductState,
  zeroForOne: boolean,
  exact: 'in' | 'out',
): bigint {
  const reserveIn = zeroForOne ? state.reserve0 : state.reserve1
  const amountInMax = UINT112_MAX - reserveIn
  const amountOutMax = constantProductOut(state, zeroForOne, amountInMax)
  if (amountOutMax === 0n) return 0n
  if (exact === 'in') return amountInMax
  // Exact output asks for one more than it takes where the division leaves nothing over.
  return constantProductIn(state, zeroForOne, amountOutMax) > 0n ? amountOutMax : amountOutMax - 1n
}

/**
 * A swap through a pair, which pays out as much as it would let be taken. An amount above `constantProductLargest` is
 * answered by that, as partial; the contract would refuse it. So it would an input that is worth nothing of the output:
 * `no-liquidity`.
 *
 * @throws AppError `invalid` for an amount that is not more than 0 or above uint256
 */
export function swapConstantProduct(
  state: ConstantProductState,
  { zeroForOne, exact, amount }: SwapInput,
): SwapOutcome {
  if (amount <= 0n || amount > UINT256_MAX)
    throw invalidField('amount', 'must be more than 0 and within uint256')
  const largest = constantProductLargest(state, zeroForOne, exact)
  const filled = amount < largest ? amount : largest
  const amountIn = exact === 'in' ? filled : constantProductIn(state, zeroForOne, filled)
  const amountOut = exact === 'out' ? filled : constantProductOut(state, zeroForOne, filled)
  if (amountIn === 0n || amountOut === 0n) return { status: 'no-liquidity' }
  return {
    status: filled === amount ? 'filled' : 'partial',
    amountIn,
    amountOut,
    feeAmount: amountIn - (amountIn * keptPips(state)) / PIPS,
    after: {
      ...state,
      reserve0: zeroForOne ? state.reserve0 + amountIn : state.reserve0 - amountOut,
      reserve1: zeroForOne ? state.reserve1 - amountOut : state.reserve1 + amountIn,
    },
    ticksCrossed: 0,
  }
}
