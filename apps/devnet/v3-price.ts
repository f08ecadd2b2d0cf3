import type { DevToken } from './deployment.ts'

/** Uniswap V3 TickMath.MAX_TICK; the lowest tick is the same below zero. */
const TICK_MAX = 887_272
const TICK_BASE = 1.0001
const Q96 = 2 ** 96

/** Raw token1 per raw token0 when whole tokens are worth so many dollars. */
export const rawPrice = (token0: DevToken, usd0: number, token1: DevToken, usd1: number): number =>
  (usd0 / usd1) * 10 ** (token1.decimals - token0.decimals)

/** The square root of a raw price as Q64.96: exact to 15 digits, which no test of a price needs more of. */
export const sqrtPriceX96Of = (price: number): bigint => BigInt(Math.floor(Math.sqrt(price) * Q96))

export const priceOf = (sqrtPriceX96: bigint): number => (Number(sqrtPriceX96) / Q96) ** 2

/** The tick of a raw price, within one. */
export const tickOf = (price: number): number => Math.floor(Math.log(price) / Math.log(TICK_BASE))

/** The initialisable tick next to `tick` that positions may end at, inside of what the contracts take. */
export function usableTick(tick: number, spacing: number): number {
  const max = Math.floor(TICK_MAX / spacing) * spacing
  return Math.max(-max, Math.min(max, Math.round(tick / spacing) * spacing))
}
