import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findRoute } from '#core/dex/routing/find-route.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import { routeNumbers } from '#core/dex/routing/impact.ts'
import { simulateRoute } from '#core/dex/routing/simulate.ts'
import type { Route, RoutePool } from '#core/dex/routing/route.ts'
import { maximumSent, minimumReceived } from '#core/dex/routing/slippage.ts'
import { concentrated, pair, rivalPools, token } from './random-pools.ts'

const E18 = 10n ** 18n
/** Amounts unrounded are known to this part. */
const PRECISION = 1n << 28n

function routeOver(
  pools: readonly RoutePool[],
  amount: bigint,
  more: { parts?: number; taxesBps?: Map<`0x${string}`, number>; tokenOut?: number } = {},
): Route {
  const { tokenOut = 1, ...rest } = more
  const found = findRoute(createGraph(pools), {
    tokenIn: token(0),
    tokenOut: token(tokenOut),
    exact: 'in',
    amount,
    ...rest,
  })
  if (found.status !== 'filled') throw new Error(found.status)
  return found.route
}

test('impact leaves the fee out: dust has none, however many hops it takes', () => {
  const pools = [0, 1, 2].map((at) =>
    pair(`p${at}`, [at, at + 1], [10n ** 30n, 3n * 10n ** 30n], 3000),
  )
  const numbers = routeNumbers(routeOver(pools, E18, { tokenOut: 3 }))
  expect(numbers.midPrice.numerator).toBe(27n * numbers.midPrice.denominator)
  // 1 - 0.997^3 = 0.008973027, shown as 89.7 -> 90 bps.
  const { numerator, denominator } = numbers.feeShare
  expect((numerator * 10n ** 9n) / denominator).toBe(8_973_027n)
  expect(numbers.feeShareBps).toBe(90)
  expect(numbers.impactBps).toBe(1)
  expect(numbers.impact.numerator * 10n ** 10n < numbers.impact.denominator).toBe(true)
})

test('the impact of a pair is the share of the reserve that the input becomes', () => {
  const pool = pair('only', [0, 1], [1000n * E18, 1000n * E18], 0)
  const numbers = routeNumbers(routeOver([pool], 250n * E18))
  expect(numbers.impactBps).toBe(2000)
  expect(numbers.feeShareBps).toBe(0)
  expect(numbers.executionPrice).toEqual({ numerator: 200n * E18, denominator: 250n * E18 })
})

test('the mid price of a split is weighted by what its legs are sent', () => {
  const pools = [
    pair('dear', [0, 1], [1000n * E18, 2000n * E18], 0),
    pair('cheap', [0, 1], [1000n * E18, 1900n * E18], 10_000),
  ]
  const done = simulateRoute(
    pools.map((pool) => ({ path: [{ pool, zeroForOne: true }], amount: 200n * E18 })),
    'in',
  )
  if (done.status !== 'filled') throw new Error('stopped')
  const legs = done.legs.map((leg) => ({ ...leg, path: leg.hops.map(({ hop }) => hop) }))
  const route = { ...done, legs }
  const { midPrice, feeShareBps } = routeNumbers(route)
  expect(midPrice.numerator * 100n).toBe(midPrice.denominator * 195n)
  // Half at 1.9 loses 1 %: 0.0095 of 1.95.
  expect(feeShareBps).toBe(49)
})

test('no route is better than its mid price less fees, and price = mid x fees x impact but for whole units', () => {
  let compared = 0
  fc.assert(
    fc.property(
      rivalPools(4, 8),
      fc.bigInt(1000n, 10n ** 7n),
      fc.option(fc.integer({ min: 1, max: 3000 })),
      (pools, amount, taxBps) => {
        const taxesBps = new Map(taxBps ? [[token(1), taxBps] as const] : [])
        const asked = { tokenIn: token(0), tokenOut: token(1), exact: 'in', amount } as const
        const found = findRoute(createGraph(pools), { ...asked, parts: 5, taxesBps })
        if (found.status !== 'filled') return
        compared++
        const { impact, feeShare, midPrice, executionPrice } = routeNumbers(found.route, taxesBps)
        for (const share of [impact, feeShare]) {
          expect(share.denominator > 0n).toBe(true)
          expect(share.numerator < share.denominator).toBe(true)
        }
        expect(feeShare.numerator >= 0n && impact.numerator >= 0n).toBe(true)
        if (!taxBps) {
          const kept = (share: typeof impact) => share.denominator - share.numerator
          // What it would give unrounded, and what it gives, over one denominator.
          const { amountIn, amountOut } = found.route
          const unit = midPrice.denominator * feeShare.denominator * impact.denominator
          const unrounded = midPrice.numerator * kept(feeShare) * kept(impact) * amountIn
          const given = amountOut * unit
          expect(unrounded * (PRECISION + 1n) >= given * PRECISION).toBe(true)
          expect(executionPrice).toEqual({ numerator: amountOut, denominator: amountIn })
        }
      },
    ),
    { numRuns: 500 },
  )
  expect(compared).toBeGreaterThan(100)
})

test('a tax is no impact', () => {
  const pool = pair('only', [0, 1], [10n ** 30n, 10n ** 30n], 3000)
  const taxesBps = new Map([token(0), token(1)].map((taxed) => [taxed, 500] as const))
  const route = routeOver([pool], 10n ** 21n, { taxesBps })
  expect(routeNumbers(route, taxesBps).impactBps).toBe(1)
  const { executionPrice, impactBps } = routeNumbers(route)
  // Also where nobody tells of it: the price shows it, 0.997 x 0.95^2.
  expect(impactBps).toBe(1)
  expect((executionPrice.numerator * 10_000n) / executionPrice.denominator).toBe(8_997n)
})

test('of a pair, mid x fees x impact is what it gives before it rounds down to the unit', () => {
  const reserve = fc.bigInt(1n, 10n ** 12n)
  fc.assert(
    fc.property(reserve, reserve, fc.bigInt(1n, 10n ** 9n), (reserve0, reserve1, amount) => {
      const pool = pair('only', [0, 1], [reserve0, reserve1])
      const amountOut = (amount * 997n * reserve1) / (reserve0 * 1000n + amount * 997n)
      fc.pre(amountOut > 0n)
      const leg = { path: [{ pool, zeroForOne: true }], amountIn: amount, amountOut, parts: 1 }
      const numbers = routeNumbers({ legs: [leg], amountIn: amount, amountOut, gas: 0n })
      const { impact, feeShare, midPrice } = numbers
      const kept = (share: typeof impact) => share.denominator - share.numerator
      const unit = midPrice.denominator * feeShare.denominator * impact.denominator
      const unrounded = midPrice.numerator * kept(feeShare) * kept(impact) * amount
      const rest = unrounded - amountOut * unit
      // Amounts are followed to a part of a unit.
      expect(rest > -unit / PRECISION && rest < unit).toBe(true)
    }),
  )
})

test('what the contracts round away is no impact', () => {
  // Against a token without decimals, of which 3 whole units are bought where 3.9 would be due.
  const few = pair('few', [0, 1], [10n ** 24n, 10n ** 6n], 3000)
  const sold = 39n * 10n ** 17n
  const route = routeOver([few], sold)
  expect(route.amountOut).toBe(3n)
  expect(routeNumbers(route).impactBps).toBe(1)
  // The same through liquidity around the price of 10^-18.
  const state = concentrated(-414_487, [{ lower: -7_000, upper: -6_800, liquidity: 10n ** 18n }])
  const around: RoutePool = { ...few, id: 'around', protocol: 'uniswap-v3', state }
  const concentratedRoute = routeOver([around], sold)
  expect(concentratedRoute.amountOut).toBe(3n)
  expect(routeNumbers(concentratedRoute).impactBps).toBeLessThanOrEqual(1)
  // What is impact is still told: a third of the pool's tokens.
  const thin = pair('thin', [0, 1], [10n ** 19n, 10n], 0)
  expect(routeNumbers(routeOver([thin], 5n * 10n ** 18n)).impactBps).toBe(3_334)
})

test('slippage is rounded down, both ways', () => {
  expect(minimumReceived(1_000_999n, 50)).toBe(995_994n)
  expect(maximumSent(1_000_999n, 50)).toBe(1_006_003n)
  expect(minimumReceived(7n, 0)).toBe(7n)
  expect(minimumReceived(7n, 10_000)).toBe(0n)
  expect(() => minimumReceived(7n, 10_001)).toThrow('slippageBps')
  expect(() => maximumSent(7n, 0.5)).toThrow('slippageBps')
})

test('what an earlier leg does to a pool that a later one passes is impact, and not a worse price to begin with', () => {
  const pool = pair('shared', [0, 1], [1000n * E18, 1000n * E18], 0)
  const legs = [0, 1].map(() => ({ path: [{ pool, zeroForOne: true }], amount: 100n * E18 }))
  const done = simulateRoute(legs, 'in')
  if (done.status !== 'filled') throw new Error('stopped')
  const route = {
    ...done,
    legs: done.legs.map((leg) => ({ ...leg, path: leg.hops.map(({ hop }) => hop) })),
  }
  const { midPrice, impactBps } = routeNumbers(route)
  expect(midPrice.numerator).toBe(midPrice.denominator)
  // 200 into a reserve of 1,000, in one leg or in two.
  expect(impactBps).toBe(Math.ceil((200 / 1200) * 10_000))
})
