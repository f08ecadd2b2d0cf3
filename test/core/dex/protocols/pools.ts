import fc from 'fast-check'
import type { ConcentratedState, ConstantProductState } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick, TICK_MAX } from '#core/dex/protocols/tick-price.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'

export type Position = {
  readonly lower: number
  readonly upper: number
  readonly liquidity: bigint
}

export type PoolTerms = {
  readonly tickSpacing: number
  readonly feePips: number
  readonly tick: number
  /** Between the price of the tick and that of the next one; left out: exactly the tick's. */
  readonly sqrtPriceX96?: bigint
  readonly protocolFeePips?: readonly [number, number]
}

/** A pool of which everything is known, with these positions. */
export function poolOf(terms: PoolTerms, positions: readonly Position[]): ConcentratedState {
  const { tickSpacing, feePips, tick, protocolFeePips = [0, 0] } = terms
  const nets = new Map<number, bigint>()
  let inRange = 0n
  for (const { lower, upper, liquidity } of positions) {
    nets.set(lower, (nets.get(lower) ?? 0n) + liquidity)
    nets.set(upper, (nets.get(upper) ?? 0n) - liquidity)
    if (lower <= tick && tick < upper) inRange += liquidity
  }
  const indexes = Int32Array.from(nets.keys()).toSorted()
  return {
    kind: 'concentrated',
    sqrtPriceX96: terms.sqrtPriceX96 ?? sqrtPriceAtTick(tick),
    tick,
    liquidity: inRange,
    feePips,
    protocolFeePips,
    tickSpacing,
    ticks: {
      ...wordsOfSpacing(tickSpacing),
      indexes,
      nets: [...indexes].map((index) => nets.get(index) as bigint),
    },
  }
}

const logUniform = (bitsMax: number): fc.Arbitrary<bigint> =>
  fc
    .integer({ min: 1, max: bitsMax })
    .chain((bits) => fc.bigInt({ min: 1n << BigInt(bits - 1), max: (1n << BigInt(bits)) - 1n }))

/** From 1 to far above what pools hold, every order of magnitude as likely as the other. */
export const amounts = logUniform(120)

const fees = fc.constantFrom(0, 1, 100, 500, 3_000, 10_000, 999_999)

export const pairs: fc.Arbitrary<ConstantProductState> = fc.record({
  kind: fc.constant('constant-product' as const),
  reserve0: logUniform(112),
  reserve1: logUniform(112),
  feePips: fees,
})

export type DrawnPool = {
  readonly state: ConcentratedState
  readonly positions: readonly Position[]
}

/**
 * Pools with up to ten positions around the price or apart from it. Prices are between ticks, exactly at one, or at one
 * that a swap downwards has just crossed, where the tick is one below.
 */
export const pools: fc.Arbitrary<DrawnPool> = fc
  .record({
    tickSpacing: fc.constantFrom(1, 10, 60, 200),
    feePips: fees,
    slot: fc.integer({ min: -900, max: 900 }),
    inside: fc.constantFrom('at' as const, 'between' as const, 'crossed' as const),
    ranges: fc.array(
      fc.tuple(
        fc.integer({ min: -600, max: 600 }),
        fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 700 })),
        logUniform(100),
      ),
      { minLength: 1, maxLength: 10 },
    ),
  })
  .map(({ tickSpacing, feePips, slot, inside, ranges }) => {
    const max = Math.floor(TICK_MAX / tickSpacing)
    const at = (wanted: number): number => Math.max(-max, Math.min(max, wanted)) * tickSpacing
    const positions = ranges.map(([from, width, liquidity]) => ({
      lower: at(slot + from),
      upper: at(slot + from + width),
      liquidity,
    }))
    const [first] = positions as [Position]
    const tickThere = inside === 'between' ? at(slot) : first.lower
    const tick = inside === 'crossed' ? tickThere - 1 : tickThere
    const here = sqrtPriceAtTick(tickThere)
    const sqrtPriceX96 = inside === 'between' ? (here + sqrtPriceAtTick(tickThere + 1)) >> 1n : here
    return { state: poolOf({ tickSpacing, feePips, tick, sqrtPriceX96 }, positions), positions }
  })
