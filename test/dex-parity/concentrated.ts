import { largestFill } from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, SwapInput, TickWindow } from '#core/dex/protocols/state.ts'
import { sqrtPriceAtTick, TICK_MAX, TICK_MIN } from '#core/dex/protocols/tick-price.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'
import type { Random } from '../fakes/random.ts'
import { drawAmount } from './amounts.ts'

/** How a pool is set up: where its price begins, and where liquidity lies around it. */
export type PoolSpec = {
  readonly feePips: number
  readonly tickSpacing: number
  readonly startTick: number
  /** How far from the start positions lie, in spacings; 0: there are none. */
  readonly reach: number
  /** None near the price upwards: a swap has to jump to the rest. */
  readonly gap?: true
  /** A position that is everywhere. */
  readonly fullRange?: true
  /** Orders of magnitude of what each position is offered; V3 only. */
  readonly depositBits?: readonly [number, number]
  /** Of the input, in pips, in each direction; V4 only. */
  readonly protocolFeePips?: readonly [number, number]
}

export type Range = readonly [lower: number, upper: number]

const POSITIONS = 18

/** About three dozen ticks, some of them at the edges of words and at the price itself. */
export function drawRanges(random: Random, spec: PoolSpec): Range[] {
  const { tickSpacing, startTick, reach, gap, fullRange } = spec
  const centre = Math.floor(startTick / tickSpacing)
  const max = Math.floor(TICK_MAX / tickSpacing)
  const within = (slot: number): number => Math.max(-max, Math.min(max, slot)) * tickSpacing
  const ranges = Array.from({ length: reach === 0 ? 0 : POSITIONS }, (_, index): Range => {
    const from = centre - random.int(reach) - (gap ? 1 : 0)
    const to = centre + 1 + random.int(reach)
    const wordEdge = (slot: number): number => slot & ~255
    if (gap) {
      const far = centre + 700 + random.int(reach)
      return index % 3 === 0
        ? [within(far), within(far + 1 + random.int(reach))]
        : [within(from - 1 - random.int(reach)), within(index % 3 === 1 ? from : centre)]
    }
    if (index === 0) return [within(centre), within(to)]
    if (index === 1) return [within(from), within(centre + (from === centre ? 1 : 0))]
    if (index === 2) return [within(wordEdge(from)), within(to)]
    if (index === 3) return [within(from), within(wordEdge(to + 256) - 1)]
    return [within(from), within(to)]
  })
  const valid = ranges.filter(([lower, upper]) => lower < upper)
  return fullRange ? [[within(-max), within(max)], ...valid] : valid
}

/** All the words there are, with the ticks that have liquidity, as the pool told. */
export function wholeWindow(
  tickSpacing: number,
  ticks: readonly (readonly [tick: number, net: bigint, gross: bigint])[],
): TickWindow {
  const initialised = ticks.filter(([, , gross]) => gross > 0n).toSorted(([a], [b]) => a - b)
  return {
    ...wordsOfSpacing(tickSpacing),
    indexes: Int32Array.from(initialised, ([tick]) => tick),
    nets: initialised.map(([, net]) => net),
  }
}

export const ticksOf = (ranges: readonly Range[]): Set<number> => new Set(ranges.flat())

/** A swap either way, of any size up to twice all there is; every fourth with a limit, some of them exactly at a tick. */
export function drawSwap(random: Random, state: ConcentratedState): SwapInput {
  const zeroForOne = random.chance(0.5)
  const exact = random.pick(['in', 'out'] as const)
  const largest = largestFill(state, zeroForOne, exact)
  const amount = drawAmount(random, largest > 0n ? largest : 10n ** 18n)
  const input = { zeroForOne, exact, amount }
  if (random.chance(0.75)) return input
  const sqrtPriceLimitX96 = drawLimit(random, state, zeroForOne)
  return sqrtPriceLimitX96 === undefined ? input : { ...input, sqrtPriceLimitX96 }
}

function drawLimit(
  random: Random,
  { ticks, tick, tickSpacing, sqrtPriceX96 }: ConcentratedState,
  zeroForOne: boolean,
): bigint | undefined {
  const sign = zeroForOne ? -1 : 1
  const anywhere = tick + sign * random.int(600 * tickSpacing)
  const atTick = random.pick([...ticks.indexes])
  const word = 256 * tickSpacing
  const atEdge = (Math.floor(tick / word) + random.pick([-1, 0, 1, 2])) * word
  const chosen = random.pick([anywhere, atTick, atEdge])
  const limit =
    sqrtPriceAtTick(Math.max(TICK_MIN + 1, Math.min(TICK_MAX - 1, chosen))) +
    BigInt(random.pick([0, 0, 0, 1, -1]))
  return (zeroForOne ? limit < sqrtPriceX96 : limit > sqrtPriceX96) ? limit : undefined
}
