import { amountOut, type Rational } from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, PoolState } from '#core/dex/protocols/state.ts'
import type { Path } from './route.ts'

/** Amounts are followed in this part of a unit, 2^-64. */
const PART_BITS = 64n
/** With as many units on both sides, what rounding takes does not show in basis points. */
const MANY_UNITS = 1n << 32n
const PIPS = 1_000_000n

/**
 * What a path would give for an amount if its contracts did not round to whole units. Of a few units, as of tokens
 * without decimals, that is another price: what rounding takes is not what the size of the swap costs.
 *
 * @returns raw units, with less than a 2^-30th part of them lost
 */
export function unroundedOut(path: Path, amount: bigint): Rational {
  let parts = amount << PART_BITS
  for (const { pool, zeroForOne } of path) parts = hopOut(pool.state, zeroForOne, parts)
  return { numerator: parts, denominator: 1n << PART_BITS }
}

function hopOut(state: PoolState, zeroForOne: boolean, parts: bigint): bigint {
  if (state.kind === 'constant-product') {
    const [reserveIn, reserveOut] = zeroForOne
      ? [state.reserve0, state.reserve1]
      : [state.reserve1, state.reserve0]
    const net = parts * (PIPS - BigInt(state.feePips))
    return (net * (reserveOut << PART_BITS)) / ((reserveIn << PART_BITS) * PIPS + net)
  }
  const units = parts >> PART_BITS
  const plain = amountOut(state, zeroForOne, units)
  // The curve of a stable pair is rounded to 18 decimals whatever its tokens have.
  if (state.kind === 'solidly' || (units >= MANY_UNITS && plain >= MANY_UNITS))
    return plain << PART_BITS
  const fine = amountOut(inParts(state), zeroForOne, parts)
  return fine > 0n ? fine : plain << PART_BITS
}

/** The same pool, whose amounts are parts: they are proportional to liquidity. */
const inParts = (state: ConcentratedState): ConcentratedState => ({
  ...state,
  liquidity: state.liquidity << PART_BITS,
  ticks: { ...state.ticks, nets: state.ticks.nets.map((net) => net << PART_BITS) },
})
