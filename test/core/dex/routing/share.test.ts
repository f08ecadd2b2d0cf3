import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findRoute } from '#core/dex/routing/find-route.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import { planOf } from '#core/dex/routing/plan.ts'
import type { RoutePool } from '#core/dex/routing/route.ts'
import { simulateRoute } from '#core/dex/routing/simulate.ts'
import { splitAmount } from '#core/dex/routing/split.ts'
import { readTrade } from '#core/dex/routing/trade.ts'
import { deepPools, largeOrder } from './deep-pools.ts'
import { fineGreedy } from './fine-greedy.ts'
import { concentrated, pair, token } from './random-pools.ts'

const E18 = 10n ** 18n
test('a large order among few deep pools comes within 0.1 % of sharing it in 300 parts', () => {
  const cases = fc.sample(fc.tuple(deepPools, largeOrder), { numRuns: 400, seed: 11 })
  let compared = 0
  let gained = 0
  for (const [pools, order] of cases) {
    const asked = { tokenIn: token(0), tokenOut: token(1), ...order, parts: 20 }
    const fine = fineGreedy(pools, asked, 300)
    const small = fineGreedy(pools, { ...asked, amount: asked.amount / 100n }, 1)
    if (fine === null || small === null) continue
    // An order of the pools' own size empties them; nobody sends one.
    const kept = asked.exact === 'in' ? (fine * 10n) / small : (small * 1000n) / (fine / 10n)
    if (kept < 500n) continue
    const graph = createGraph(pools)
    const found = findRoute(graph, asked)
    if (found.status !== 'filled') throw new Error(found.status)
    compared++
    const { amountIn, amountOut } = found.route
    if (asked.exact === 'in') expect(amountOut * 1000n).toBeGreaterThanOrEqual(fine * 999n)
    else expect(amountIn * 1000n).toBeLessThanOrEqual(fine * 1001n)
    const apart = apartOnly(pools, asked)
    if (!apart) continue
    const [mine, theirs] =
      asked.exact === 'in' ? [amountOut, apart.amountOut] : [apart.amountIn, amountIn]
    // What legs without a common pool give is the least.
    expect(mine).toBeGreaterThanOrEqual(theirs)
    if (mine * 1000n > theirs * 1001n) gained++
  }
  expect(compared).toBeGreaterThan(60)
  expect(gained).toBeGreaterThan(5)
})

function apartOnly(pools: readonly RoutePool[], asked: Parameters<typeof findRoute>[1]) {
  const graph = createGraph(pools)
  const trade = readTrade(graph, asked)
  if (!trade) return null
  const steps = splitAmount(graph, trade, asked.amount, asked.parts ?? 1, () => {})
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value && planOf(graph, trade, value)
  }
}

/** One deep pool towards two that are small: legs without a common pool could take but one of them. */
const funnel = (protocol: 'uniswap-v2' | 'uniswap-v3'): RoutePool[] => {
  const wide = (id: string, tokens: readonly [number, number], liquidity: bigint): RoutePool => ({
    ...pair(id, tokens, [liquidity, liquidity]),
    ...(protocol === 'uniswap-v3' && {
      protocol,
      state: concentrated(0, [{ lower: -5_000, upper: 5_000, liquidity }]),
    }),
  })
  return [
    wide('deep', [0, 2], 10n ** 25n),
    wide('left', [1, 2], 10n ** 23n),
    wide('right', [1, 2], 10n ** 23n),
  ]
}

for (const protocol of ['uniswap-v2', 'uniswap-v3'] as const)
  for (const exact of ['in', 'out'] as const)
    test(`legs pass a deep pool together, and say what they do in their order: ${protocol}, exact ${exact}`, () => {
      const asked = { tokenIn: token(0), tokenOut: token(1), exact, amount: 20_000n * E18 } as const
      const graph = createGraph(funnel(protocol))
      const alone = findRoute(graph, asked)
      const shared = findRoute(graph, { ...asked, parts: 20 })
      if (alone.status !== 'filled' || shared.status !== 'filled') throw new Error('not filled')
      const { legs, amountIn, amountOut, gas } = shared.route
      expect(legs.map(({ path }) => path.map(({ pool }) => pool.id))).toEqual(
        expect.arrayContaining([
          ['deep', 'left'],
          ['deep', 'right'],
        ]),
      )
      if (exact === 'in') expect(amountOut * 100n).toBeGreaterThan(alone.route.amountOut * 105n)
      else expect(amountIn * 105n).toBeLessThan(alone.route.amountIn * 100n)
      const done = simulateRoute(
        legs.map((leg) => ({
          path: leg.path,
          amount: exact === 'in' ? leg.amountIn : leg.amountOut,
        })),
        exact,
      )
      if (done.status !== 'filled') throw new Error('stopped')
      expect(done.legs.map((leg) => [leg.amountIn, leg.amountOut])).toEqual(
        legs.map((leg) => [leg.amountIn, leg.amountOut]),
      )
      expect([done.amountIn, done.amountOut, done.gas]).toEqual([amountIn, amountOut, gas])
      expect(exact === 'in' ? amountIn : amountOut).toBe(asked.amount)
    })

test('a leg that would not earn its gas is not made of a shared pool either', () => {
  const asked = {
    tokenIn: token(0),
    tokenOut: token(1),
    exact: 'in',
    amount: 20_000n * E18,
    parts: 20,
    gasPrice: { numerator: 10n ** 17n, denominator: 1n },
  } as const
  const found = findRoute(createGraph(funnel('uniswap-v2')), asked)
  expect(found.status === 'filled' && found.route.legs.length).toBe(1)
})
