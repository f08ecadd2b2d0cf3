/** Fee growth is per unit of liquidity, Q128.128, and wraps around: only differences mean something. */
const GROWTH_BITS = 256
const OWED_BITS = 128

/** What a pool knows of one token's fees around a position, as `feeGrowthGlobal` and `ticks(...)` say. */
export type FeeGrowth = {
  readonly global: bigint
  /** On the side of the lower and the upper tick where the price is not. */
  readonly outsideLower: bigint
  readonly outsideUpper: bigint
}

/**
 * Fees per unit of liquidity that were earned between two ticks, modulo 2^256 (Uniswap V3 Tick.getFeeGrowthInside, V4
 * Pool.getFeeGrowthInside).
 *
 * @param tick the pool's current tick, as its slot0 says
 */
export function growthInside(
  tick: number,
  range: { readonly lower: number; readonly upper: number },
  { global, outsideLower, outsideUpper }: FeeGrowth,
): bigint {
  const below = tick >= range.lower ? outsideLower : global - outsideLower
  const above = tick < range.upper ? outsideUpper : global - outsideUpper
  return BigInt.asUintN(GROWTH_BITS, global - below - above)
}

/**
 * What a position earned since its `growthInsideLast` was noted: ⌊Δ·L / 2^128⌋ modulo 2^128, as V3 keeps it, which takes
 * care of a difference that wrapped around; V4 would revert above.
 */
export const feesEarned = (
  liquidity: bigint,
  growthInsideNow: bigint,
  growthInsideLast: bigint,
): bigint => BigInt.asUintN(OWED_BITS, ((growthInsideNow - growthInsideLast) * liquidity) >> 128n)
