import { swapConcentrated } from './concentrated.ts'
import { PIPS } from './rounding.ts'
import type { ConcentratedState, SwapInput } from './state.ts'
import { swapFeePips } from './swap-fee.ts'
import { type SwapStep, v3StepFee } from './swap-step.ts'

/** V3 counts the protocol's money in so many bits, and lets it wrap around. */
const OWED_BITS = 128

/**
 * How much of a swap's fee a V3 pool sets aside for the protocol: one part of `denominator` of each step's fee,
 * rounded down. It comes out of the fee, so that amounts and price are the same with and without. V3's fee may be a little
 * more than `feeAmount`: see `v3StepFee`.
 *
 * @param denominator `slot0.feeProtocol` of the token that comes in (the low 4 bits are token0's); 0: no share
 */
export const v3ProtocolShare = (
  state: ConcentratedState,
  input: SwapInput,
  denominator: number,
): bigint =>
  denominator === 0
    ? 0n
    : BigInt.asUintN(
        OWED_BITS,
        sumOfSteps(
          state,
          input,
          (step, from, liquidity) =>
            v3StepFee(input.zeroForOne, from, liquidity, step) / BigInt(denominator),
        ),
      )

const TEN_THOUSAND = 10_000n

/**
 * The same of a PancakeSwap V3 pool, which its `Swap` tells too: so many ten-thousandths of each step's fee, rounded down
 * (PancakeV3Pool.swap).
 *
 * @param parts `slot0.feeProtocol` of the token that comes in (the low 16 bits are token0's); 0: no share
 */
export const pancakeProtocolShare = (
  state: ConcentratedState,
  input: SwapInput,
  parts: number,
): bigint =>
  BigInt.asUintN(
    OWED_BITS,
    sumOfSteps(
      state,
      input,
      (step, from, liquidity) =>
        (v3StepFee(input.zeroForOne, from, liquidity, step) * BigInt(parts)) / TEN_THOUSAND,
    ),
  )

/**
 * How much of a swap's `feeAmount` is the protocol's in V4: its pips of each step's whole input, rounded down, or the
 * whole fee where the LPs take none.
 */
export function v4ProtocolShare(state: ConcentratedState, input: SwapInput): bigint {
  const protocolPips = BigInt(state.protocolFeePips[input.zeroForOne ? 0 : 1])
  if (protocolPips === 0n) return 0n
  const all = swapFeePips(state, input.zeroForOne) === protocolPips
  return sumOfSteps(state, input, ({ amountIn, feeAmount }) =>
    all ? feeAmount : ((amountIn + feeAmount) * protocolPips) / PIPS,
  )
}

function sumOfSteps(
  state: ConcentratedState,
  input: SwapInput,
  share: (step: SwapStep, from: bigint, liquidity: bigint) => bigint,
): bigint {
  let sum = 0n
  swapConcentrated(state, input, (step, from, liquidity) => {
    sum += share(step, from, liquidity)
  })
  return sum
}
