import type { Address } from '#core/chain.ts'
import { feePipsOf, midPrice, type Rational } from '#core/dex/protocols/protocols.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { add, divideUp, multiply, ONE, shortfall } from './ratio.ts'
import type { Path, Route } from './route.ts'
import { simulateRoute } from './simulate.ts'
import { unroundedOut } from './unrounded.ts'
import { afterTax } from '#core/dex/protocols/token-tax.ts'

const PIPS = 1_000_000n
const BPS = 10_000n

/** What a route's price is made of. Prices are raw units bought per raw unit sold. */
export type RouteNumbers = {
  /** Received / sent, taxes and all. */
  readonly executionPrice: Rational
  /** Before fees and impact; of a split, its legs' weighted by what each is sent. */
  readonly midPrice: Rational
  /**
   * 1 - gross output / (input x mid price x what fees leave): what the route's own size costs, without fees, taxes, and
   * what the contracts round away.
   */
  readonly impact: Rational
  /** Rounded up, so that it is never shown smaller than it is. */
  readonly impactBps: number
  /** 1 - what the fees of all hops leave; of a split, weighted likewise. */
  readonly feeShare: Rational
  /** Rounded up. */
  readonly feeShareBps: number
}

/**
 * Derives the numbers from the pools as they are before the route: what an earlier leg does to a pool that a later one
 * passes too is impact, as it is the route's own size that does it.
 *
 * @param taxesBps as in the request: impact is of what the pools see, the input less its tax and the output before its
 * own
 */
export function routeNumbers(route: Route, taxesBps?: ReadonlyMap<Address, number>): RouteNumbers {
  let sent = 0n
  let received: Rational = { numerator: 0n, denominator: 1n }
  let atMid: Rational = { numerator: 0n, denominator: 1n }
  let afterFees: Rational = { numerator: 0n, denominator: 1n }
  let states: ReadonlyMap<string, PoolState> = new Map()
  for (const { path, amountIn } of route.legs) {
    const net = afterTax(amountIn, BigInt(taxesBps?.get(tokenInOf(path)) ?? 0))
    const leg = multiply({ numerator: net, denominator: 1n }, midOf(path))
    sent += net
    received = add(received, unroundedOut(pathWith(states, path), net))
    states = statesAfter(states, path, amountIn, taxesBps)
    atMid = add(atMid, leg)
    afterFees = add(afterFees, multiply(leg, keptByFees(path)))
  }
  const computed = shortfall(received, afterFees)
  // Below 0 only by the last digits of a price that is a root.
  const impact = computed.numerator < 0n ? { ...computed, numerator: 0n } : computed
  const feeShare = shortfall(afterFees, atMid)
  return {
    executionPrice: { numerator: route.amountOut, denominator: route.amountIn },
    midPrice: multiply(atMid, { numerator: 1n, denominator: sent }),
    impact,
    impactBps: bpsUp(impact),
    feeShare,
    feeShareBps: bpsUp(feeShare),
  }
}

const pathWith = (states: ReadonlyMap<string, PoolState>, path: Path): Path =>
  path.map((hop) => ({
    ...hop,
    pool: { ...hop.pool, state: states.get(hop.pool.id) ?? hop.pool.state },
  }))

function statesAfter(
  states: ReadonlyMap<string, PoolState>,
  path: Path,
  amount: bigint,
  taxesBps: ReadonlyMap<Address, number> | undefined,
): ReadonlyMap<string, PoolState> {
  const done = simulateRoute([{ path, amount }], 'in', { states, ...(taxesBps && { taxesBps }) })
  return done.status === 'filled' ? done.states : states
}

const bpsUp = ({ numerator, denominator }: Rational): number =>
  Number(divideUp(numerator * BPS, denominator))

function tokenInOf(path: Path): Address {
  const first = path[0]!
  return first.zeroForOne ? first.pool.token0 : first.pool.token1
}

const midOf = (path: Path): Rational =>
  path.reduce((product, { pool, zeroForOne }) => {
    const { numerator, denominator } = midPrice(pool.state)
    const price = zeroForOne
      ? { numerator, denominator }
      : { numerator: denominator, denominator: numerator }
    return multiply(product, price)
  }, ONE)

const keptByFees = (path: Path): Rational =>
  path.reduce(
    (product, { pool, zeroForOne }) =>
      multiply(product, {
        numerator: PIPS - BigInt(feePipsOf(pool.state, zeroForOne)),
        denominator: PIPS,
      }),
    ONE,
  )
