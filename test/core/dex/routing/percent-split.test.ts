import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import { findRoute } from '#core/dex/routing/find-route.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import type { FindRouteRequest } from '#core/dex/routing/request.ts'
import type { RoutePool } from '#core/dex/routing/route.ts'
import { deepPools, largeOrder } from './deep-pools.ts'
import { percentSplit } from './percent-split.ts'
import { rivalPools, token } from './random-pools.ts'

type Order = Pick<FindRouteRequest, 'exact' | 'amount'>

const smallOrder: fc.Arbitrary<Order> = fc.record({
  exact: fc.constantFrom('in' as const, 'out' as const),
  amount: fc.bigInt(10n ** 4n, 10n ** 7n),
})

/** Without gas, with a little, and with so much that it decides how many legs there are. */
const markets: readonly (readonly [
  string,
  fc.Arbitrary<[RoutePool[], Order]>,
  readonly (Rational | undefined)[],
])[] = [
  [
    'large orders among few deep pools',
    fc.tuple(deepPools, largeOrder),
    [
      undefined,
      { numerator: 10n ** 11n, denominator: 1n },
      { numerator: 10n ** 14n, denominator: 1n },
    ],
  ],
  [
    'pools that compete for every trade',
    fc.tuple(rivalPools(5, 9), smallOrder),
    [undefined, { numerator: 1n, denominator: 5_000n }, { numerator: 1n, denominator: 200n }],
  ],
]

for (const [name, arbitrary, gasPrices] of markets)
  test(`no route is worth less than the one that a split by steps of 5 % finds: ${name}`, () => {
    let compared = 0
    let gained = 0
    for (const [pools, { exact, amount }] of fc.sample(arbitrary, { numRuns: 150, seed: 5 })) {
      for (const gasPrice of gasPrices) {
        const asked: FindRouteRequest = {
          tokenIn: token(0),
          tokenOut: token(1),
          exact,
          // Whole in every step.
          amount: amount - (amount % 20n),
          parts: 20,
          ...(gasPrice && { gasPrice }),
        }
        const theirs = percentSplit(pools, asked)
        if (theirs === null) continue
        const found = findRoute(createGraph(pools), asked)
        if (found.status !== 'filled') throw new Error(found.status)
        const { amountIn, amountOut, gas } = found.route
        const { numerator, denominator } = gasPrice ?? { numerator: 0n, denominator: 1n }
        const ours = (exact === 'in' ? amountOut : -amountIn) * denominator - gas * numerator
        expect(ours).toBeGreaterThanOrEqual(theirs)
        compared++
        if (ours > theirs) gained++
      }
    }
    expect(compared).toBeGreaterThan(100)
    expect(gained).toBeGreaterThan(20)
  })
