import { formatInversePrice, formatPrice, formatRatio } from '#core/amount.ts'
import { type Pool, poolPriceX192 } from '#core/dex/pool.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import type { Candle } from '#core/dex/trading/candle.ts'
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

/** The price of a trade: what is bought for one of what is sold. */
export type TradePrice = {
  /** Raw units for a raw unit. */
  readonly raw: string
  /** Whole tokens for a whole token; null where the decimals of one are not known. */
  readonly tokens: string | null
  /** The other way round: what one of those bought costs. */
  readonly tokensInverse: string | null
}

/** As many as pools' prices have. */
const PRICE_DIGITS = 18

/** @param decimals of the token sold and of the one bought */
export function tradePriceOf(
  { numerator, denominator }: Rational,
  decimals: PoolDecimals,
): TradePrice {
  const ratio = (over: bigint, under: bigint): string | null =>
    under === 0n ? null : formatRatio(over, under, PRICE_DIGITS)
  const raw = ratio(numerator, denominator) ?? '0'
  if (!decimals) return { raw, tokens: null, tokensInverse: null }
  const bought = numerator * 10n ** BigInt(decimals[0])
  const sold = denominator * 10n ** BigInt(decimals[1])
  return { raw, tokens: ratio(bought, sold), tokensInverse: ratio(sold, bought) }
}
