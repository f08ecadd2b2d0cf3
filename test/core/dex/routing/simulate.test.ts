import fc from 'fast-check'
import { expect, test } from 'vitest'
import { swap } from '#core/dex/protocols/protocols.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { findRoute } from '#core/dex/routing/find-route.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import { simulatePath, simulateRoute, type SimulatedHop } from '#core/dex/routing/simulate.ts'
import { concentrated, pair, rivalPools, token } from './random-pools.ts'

const E18 = 10n ** 18n
const hop = (pool: ReturnType<typeof pair>, zeroForOne = true) => ({ pool, zeroForOne })

/** Pools of an exact-out leg as routers leave them: all but concentrated ones are sold the input. */
function leftBySale(
  hops: readonly SimulatedHop[],
  amountIn: bigint,
  states: ReadonlyMap<string, PoolState>,
) {
  if (hops.every(({ before }) => before.kind === 'concentrated'))
    return hops.map(({ after }) => after)
  const sold = simulatePath(
    hops.map((one) => one.hop),
    'in',
    amountIn,
    { states },
  )
  if (sold.status !== 'filled') throw new Error('what was worked out can be sold')
  return sold.hops.map(({ after }) => after)
}

test('a route that was found does what it says when it is simulated', () => {
  let hops = 0
  fc.assert(
    fc.property(
      rivalPools(4, 10),
      fc.constantFrom('in' as const, 'out' as const),
      fc.bigInt(100n, 10n ** 7n),
      fc.option(fc.integer({ min: 1, max: 1000 })),
      (pools, exact, amount, taxBps) => {
        const taxesBps =
          taxBps && exact === 'in'
            ? new Map([token(0), token(1)].map((taxed) => [taxed, taxBps] as const))
            : new Map<never, number>()
        const asked = { tokenIn: token(0), tokenOut: token(1), exact, amount, parts: 7, taxesBps }
        const found = findRoute(createGraph(pools), asked)
        if (found.status !== 'filled') return
        const { route } = found
        const given = (leg: (typeof route.legs)[number]) =>
          exact === 'in' ? leg.amountIn : leg.amountOut
        const legs = route.legs.map((leg) => ({ path: leg.path, amount: given(leg) }))
        const done = simulateRoute(legs, exact, { taxesBps })
        if (done.status !== 'filled') throw new Error('a route that was found was stopped')
        expect([done.amountIn, done.amountOut, done.gas]).toEqual([
          route.amountIn,
          route.amountOut,
          route.gas,
        ])
        const states = new Map<string, PoolState>()
        for (const leg of done.legs) {
          for (const [at, one] of leg.hops.entries()) {
            hops++
            expect(one.before).toEqual(states.get(one.hop.pool.id) ?? one.hop.pool.state)
            const before = leg.hops[at - 1]
            if (before) expect(one.amountIn).toBe(before.amountOut)
          }
          const left =
            exact === 'in'
              ? leg.hops.map(({ after }) => after)
              : leftBySale(leg.hops, leg.amountIn, states)
          for (const [at, one] of leg.hops.entries()) states.set(one.hop.pool.id, left[at]!)
        }
        expect(done.states).toEqual(states)
      },
    ),
    { numRuns: 500 },
  )
  expect(hops).toBeGreaterThan(200)
})

test('legs that share a pool are swapped one after the other', () => {
  const pool = pair('shared', [0, 1], [1000n * E18, 2000n * E18])
  const other = pair('other', [1, 2], [1000n * E18, 1000n * E18])
  const done = simulateRoute(
    [
      { path: [hop(pool)], amount: E18 },
      { path: [hop(pool), hop(other)], amount: 2n * E18 },
      { path: [hop(pool, false)], amount: 3n * E18 },
    ],
    'in',
  )
  if (done.status !== 'filled') throw new Error('stopped')
  let { state } = pool
  const amounts: bigint[] = []
  for (const [amount, zeroForOne] of [
    [E18, true],
    [2n * E18, true],
    [3n * E18, false],
  ] as const) {
    const outcome = swap(state, { zeroForOne, exact: 'in', amount })
    if (outcome.status !== 'filled') throw new Error('stopped')
    amounts.push(outcome.amountOut)
    state = outcome.after
  }
  expect(done.legs.map(({ hops }) => hops[0]?.amountOut)).toEqual(amounts)
  expect(done.states.get('shared')).toEqual(state)
})

test('an exact output of a pair leaves what selling its input leaves, for the leg behind it', () => {
  const pool = pair('shared', [0, 1], [1_000_003n, 700_001n])
  const leg = { path: [hop(pool)], amount: 1_000n }
  const done = simulateRoute([leg, leg], 'out')
  if (done.status !== 'filled') throw new Error('stopped')
  let { state } = pool
  for (const { amountIn } of done.legs) {
    const bought = swap(state, { zeroForOne: true, exact: 'out', amount: 1_000n })
    expect(bought).toMatchObject({ amountIn })
    const sold = swap(state, { zeroForOne: true, exact: 'in', amount: amountIn })
    if (sold.status !== 'filled') throw new Error('stopped')
    state = sold.after
  }
  expect(done.states.get('shared')).toEqual(state)
})

test('an exact output is worked out from the last hop to the first', () => {
  const path = [
    hop(pair('a', [0, 1], [1000n * E18, 2000n * E18])),
    hop(pair('b', [1, 2], [500n * E18, 700n * E18])),
  ]
  const done = simulatePath(path, 'out', E18)
  if (done.status !== 'filled') throw new Error('stopped')
  expect(done.hops.map((one) => one.hop.pool.id)).toEqual(['a', 'b'])
  expect(done.hops[1]?.amountOut).toBe(E18)
  expect(done.hops[0]?.amountOut).toBe(done.hops[1]?.amountIn)
  expect(done.amountIn).toBe(done.hops[0]?.amountIn)
  const back = simulatePath(path, 'in', done.amountIn)
  expect(back.status === 'filled' && back.amountOut >= E18).toBe(true)
})

test('a hop that cannot do its part stops the simulation and says why', () => {
  const shallow = {
    ...pair('shallow', [1, 2], [1n, 1n]),
    state: concentrated(0, [{ lower: -1, upper: 1, liquidity: 1000n }]),
  }
  const path = [hop(pair('deep', [0, 1], [E18, E18])), hop(shallow)]
  expect(simulatePath(path, 'in', 10n ** 9n)).toMatchObject({
    status: 'stopped',
    at: 1,
    outcome: { status: 'partial' },
  })
  const legs = [
    { path: [path[0]!], amount: 5n },
    { path, amount: 10n ** 9n },
  ]
  expect(simulateRoute(legs, 'in')).toMatchObject({ status: 'stopped', leg: 1, at: 1 })
  const dust = [hop(pair('dear', [0, 1], [E18, 10n])), hop(shallow)]
  expect(simulatePath(dust, 'in', 1n)).toMatchObject({ status: 'stopped', at: 0 })
})

test('a path that names a pool twice is refused', () => {
  const pool = pair('twice', [0, 1], [E18, E18])
  expect(() => simulatePath([hop(pool), hop(pool, false)], 'in', 1n)).toThrow('once')
})
