/** Largest values of Solidity's types, which bound what the contracts can hold. */
export const UINT112_MAX = 2n ** 112n - 1n
export const UINT128_MAX = 2n ** 128n - 1n
export const UINT256_MAX = 2n ** 256n - 1n
export const INT256_MAX = 2n ** 255n - 1n

/** Fees are pips: so many make the whole. */
export const PIPS = 1_000_000n

/** Rounded up. Neither may be negative. */
export const divUp = (value: bigint, divisor: bigint): bigint => {
  const quotient = value / divisor
  return quotient * divisor === value ? quotient : quotient + 1n
}

/** The square root rounded down, by Newton's iteration from above, which only falls until it is there. */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
