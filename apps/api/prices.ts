import { formatInversePrice, formatPrice } from '#core/amount.ts'
import { type Pool, poolPriceX192 } from '#core/dex/pool.ts'
import type { Candle } from '#core/history/candle.ts'
import type { PoolDecimals } from './tokens.ts'

/** The price of a pool, in whole tokens. */
export type PoolPrice = {
  /** What one token0 costs in token1. */
  readonly token0InToken1: string
  /** Null where token0 costs nothing. */
  readonly token1InToken0: string | null
}

/** Null while the pool has no price, or a token's decimals are not known. */
export function priceOf(pool: Pool, decimals: PoolDecimals): PoolPrice | null {
  const priceX192 = poolPriceX192(pool)
  if (priceX192 === null || !decimals) return null
  return {
    token0InToken1: formatPrice(priceX192, ...decimals),
    token1InToken0: formatInversePrice(priceX192, ...decimals),
  }
}

/** What the prices of a candle are in: whole tokens, or raw units where a token's decimals are not known. */
export type PriceUnit = 'tokens' | 'raw'

export const priceUnitOf = (decimals: PoolDecimals): PriceUnit => (decimals ? 'tokens' : 'raw')

/** A price of token0 in token1 within a candle. */
export const candlePrice = (
  candle: Candle,
  name: 'open' | 'high' | 'low' | 'close',
  decimals: PoolDecimals,
): string => formatPrice(candle[name], ...(decimals ?? ([0, 0] as const)))
