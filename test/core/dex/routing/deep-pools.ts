import fc from 'fast-check'
import type { RoutePool } from '#core/dex/routing/route.ts'
import { concentrated, pair } from './random-pools.ts'

const ticksAround = (base: number) =>
  fc.array(
    fc.record({
      lower: fc.integer({ min: 1, max: 40 }).map((below) => base - below),
      upper: fc.integer({ min: 1, max: 40 }).map((above) => base + above),
    }),
    { minLength: 2, maxLength: 6 },
  )

/** A few deep pools whose prices agree but for some basis points, as on chains where arbitrage works. */
export const deepPools: fc.Arbitrary<RoutePool[]> = fc
  .tuple(
    fc.array(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 3, maxLength: 5 }),
    fc.array(
      fc.record({
        a: fc.nat(4),
        b: fc.nat(4),
        off: fc.integer({ min: -50, max: 50 }),
        digits: fc.double({ min: 22, max: 25, noNaN: true }),
        feePips: fc.constantFrom(100, 500, 3000),
        isPair: fc.boolean(),
        ranges: ticksAround(0),
      }),
      { minLength: 3, maxLength: 10 },
    ),
  )
  .map(([ticks, rolls]) =>
    rolls.flatMap(({ a, b, off, digits, feePips, isPair, ranges }, index) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)]
      const [from, to] = [ticks[low], ticks[high]]
      if (low === high || from === undefined || to === undefined) return []
      const tick = from - to + off
      const depth = BigInt(Math.round(10 ** digits))
      const reserve1 = (depth * BigInt(Math.round(1.0001 ** tick * 1e15))) / 10n ** 15n
      const pool = pair(`pool-${index}`, [low, high], [depth, reserve1])
      if (isPair) return [pool]
      const base = Math.floor(tick / 60)
      const positions = ranges.map(({ lower, upper }) => ({
        lower: base + lower,
        upper: base + upper,
        liquidity: depth,
      }))
      const wide = { lower: -14_000, upper: 14_000, liquidity: depth / 10n }
      const state = concentrated(tick, [...positions, wide], { feePips })
      return [{ ...pool, protocol: 'uniswap-v3' as const, state }]
    }),
  )

export const largeOrder = fc.record({
  exact: fc.constantFrom('in' as const, 'out' as const),
  amount: fc
    .double({ min: 21, max: 24, noNaN: true })
    .map((digits) => BigInt(Math.round(10 ** digits))),
})
