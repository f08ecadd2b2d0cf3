import { UINT256_MAX } from './rounding.ts'
import type { SolidlyState } from './state.ts'

/*
 * The curve of stable pairs, x³y + y³x = k, as their contracts compute it: in 18 decimals, each product divided by 10^18
 * and rounded down at once, and each of them within 256 bits. `undefined` is where a contract reverts.
 */

const ONE = 10n ** 18n
/** So many steps a contract takes at most. */
const STEPS_MAX = 255

/** A product in 18 decimals, rounded down. */
const times = (a: bigint, b: bigint): bigint => (a * b) / ONE

/** The k of two reserves in raw units (Pair._k). */
export function stableInvariant(
  { unit0, unit1 }: Pick<SolidlyState, 'unit0' | 'unit1'>,
  reserve0: bigint,
  reserve1: bigint,
): bigint | undefined {
  return invariant((reserve0 * ONE) / unit0, (reserve1 * ONE) / unit1)
}

function invariant(x: bigint, y: bigint): bigint | undefined {
  const product = times(x, y) * (times(x, x) + times(y, y))
  return product > UINT256_MAX ? undefined : product / ONE
}

/** The same k, as Solidly rounds it while it solves for y (Pair._f). */
function sumOfCubes(x: bigint, y: bigint): bigint | undefined {
  const byY = x * times(times(y, y), y)
  const byX = times(times(x, x), x) * y
  return byY > UINT256_MAX || byX > UINT256_MAX ? undefined : byY / ONE + byX / ONE
}

/** How much k grows with y: 3xy² + x³ (Pair._d). */
const slope = (x: bigint, y: bigint): bigint => (3n * x * times(y, y)) / ONE + times(times(x, x), x)

/** Newton's step from k to the wanted one, rounded down. */
function stepOf(x: bigint, y: bigint, gap: bigint): bigint | undefined {
  const rate = slope(x, y)
  return rate === 0n || gap * ONE > UINT256_MAX ? undefined : (gap * ONE) / rate
}

/**
 * The reserve that is left beside `x` on the curve of `k`, found from `y` on as the contract does (Pair._get_y). Newton's
 * steps; how they round, and when they end, is what the two solvers differ in.
 */
export function solveStable(
  state: Pick<SolidlyState, 'solver' | 'unit0' | 'unit1'>,
  x: bigint,
  k: bigint,
  y: bigint,
): bigint | undefined {
  return state.solver === 'solidly' ? solveAsSolidly(x, k, y) : solveAsVelodrome(state, x, k, y)
}

/** Ends where a step is at most 1, or after the last one allowed. */
function solveAsSolidly(x: bigint, k: bigint, first: bigint): bigint | undefined {
  let y = first
  for (let step = 0; step < STEPS_MAX; step++) {
    const now = sumOfCubes(x, y)
    if (now === undefined) return undefined
    const isBelow = now < k
    const move = stepOf(x, y, isBelow ? k - now : now - k)
    if (move === undefined || (!isBelow && move > y)) return undefined
    y = isBelow ? y + move : y - move
    if (move <= 1n) return y
  }
  return y
}

/**
 * Ends at the least y whose k is not too small. A step that rounds to nothing short of that is a step of 1. The contract
 * asks its `_k` whether the end lies above, which scales by the decimals of the tokens once more: of tokens with fewer
 * than 18 it ends a step earlier, or reverts for want of bits.
 */
function solveAsVelodrome(
  { unit0, unit1 }: Pick<SolidlyState, 'unit0' | 'unit1'>,
  x: bigint,
  k: bigint,
  first: bigint,
): bigint | undefined {
  let y = first
  for (let step = 0; step < STEPS_MAX; step++) {
    const now = invariant(x, y)
    if (now === undefined) return undefined
    if (now === k) return y
    const isBelow = now < k
    const move = stepOf(x, y, isBelow ? k - now : now - k)
    if (move === undefined || (!isBelow && move > y)) return undefined
    if (move === 0n && isBelow) {
      const above = stableInvariant({ unit0, unit1 }, x, y)
      if (above === undefined) return undefined
      if (above > k) return y + 1n
    }
    if (move === 0n && !isBelow && (invariant(x, y - 1n) as bigint) < k) return y
    const moved = move === 0n ? 1n : move
    y = isBelow ? y + moved : y - moved
  }
  return undefined
}
