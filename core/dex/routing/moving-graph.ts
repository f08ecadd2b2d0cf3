import { swap } from '#core/dex/protocols/protocols.ts'
import { afterTax } from '#core/dex/protocols/token-tax.ts'
import { rateEdges, type RouteGraph } from './graph.ts'
import type { RoutePool } from './route.ts'
import type { Trade } from './trade.ts'

/** A graph whose pools change as amounts are put through them. */
export type MovingGraph = RouteGraph & { readonly pools: RoutePool[] }

/** The graph that it is made of stays as it is. */
export const movingCopy = (graph: RouteGraph): MovingGraph => ({
  ...graph,
  pools: graph.pools.slice(),
  rate: graph.rate.slice(),
})

/**
 * Leaves the pools of the path as a swap of `amount` leaves them.
 *
 * @returns what each edge was given (for exact out: what was taken from it); null, and no pool changed, where the path
 * does not carry it
 */
export function moveThrough(
  graph: MovingGraph,
  trade: Trade,
  path: readonly number[],
  amount: bigint,
): ReadonlyMap<number, bigint> | null {
  const { exact } = trade
  const isIn = exact === 'in'
  let carried = isIn ? afterTax(amount, trade.taxInBps) : amount
  const given = new Map<number, bigint>()
  const moved: [pool: number, after: RoutePool][] = []
  for (const edge of isIn ? path : path.toReversed()) {
    const pool = graph.pools[edge >> 1]!
    if (carried === 0n) return null
    const outcome = swap(pool.state, { zeroForOne: (edge & 1) === 0, exact, amount: carried })
    if (outcome.status !== 'filled') return null
    given.set(edge, carried)
    moved.push([edge >> 1, { ...pool, state: outcome.after }])
    carried = isIn ? outcome.amountOut : outcome.amountIn
  }
  for (const [index, pool] of moved) putPool(graph, index, pool)
  return given
}

/**
 * Leaves one pool as a swap of `given` (for exact out: one that takes it out) leaves it.
 *
 * @returns false, and nothing changed, where it does not carry it
 */
export function moveEdge(
  graph: MovingGraph,
  { exact }: Trade,
  edge: number,
  given: bigint,
): boolean {
  const pool = graph.pools[edge >> 1]!
  const outcome = swap(pool.state, { zeroForOne: (edge & 1) === 0, exact, amount: given })
  if (outcome.status !== 'filled') return false
  putPool(graph, edge >> 1, { ...pool, state: outcome.after })
  return true
}

function putPool(graph: MovingGraph, index: number, pool: RoutePool): void {
  graph.pools[index] = pool
  rateEdges(graph.rate, index, pool.state)
}
