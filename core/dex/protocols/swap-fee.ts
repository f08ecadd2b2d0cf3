import { PIPS } from './rounding.ts'
import type { ConcentratedState } from './state.ts'

/**
 * The fee of a swap in one direction: V4's protocol takes its share first and the LP's fee applies to what is left, so
 * the two overlap by their product, which is rounded down (ProtocolFeeLibrary.calculateSwapFee). V3 has no protocol fee
 * on top, so its fee is the LP's.
 */
export function swapFeePips(
  { feePips: feeOfToken0, feePipsOfToken1 = feeOfToken0, protocolFeePips }: ConcentratedState,
  zeroForOne: boolean,
): bigint {
  const feePips = zeroForOne ? feeOfToken0 : feePipsOfToken1
  const protocol = zeroForOne ? protocolFeePips[0] : protocolFeePips[1]
  if (protocol === 0) return BigInt(feePips)
  return BigInt(protocol + feePips - Math.floor((protocol * feePips) / Number(PIPS)))
}
