import type { RouteGraph } from './graph.ts'
import { type Plan, planOf, type Share } from './plan.ts'
import { shareParts } from './share.ts'
import { splitAmount } from './split.ts'
import type { Trade } from './trade.ts'

/** With gas to pay, a leg may earn it by a larger part only: so the parts are also tried this large. */
const COARSE_PARTS = 5

/**
 * The best split that was found: legs without a pool in common, or legs that share some. What counts is what they give when they are executed one after the other.
 *
 * @param onBeyond hears of pools, by index, whose known ticks do not suffice
 * @returns null where no split that was tried carries the amount
 */
export function* bestSplit(
  graph: RouteGraph,
  trade: Trade,
  amount: bigint,
  parts: number,
  onBeyond: (pool: number) => void,
): Generator<void, Plan | null> {
  let best: Plan | null = null
  const consider = (shares: readonly Share[] | null): void => {
    if (!shares || shares.length === 0 || shares.length > parts) return
    const plan = planOf(graph, trade, shares)
    if (plan && (!best || plan.score > best.score)) best = plan
  }
  consider(yield* splitAmount(graph, trade, amount, parts, onBeyond))
  yield
  const apart = best
  consider(yield* shareParts(graph, trade, amount, parts, onBeyond))
  yield
  // Where legs that share pools have gained by small parts, gas does not decide.
  if (trade.gasPrice && parts > COARSE_PARTS && best === apart)
    consider(yield* shareParts(graph, trade, amount, COARSE_PARTS, onBeyond))
  return best
}
