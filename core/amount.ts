import { PRICE_FRACTION_BITS } from './dex/pool.ts'

/** Digits of a price that are shown: more than any feed gives, fewer than noise. */
const PRICE_DIGITS = 18

/**
 * A ratio of whole numbers as a plain decimal, cut (not rounded) after `digits` significant digits.
 *
 * @example formatRatio(1n, 3n, 4) // "0.3333"
 */
export function formatRatio(numerator: bigint, denominator: bigint, digits: number): string {
  if (numerator === 0n) return '0'
  const whole = numerator / denominator
  const wholeText = whole.toString()
  if (whole > 0n && wholeText.length >= digits) {
    const kept = wholeText.slice(0, digits)
    return kept + '0'.repeat(wholeText.length - digits)
  }
  // Enough places that the wanted digits fall behind the point, leading zeros included.
  const leading =
    whole > 0n ? -wholeText.length : denominator.toString().length - numerator.toString().length
  const places = digits + Math.max(leading, -digits) + 1
  const scaled = (numerator * 10n ** BigInt(places)) / denominator
  const text = scaled.toString().padStart(places + 1, '0')
  const significant = text.replace(/^0+/, '').length
  const cut = Math.max(0, significant - digits)
  const kept = cut === 0 ? text : text.slice(0, -cut)
  const point = text.length - places
  const fraction = kept.slice(point).replace(/0+$/, '')
  return fraction === '' ? kept.slice(0, point) : `${kept.slice(0, point)}.${fraction}`
}

/**
 * A price of token0 in token1 as people write it.
 *
 * @param priceX192 raw token1 per raw token0, Q128.192
 * @param decimals0 decimals of token0; with both 0 the price stays one of raw units
 */
export function formatPrice(priceX192: bigint, decimals0 = 0, decimals1 = 0): string {
  return formatRatio(
    priceX192 * 10n ** BigInt(decimals0),
    (10n ** BigInt(decimals1)) << PRICE_FRACTION_BITS,
    PRICE_DIGITS,
  )
}

/** The price the other way round: of token1 in token0; null for a price of zero. */
export function formatInversePrice(priceX192: bigint, decimals0 = 0, decimals1 = 0): string | null {
  if (priceX192 === 0n) return null
  return formatRatio(
    (10n ** BigInt(decimals1)) << PRICE_FRACTION_BITS,
    priceX192 * 10n ** BigInt(decimals0),
    PRICE_DIGITS,
  )
}

/**
 * An amount of raw units in whole tokens, exact.
 *
 * @example formatAmount(-1_500_000n, 6) // "-1.5"
 */
export function formatAmount(raw: bigint, decimals: number): string {
  const digits = (raw < 0n ? -raw : raw).toString().padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const fraction = digits.slice(point).replace(/0+$/, '')
  const text = fraction === '' ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`
  return raw < 0n ? `-${text}` : text
}
