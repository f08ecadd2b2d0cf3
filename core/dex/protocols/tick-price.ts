/** The ticks at which there is a price: 1.0001^887272 is the last below 2^128 (Uniswap V3 TickMath). */
export const TICK_MAX = 887_272
export const TICK_MIN = -TICK_MAX
/** Prices of the ends, Q64.96: swaps stay strictly between them. */
export const SQRT_PRICE_MIN = 4_295_128_739n
export const SQRT_PRICE_MAX = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342n

/** 1.0001^(-2^i / 2) as Q128, for each bit of a tick: the numbers that every deployment multiplies by. */
const FACTORS: readonly bigint[] = [
  0xfffcb933bd6fad37aa2d162d1a594001n,
  0xfff97272373d413259a46990580e213an,
  0xfff2e50f5f656932ef12357cf3c7fdccn,
  0xffe5caca7e10e4e61c3624eaa0941cd0n,
  0xffcb9843d60f6159c9db58835c926644n,
  0xff973b41fa98c081472e6896dfb254c0n,
  0xff2ea16466c96a3843ec78b326b52861n,
  0xfe5dee046a99a2a811c461f1969c3053n,
  0xfcbe86c7900a88aedcffc83b479aa3a4n,
  0xf987a7253ac413176f2b074cf7815e54n,
  0xf3392b0822b70005940c7a398e4b70f3n,
  0xe7159475a2c29b7443b29c7fa6e889d9n,
  0xd097f3bdfd2022b8845ad8f792aa5825n,
  0xa9f746462d870fdf8a65dc1f90e061e5n,
  0x70d869a156d2a1b890bb3df62baf32f7n,
  0x31be135f97d08fd981231505542fcfa6n,
  0x9aa508b5b7a84e1c677de54f3e99bc9n,
  0x5d6af8dedb81196699c329225ee604n,
  0x2216e584f5fa1ea926041bedfe98n,
  0x48a170391f7dc42444e8fa2n,
]

const ONE_Q128 = 1n << 128n
const MAX_Q256 = (1n << 256n) - 1n

/**
 * The square root of the price at a tick, √1.0001^tick as Q64.96: rounded as TickMath.getSqrtRatioAtTick has it, each
 * product down, the reciprocal for ticks above 0 down, the last 32 bits up.
 */
export function sqrtPriceAtTick(tick: number): bigint {
  let ratio = ONE_Q128
  for (let rest = Math.abs(tick), bit = 0; rest !== 0; rest >>= 1, bit++)
    if (rest & 1) ratio = (ratio * (FACTORS[bit] as bigint)) >> 128n
  if (tick > 0) ratio = MAX_Q256 / ratio
  return (ratio + 0xffff_ffffn) >> 32n
}

const TICKS_PER_NATURAL_LOG = 2 / Math.log(1.0001)
const Q96 = 2 ** 96

/**
 * The greatest tick whose price is not above this one, as TickMath.getTickAtSqrtRatio. The logarithm in floating point
 * is right to far less than a tick; exact prices decide on which side of its border the price lies.
 *
 * @param sqrtPriceX96 at least SQRT_PRICE_MIN, below SQRT_PRICE_MAX
 */
export function tickAtSqrtPrice(sqrtPriceX96: bigint): number {
  let tick = Math.floor(Math.log(Number(sqrtPriceX96) / Q96) * TICKS_PER_NATURAL_LOG)
  if (sqrtPriceAtTick(tick) > sqrtPriceX96) tick--
  else if (sqrtPriceAtTick(tick + 1) <= sqrtPriceX96) tick++
  return tick
}
