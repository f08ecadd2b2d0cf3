import fc from 'fast-check'
import type { Address } from '#core/chain.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { wordOfTick, wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'
import type { RoutePool, SwapProtocol } from '#core/dex/routing/route.ts'

export const token = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, '0')}`

export const pair = (
  id: string,
  tokens: readonly [number, number],
  reserves: readonly [bigint, bigint],
  feePips = 3000,
): RoutePool => ({
  id,
  protocol: 'uniswap-v2',
  token0: token(tokens[0]),
  token1: token(tokens[1]),
  state: { kind: 'constant-product', reserve0: reserves[0], reserve1: reserves[1], feePips },
})

export type Position = {
  readonly lower: number
  readonly upper: number
  readonly liquidity: bigint
}

/** A concentrated pool at a tick, with positions in units of its spacing. */
export function concentrated(
  tick: number,
  positions: readonly Position[],
  { feePips = 3000, tickSpacing = 60, isWindowed = false, protocolFeePips = 0 } = {},
): PoolState {
  const nets = new Map<number, bigint>()
  let liquidity = 0n
  for (const position of positions) {
    const [lower, upper] = [position.lower * tickSpacing, position.upper * tickSpacing]
    nets.set(lower, (nets.get(lower) ?? 0n) + position.liquidity)
    nets.set(upper, (nets.get(upper) ?? 0n) - position.liquidity)
    if (lower <= tick && tick < upper) liquidity += position.liquidity
  }
  const word = wordOfTick(tick, tickSpacing)
  const words = isWindowed ? { fromWord: word, toWord: word } : wordsOfSpacing(tickSpacing)
  const known = [...nets]
    .filter(([index, net]) => {
      const at = wordOfTick(index, tickSpacing)
      return net !== 0n && at >= words.fromWord && at <= words.toWord
    })
    .toSorted(([a], [b]) => a - b)
  return {
    kind: 'concentrated',
    sqrtPriceX96: sqrtPriceAtTick(tick),
    tick,
    liquidity,
    feePips,
    protocolFeePips: [protocolFeePips, protocolFeePips],
    tickSpacing,
    ticks: {
      ...words,
      indexes: Int32Array.from(known, ([index]) => index),
      nets: known.map(([, net]) => net),
    },
  }
}

const fee = fc.constantFrom(0, 100, 3000, 10_000)
const magnitude = (min: number, max: number) =>
  fc
    .record({ digits: fc.integer({ min, max }), lead: fc.constantFrom(1n, 2n, 9n) })
    .map(({ digits, lead }) => lead * 10n ** BigInt(digits))

const constantProduct: fc.Arbitrary<PoolState> = fc.record({
  kind: fc.constant('constant-product' as const),
  reserve0: fc.oneof(magnitude(3, 8), fc.bigInt(0n, 10n ** 8n)),
  reserve1: fc.oneof(magnitude(3, 8), fc.bigInt(0n, 10n ** 8n)),
  feePips: fee,
})

const rangesAt = (tickMax: number, windowed: readonly boolean[]): fc.Arbitrary<PoolState> =>
  fc
    .record({
      tick: fc.integer({ min: -tickMax, max: tickMax }),
      positions: fc.array(
        fc
          .record({
            lower: fc.integer({ min: -300, max: 290 }),
            width: fc.integer({ min: 1, max: 300 }),
            liquidity: magnitude(3, 9),
          })
          .map(({ lower, width, liquidity }) => ({ lower, upper: lower + width, liquidity })),
        { minLength: 1, maxLength: 3 },
      ),
      feePips: fee,
      protocolFeePips: fc.constantFrom(0, 500),
      tickSpacing: fc.constantFrom(10, 60),
      isWindowed: fc.constantFrom(...windowed),
    })
    .map(({ tick, positions, ...options }) => concentrated(tick, positions, options))

/** Prices of all kinds, and pools that can fill little. */
const unlike = fc.oneof(constantProduct, rangesAt(3000, [false, false, true]))

/** Prices near 1, so that many paths are worth taking. */
const alike: fc.Arbitrary<PoolState> = fc.oneof(
  fc
    .record({ depth: magnitude(5, 8), skew: fc.bigInt(970n, 1030n), feePips: fee })
    .map(({ depth, skew, feePips }) => ({
      kind: 'constant-product' as const,
      reserve0: depth,
      reserve1: (depth * skew) / 1000n,
      feePips,
    })),
  rangesAt(100, [false]),
)

const protocolsOf: Record<PoolState['kind'], readonly SwapProtocol[]> = {
  'constant-product': ['uniswap-v2'],
  concentrated: ['uniswap-v3', 'uniswap-v4'],
  // None are drawn.
  solidly: [],
}

/** A few pools among a few tokens; some the same, so that paths tie. */
export const randomPools = (tokens: number, poolsMax: number): fc.Arbitrary<RoutePool[]> =>
  poolsOf(unlike, tokens, poolsMax)

/** Pools that compete for every trade. */
export const rivalPools = (tokens: number, poolsMax: number): fc.Arbitrary<RoutePool[]> =>
  poolsOf(alike, tokens, poolsMax)

const poolsOf = (
  states: fc.Arbitrary<PoolState>,
  tokens: number,
  poolsMax: number,
): fc.Arbitrary<RoutePool[]> =>
  fc
    .array(
      fc.record({
        a: fc.nat(tokens - 1),
        b: fc.nat(tokens - 1),
        state: states,
        protocol: fc.nat(1),
        isTwin: fc.nat(4).map((roll) => roll === 0),
      }),
      { minLength: 1, maxLength: poolsMax },
    )
    .map((rolls) => {
      const pools: RoutePool[] = []
      for (const [at, { a, b, state, protocol, isTwin }] of rolls.entries()) {
        const last = pools.at(-1)
        // Names in no order of the list.
        const id = `pool-${String((at * 7) % 31).padStart(2, '0')}`
        if (isTwin && last) pools.push({ ...last, id })
        else if (a !== b) {
          const kinds = protocolsOf[state.kind]
          pools.push({
            id,
            protocol: kinds[protocol % kinds.length]!,
            token0: token(Math.min(a, b)),
            token1: token(Math.max(a, b)),
            state,
          })
        }
      }
      return pools
    })

export const randomAmount: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(1n, 50n),
  magnitude(2, 9),
  fc.bigInt(1n, 10n ** 7n),
)
