import { invalidField } from '#core/errors.ts'
import { PIPS, UINT256_MAX } from './rounding.ts'
import { solveStable, stableInvariant } from './solidly-curve.ts'
import type { SolidlyState, SwapInput, SwapOutcome } from './state.ts'

/** What the 18 decimals of the curve count as one. */
const ONE = 10n ** 18n
/**
 * As far as reserves are followed, in the curve's 18 decimals: 79 billion whole tokens. The contracts have no limit of
 * their own but the one at which their arithmetic overflows, which is not far above.
 */
const CURVE_MAX = 2n ** 96n
const RESERVE_MAX = 2n ** 128n - 1n

/** What the pair keeps of an input and hands to its fee contract, rounded down: never part of its reserves. */
const feeOf = (amountIn: bigint, feePips: number): bigint => (amountIn * BigInt(feePips)) / PIPS

type Side = { readonly reserve: bigint; readonly unit: bigint }

const sidesOf = (state: SolidlyState, zeroForOne: boolean): readonly [Side, Side] => {
  const side0 = { reserve: state.reserve0, unit: state.unit0 }
  const side1 = { reserve: state.reserve1, unit: state.unit1 }
  return zeroForOne ? [side0, side1] : [side1, side0]
}

/** In 18 decimals, rounded down. */
const asCurve = (amount: bigint, unit: bigint): bigint => (amount * ONE) / unit

/**
 * What a pair of Solidly, Velodrome or Aerodrome pays for an input (Pair.getAmountOut): the fee comes off first; then
 * ⌊in·R_out / (R_in + in)⌋ for a volatile pair, and for a stable one what the iteration of its contract finds on
 * x³y + y³x = k. 0n where the pair pays nothing, or its contract would refuse: the iteration may end a unit too far, so
 * that the product checked after the swap is too small. A stable pair of dust, whose k is rounded to nothing, is no market.
 */
export function solidlyOut(state: SolidlyState, zeroForOne: boolean, amountIn: bigint): bigint {
  const amountOut = outOnCurve(state, zeroForOne, amountIn)
  if (state.curve === 'volatile' || amountOut === 0n) return amountOut
  const net = amountIn - feeOf(amountIn, state.feePips)
  const [moved0, moved1] = zeroForOne ? [net, -amountOut] : [-amountOut, net]
  const before = stableInvariant(state, state.reserve0, state.reserve1)
  const after = stableInvariant(state, state.reserve0 + moved0, state.reserve1 + moved1)
  return before === undefined || after === undefined || after < before ? 0n : amountOut
}

/** The same, whether or not the product is large enough after the swap. */
function outOnCurve(state: SolidlyState, zeroForOne: boolean, amountIn: bigint): bigint {
  const [sold, bought] = sidesOf(state, zeroForOne)
  if (amountIn <= 0n || sold.reserve === 0n || bought.reserve === 0n) return 0n
  const net = amountIn - feeOf(amountIn, state.feePips)
  if (net === 0n || amountIn > largestInput(sold, state.curve)) return 0n
  if (state.curve === 'volatile') return (net * bought.reserve) / (sold.reserve + net)
  const k = stableInvariant(state, state.reserve0, state.reserve1)
  if (!k) return 0n
  const x = asCurve(net, sold.unit) + asCurve(sold.reserve, sold.unit)
  const y = asCurve(bought.reserve, bought.unit)
  const left = solveStable(state, x, k, y)
  if (left === undefined || left >= y) return 0n
  const amountOut = ((y - left) * bought.unit) / ONE
  return amountOut < bought.reserve ? amountOut : 0n
}

function largestInput({ reserve, unit }: Side, curve: SolidlyState['curve']): bigint {
  const most = curve === 'stable' ? (CURVE_MAX * unit) / ONE : RESERVE_MAX
  return most > reserve ? most - reserve : 0n
}

/** Inputs tried above the one that the curve asks for, where rounding lets the product fall short of it. */
const TRIES_MAX = 64

/** Of an input: this much less must not pay as much, or the curve is too uneven there to be searched. */
const UNEVEN = 10n ** 9n

/**
 * The least input that the curve asks for an output, or the next one that the pair accepts. The contracts offer no such
 * function: it is found by halving. 0n where there is none, and where none can be told: far from balance the contracts'
 * iteration pays less for more here and there, by far more than a unit.
 */
export function solidlyIn(state: SolidlyState, zeroForOne: boolean, amountOut: bigint): bigint {
  const [sold, bought] = sidesOf(state, zeroForOne)
  if (amountOut <= 0n || amountOut >= bought.reserve || state.feePips >= Number(PIPS)) return 0n
  const most = largestInput(sold, state.curve)
  let high = 1n
  while (outOnCurve(state, zeroForOne, high) < amountOut) {
    if (high >= most) return 0n
    high = high * 2n < most ? high * 2n : most
  }
  let low = high >> 1n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (outOnCurve(state, zeroForOne, middle) < amountOut) low = middle
    else high = middle
  }
  for (let tried = 0; tried < TRIES_MAX; tried++, high++)
    if (solidlyOut(state, zeroForOne, high) >= amountOut)
      return solidlyOut(state, zeroForOne, high - high / UNEVEN - 1n) < amountOut ? high : 0n
  return 0n
}

/**
 * What the pair can take in, fee included, or pay out, at most: to within a half where the arithmetic of a stable pair's
 * contract ends before what is followed.
 */
export function solidlyLargest(
  state: SolidlyState,
  zeroForOne: boolean,
  exact: 'in' | 'out',
): bigint {
  const [sold] = sidesOf(state, zeroForOne)
  for (let most = largestInput(sold, state.curve); most > 0n; most >>= 1n) {
    const paid = solidlyOut(state, zeroForOne, most)
    if (paid > 0n) return exact === 'out' ? paid : most
  }
  return 0n
}

/**
 * A swap through such a pair; an amount above `solidlyLargest` is answered by that, as partial. `after`: without the fee,
 * which leaves the pair.
 *
 * @throws AppError `invalid` for an amount that is not more than 0 or above uint256
 */
export function swapSolidly(
  state: SolidlyState,
  { zeroForOne, exact, amount }: SwapInput,
): SwapOutcome {
  if (amount <= 0n || amount > UINT256_MAX)
    throw invalidField('amount', 'must be more than 0 and within uint256')
  const whole = fill(state, zeroForOne, exact, amount)
  const most = whole ? amount : solidlyLargest(state, zeroForOne, exact)
  const filled = whole ?? (most < amount ? fill(state, zeroForOne, exact, most) : undefined)
  if (!filled) return { status: 'no-liquidity' }
  const { amountIn, amountOut } = filled
  const feeAmount = feeOf(amountIn, state.feePips)
  const net = amountIn - feeAmount
  return {
    status: whole ? 'filled' : 'partial',
    amountIn,
    amountOut,
    feeAmount,
    after: {
      ...state,
      reserve0: zeroForOne ? state.reserve0 + net : state.reserve0 - amountOut,
      reserve1: zeroForOne ? state.reserve1 - amountOut : state.reserve1 + net,
    },
    ticksCrossed: 0,
  }
}

/** Both sides of a swap; undefined where the pair does not do it. */
function fill(
  state: SolidlyState,
  zeroForOne: boolean,
  exact: 'in' | 'out',
  amount: bigint,
): { readonly amountIn: bigint; readonly amountOut: bigint } | undefined {
  const other = (exact === 'in' ? solidlyOut : solidlyIn)(state, zeroForOne, amount)
  if (other === 0n) return undefined
  return exact === 'in'
    ? { amountIn: amount, amountOut: other }
    : { amountIn: other, amountOut: amount }
}

/** The price of token0 in token1 before fees, raw units: the slope of the curve where the reserves are. */
export function solidlyMidPrice(state: SolidlyState): { numerator: bigint; denominator: bigint } {
  const { reserve0, reserve1, unit0, unit1 } = state
  if (state.curve === 'volatile') return { numerator: reserve1, denominator: reserve0 }
  // In a unit that both tokens share: (3x²y + y³) / (x³ + 3xy²), and back to raw units.
  const x = reserve0 * unit1
  const y = reserve1 * unit0
  return {
    numerator: y * (3n * x * x + y * y) * unit1,
    denominator: x * (x * x + 3n * y * y) * unit0,
  }
}
