import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findRoute } from '#core/dex/routing/find-route.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import { routeNumbers } from '#core/dex/routing/impact.ts'
import type { Route, RoutePool } from '#core/dex/routing/route.ts'
import { maximumSent, minimumReceived } from '#core/dex/routing/slippage.ts'
import { pair, rivalPools, token } from './random-pools.ts'

const E18 = 10n ** 18n

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
  const route = routeOver(pools, 400n * E18, { parts: 4 })
  expect(route.legs.map(({ path, parts }) => [path[0]?.pool.id, parts])).toEqual([
    ['cheap', 2],
    ['dear', 2],
  ])
  const { midPrice, feeShareBps } = routeNumbers(route)
  expect(midPrice.numerator * 100n).toBe(midPrice.denominator * 195n)
  // Half at 1.9 loses 1 %: 0.0095 of 1.95.
  expect(feeShareBps).toBe(49)
})

test('no route is better than its mid price less fees, and price = mid x fees x impact', () => {
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
          expect(
            midPrice.numerator * kept(feeShare) * kept(impact) * executionPrice.denominator,
          ).toBe(
            executionPrice.numerator *
              midPrice.denominator *
              feeShare.denominator *
              impact.denominator,
          )
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
  // 1 - 0.95^2 and a little.
  expect(routeNumbers(route).impactBps).toBe(976)
})

test('slippage is rounded down, both ways', () => {
  expect(minimumReceived(1_000_999n, 50)).toBe(995_994n)
  expect(maximumSent(1_000_999n, 50)).toBe(1_006_003n)
  expect(minimumReceived(7n, 0)).toBe(7n)
  expect(minimumReceived(7n, 10_000)).toBe(0n)
  expect(() => minimumReceived(7n, 10_001)).toThrow('slippageBps')
  expect(() => maximumSent(7n, 0.5)).toThrow('slippageBps')
})
