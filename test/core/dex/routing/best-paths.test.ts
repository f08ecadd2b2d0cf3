import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bestPaths } from '#core/dex/routing/best-paths.ts'
import { createGraph } from '#core/dex/routing/graph.ts'
import type { RankedPath, RouteRequest } from '#core/dex/routing/request.ts'
import { rankAll, type Ranked } from './exhaustive.ts'
import { concentrated, pair, randomAmount, randomPools, rivalPools, token } from './random-pools.ts'

const request: fc.Arbitrary<RouteRequest> = fc
  .record({
    exact: fc.constantFrom('in' as const, 'out' as const),
    amount: randomAmount,
    maxHops: fc.integer({ min: 1, max: 4 }),
    gasPrice: fc.option(
      fc.record({ numerator: fc.bigInt(1n, 50n), denominator: fc.constantFrom(7n, 1_000_000n) }),
    ),
    taxesBps: fc.option(
      fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 0, max: 5000 })), { maxLength: 2 }),
    ),
  })
  .map(({ gasPrice, taxesBps, ...rest }) => ({
    ...rest,
    tokenIn: token(0),
    tokenOut: token(1),
    ...(gasPrice && { gasPrice }),
    ...(taxesBps &&
      rest.exact === 'in' && {
        taxesBps: new Map(taxesBps.map(([index, bps]) => [token(index), bps] as const)),
      }),
  }))

const shown = (ranked: readonly (RankedPath | Ranked)[]) =>
  ranked.map(({ path, amountIn, amountOut, gas }) => ({
    pools: path.map(({ pool, zeroForOne }) => `${pool.id}${zeroForOne ? '>' : '<'}`).join(' '),
    amountIn,
    amountOut,
    gas,
  }))

test('the best paths are those of a search that tries every path, ties included', () => {
  let compared = 0
  let tied = 0
  fc.assert(
    fc.property(
      fc.oneof(randomPools(5, 14), rivalPools(5, 14)),
      request,
      fc.integer({ min: 1, max: 5 }),
      (pools, asked, k) => {
        const all = rankAll(pools, asked)
        const { paths } = bestPaths(createGraph(pools), asked, k)
        expect(shown(paths)).toEqual(shown(all.slice(0, k)))
        if (all.length > 1) compared++
        if (all.length > 1 && all[0]!.worth === all[1]!.worth) tied++
      },
    ),
    { numRuns: 2500 },
  )
  expect(compared).toBeGreaterThan(150)
  expect(tied).toBeGreaterThan(15)
})

test('the order of the pools changes nothing', () => {
  fc.assert(
    fc.property(
      randomPools(5, 14).chain((pools) =>
        fc.tuple(
          fc.constant(pools),
          fc.shuffledSubarray(pools, { minLength: pools.length, maxLength: pools.length }),
        ),
      ),
      request,
      ([pools, shuffled], asked) => {
        const [one, other] = [pools, shuffled].map((list) => bestPaths(createGraph(list), asked, 3))
        expect(shown(other!.paths)).toEqual(shown(one!.paths))
        expect([...other!.beyond]).toEqual([...one!.beyond])
      },
    ),
    { numRuns: 300 },
  )
})

test('while no pool is beyond its ticks, knowing them all changes nothing', () => {
  const rich = fc.record({
    tick: fc.integer({ min: -600, max: 600 }),
    lower: fc.integer({ min: -900, max: -1 }),
    upper: fc.integer({ min: 1, max: 900 }),
  })
  let silent = 0
  let heard = 0
  fc.assert(
    fc.property(
      randomPools(4, 6),
      fc.array(fc.tuple(rich, fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 4 }),
      request,
      (others, rolls, asked) => {
        const poolsWhen = (isWindowed: boolean) => [
          ...others.filter(({ state }) => state.kind === 'constant-product'),
          ...rolls
            .filter(([, a, b]) => a !== b)
            .map(([{ tick, lower, upper }, a, b], at) => ({
              id: `wide-${at}`,
              protocol: 'uniswap-v3' as const,
              token0: token(Math.min(a, b)),
              token1: token(Math.max(a, b)),
              state: concentrated(tick, [{ lower, upper, liquidity: 10n ** 7n }], {
                tickSpacing: 1,
                isWindowed,
              }),
            })),
        ]
        const known = bestPaths(createGraph(poolsWhen(false)), asked, 2)
        const some = bestPaths(createGraph(poolsWhen(true)), asked, 2)
        expect(known.beyond.size).toBe(0)
        if (some.beyond.size > 0) heard++
        else {
          silent++
          expect(shown(some.paths)).toEqual(shown(known.paths))
        }
      },
    ),
    { numRuns: 1000 },
  )
  expect(silent).toBeGreaterThan(100)
  expect(heard).toBeGreaterThan(20)
})

test('a pool whose ticks end on the way to a better path is named, one on the way to a worse is not', () => {
  const windowed = (tick: number) =>
    concentrated(tick, [{ lower: -5000, upper: 5000, liquidity: 10n ** 9n }], {
      tickSpacing: 1,
      isWindowed: true,
    })
  const graphWith = (tick: number) =>
    createGraph([
      pair('pair', [0, 1], [10n ** 12n, 10n ** 12n]),
      { ...pair('wide', [0, 1], [1n, 1n]), protocol: 'uniswap-v3', state: windowed(tick) },
    ])
  const asked = { tokenIn: token(0), tokenOut: token(1), exact: 'in', amount: 10n ** 9n } as const
  const better = bestPaths(graphWith(900), asked, 1)
  expect(better.paths.map(({ path }) => path[0]!.pool.id)).toEqual(['pair'])
  expect([...better.beyond]).toEqual(['wide'])
  expect([...bestPaths(graphWith(-900), asked, 1).beyond]).toEqual([])
  // Tried first, as the pools before it have the best price; but they lose half of the amount.
  const detour = createGraph([
    pair('pair', [0, 1], [10n ** 12n, 9n * 10n ** 11n]),
    pair('small', [0, 2], [10n ** 9n, 10n ** 9n]),
    { ...pair('wide', [1, 2], [1n, 1n]), protocol: 'uniswap-v3', state: windowed(0) },
  ])
  const found = bestPaths(detour, asked, 1)
  expect(found.paths.map(({ path }) => path.length)).toEqual([1])
  expect([...found.beyond]).toEqual([])
  expect([...bestPaths(detour, asked, 2).beyond]).toEqual(['wide'])
})

test('gas turns the choice: a hop more must earn what it costs', () => {
  const pools = [
    pair('direct', [0, 1], [10n ** 24n, 10n ** 24n]),
    pair('first', [0, 2], [10n ** 24n, 101n * 10n ** 22n]),
    pair('second', [1, 2], [10n ** 24n, 10n ** 24n]),
  ]
  const asked = { tokenIn: token(0), tokenOut: token(1), exact: 'in', amount: 10n ** 18n } as const
  const hopsAt = (numerator: bigint) =>
    bestPaths(createGraph(pools), { ...asked, gasPrice: { numerator, denominator: 1n } }, 1)
      .paths[0]?.path.length
  expect(hopsAt(0n)).toBe(2)
  expect(hopsAt(10n ** 9n)).toBe(2)
  expect(hopsAt(10n ** 12n)).toBe(1)
})

test('requests that make no sense are refused, naming the field', () => {
  const graph = createGraph([pair('only', [0, 1], [100n, 100n])])
  const asked = { tokenIn: token(0), tokenOut: token(1), exact: 'in', amount: 1n } as const
  const refused = (wrong: RouteRequest) => {
    try {
      bestPaths(graph, wrong, 1)
      return null
    } catch (error) {
      return (error as { details?: { field: string } }).details?.field
    }
  }
  expect(refused({ ...asked, tokenOut: token(0) })).toBe('tokenOut')
  expect(refused({ ...asked, amount: 0n })).toBe('amount')
  expect(refused({ ...asked, amount: 2n ** 255n })).toBe('amount')
  expect(refused({ ...asked, maxHops: 5 })).toBe('maxHops')
  expect(refused({ ...asked, taxesBps: new Map([[token(0), 10_001]]) })).toBe('taxesBps')
  expect(refused({ ...asked, gasPrice: { numerator: -1n, denominator: 1n } })).toBe('gasPrice')
})
