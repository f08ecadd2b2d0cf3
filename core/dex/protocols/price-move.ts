import { divUp, UINT256_MAX } from './rounding.ts'

/*
 * How far amounts move a price, and prices amounts, within one stretch of constant liquidity: amount0 = L (1/√a − 1/√b),
 * amount1 = L (√b − √a). Rounded as Uniswap V3's SqrtPriceMath has it, always in favour of the pool. Square roots of
 * prices are Q64.96; `low` is never above `high`.
 *
 * The contract divides by both prices in turn, for want of bits, which rounds to the same as by their product at once.
 */

const Q96 = 1n << 96n

export const amount0Up = (low: bigint, high: bigint, liquidity: bigint): bigint =>
  divUp((liquidity << 96n) * (high - low), high * low)

export const amount0Down = (low: bigint, high: bigint, liquidity: bigint): bigint =>
  ((liquidity << 96n) * (high - low)) / (high * low)

export const amount1Up = (low: bigint, high: bigint, liquidity: bigint): bigint =>
  (liquidity * (high - low) + (Q96 - 1n)) >> 96n

export const amount1Down = (low: bigint, high: bigint, liquidity: bigint): bigint =>
  (liquidity * (high - low)) >> 96n

/** The price after `amount` of token0 came in; rounded up, so that it falls rather too little. */
export function priceAfterAmount0In(price: bigint, liquidity: bigint, amount: bigint): bigint {
  if (amount === 0n) return price
  const numerator = liquidity << 96n
  const denominator = numerator + amount * price
  // The contract's fallback where its 256 bits are too few for the denominator: less exact, so not to be improved.
  return denominator <= UINT256_MAX
    ? divUp(numerator * price, denominator)
    : divUp(numerator, numerator / price + amount)
}

/** The price after `amount` of token0 went out; rounded up. Undefined where the liquidity does not hold as much. */
export function priceAfterAmount0Out(
  price: bigint,
  liquidity: bigint,
  amount: bigint,
): bigint | undefined {
  const numerator = liquidity << 96n
  const product = amount * price
  if (product > UINT256_MAX || numerator <= product) return undefined
  return divUp(numerator * price, numerator - product)
}

/** The price after `amount` of token1 came in; rounded down, so that it rises rather too little. */
export const priceAfterAmount1In = (price: bigint, liquidity: bigint, amount: bigint): bigint =>
  price + (amount << 96n) / liquidity

/** The price after `amount` of token1 went out; rounded down. Undefined where the liquidity does not hold as much. */
export function priceAfterAmount1Out(
  price: bigint,
  liquidity: bigint,
  amount: bigint,
): bigint | undefined {
  const fall = divUp(amount << 96n, liquidity)
  return price > fall ? price - fall : undefined
}
