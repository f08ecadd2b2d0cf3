import { amountRaw, type DevPool, type DevToken } from './deployment.ts'
import type { Random } from './random.ts'
import type { PoolTurn, Turn } from './turn.ts'
import { rawPrice } from './v3-price.ts'

/** So much of a token, in its smallest unit, at what it is worth at this block. */
export const worthRaw = ({ usdOf }: Turn, token: DevToken, usd: number): bigint =>
  amountRaw({ ...token, usd: usdOf(token) }, usd)

/** What the pool's price should be: raw token1 per raw token0. */
export const fairPriceOf = ({ pool, usdOf }: PoolTurn): number =>
  rawPrice(pool.token0, usdOf(pool.token0), pool.token1, usdOf(pool.token1))

/** Two percent off the fair price is as far as the coin leans. */
const LEAN = 20
const LEAN_MAX = 0.4

/**
 * Whether to sell token0 rather than token1: a coin that falls on the side that brings the pool back to its fair price,
 * the more so the farther it is off.
 */
export function sellsToken0(random: Random, price: number, fairPrice: number): boolean {
  const lean = Math.log(price / fairPrice) * LEAN
  return random.chance(0.5 + Math.max(-LEAN_MAX, Math.min(LEAN_MAX, lean)))
}

/** Another pool of the same protocol that has `token`, to trade on through. */
export function onwardPool(
  { deployment, random, pool }: PoolTurn,
  token: DevToken,
): DevPool | undefined {
  const onward = deployment.pools.filter(
    (other) =>
      other.protocol === pool.protocol &&
      other.address !== pool.address &&
      (other.token0.address === token.address || other.token1.address === token.address),
  )
  return onward.length === 0 ? undefined : random.pick(onward)
}

export const otherToken = ({ token0, token1 }: DevPool, token: DevToken): DevToken =>
  token0.address === token.address ? token1 : token0
