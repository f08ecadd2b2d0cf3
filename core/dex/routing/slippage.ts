import { requireWithin } from './trade.ts'

const BPS = 10_000n

/**
 * The least that an exact-in swap may give: ⌊amount x (1 - slippage)⌋, the amount quoted being the one expected. (Not
 * amount / (1 + slippage), as some older texts have it.)
 *
 * @throws AppError `invalid` naming `slippageBps`
 */
export function minimumReceived(amountOut: bigint, slippageBps: number): bigint {
  requireWithin('slippageBps', slippageBps, 0, Number(BPS))
  return (amountOut * (BPS - BigInt(slippageBps))) / BPS
}

/**
 * The most that an exact-out swap may cost: ⌊amount x (1 + slippage)⌋.
 *
 * @throws AppError `invalid` naming `slippageBps`
 */
export function maximumSent(amountIn: bigint, slippageBps: number): bigint {
  requireWithin('slippageBps', slippageBps, 0, Number(BPS))
  return (amountIn * (BPS + BigInt(slippageBps))) / BPS
}
