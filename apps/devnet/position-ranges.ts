import { TICK_SPACING, type V3PoolSpec } from './market.ts'
import { tickOf, usableTick } from './v3-price.ts'

/** Times the price, up and down: the position that is in range whatever happens. */
const WIDEST_SPREAD = 100

/**
 * Where liquidity lies: one position that is nearly everywhere, the others nested around the price, ever wider. Some
 * lean to one side and every fifth is on one side only, so that crossing ticks adds liquidity as well as removes it.
 */
export function positionRanges(
  { positions, spread, feePips }: V3PoolSpec,
  tick: number,
): [lower: number, upper: number][] {
  const spacing = TICK_SPACING[feePips]
  const range = (below: number, above: number): [number, number] => [
    usableTick(tick - below, spacing),
    usableTick(tick + above, spacing),
  ]
  const widest = tickOf(WIDEST_SPREAD)
  const nested = Array.from({ length: positions - 1 }, (_, index) => {
    const half = (tickOf(spread) * (index + 1)) / (positions - 1)
    if (index % 5 === 4) return range(-half * 0.4, half)
    const lean = 1 - 0.3 * (index % 3)
    return index % 2 === 0 ? range(half, half * lean) : range(half * lean, half)
  })
  return [range(widest, widest), ...nested]
}
