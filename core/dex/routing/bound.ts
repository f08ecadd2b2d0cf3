import type { RouteGraph } from './graph.ts'
import type { Trade } from './trade.ts'

/**
 * For every token and every number of hops left, the most units of the quoted side that a unit here could be worth at
 * the goal (for exact out: that a unit of the goal could be worth here); 0 where the goal is out of reach.
 *
 * Why it bounds what pools do. A pool never gives more than input x mid price x (1 - fee): along its curve the price only
 * gets worse from the mid price on, the fee comes off before, and every rounding of its contract favours the pool. So a
 * path gives at most the product of those rates, and the best product over all walks, which may pass a token twice where
 * a path may not, is at least that of the best path. Dividing instead of multiplying bounds exact out from below.
 *
 * A product of four rates, each of a few roundings, is off by less than 10^-14 of itself; searches allow for 10^-12.
 *
 * @param banned pools that must not be used: 1 at their index
 * @returns one array per number of hops left, from 0
 */
export function boundWorth(graph: RouteGraph, trade: Trade, banned?: Uint8Array): Float64Array[] {
  const { firstEdge, edges, target, rate, pools } = graph
  const { start, goal, maxHops, taxed } = trade
  // From the goal backwards: the swap goes against the edge for exact in, along it for exact out.
  const swapOf = trade.exact === 'in' ? 1 : 0
  const pairOnly = trade.taxOutBps > 0n
  let worth = new Float64Array(graph.tokenIndex.size)
  worth[goal] = 1
  let reached = [goal]
  const levels = [worth]
  for (let hops = 1; hops < maxHops; hops++) {
    const next = worth.slice()
    const changed: number[] = []
    for (const token of reached) {
      const here = worth[token] as number
      for (let at = firstEdge[token] as number; at < (firstEdge[token + 1] as number); at++) {
        const edge = edges[at] as number
        const from = target[edge] as number
        const most = here * (rate[edge ^ swapOf] as number)
        if (most <= (next[from] as number) || from === start || from === goal) continue
        if (banned?.[edge >> 1] || taxed.has(from)) continue
        if (pairOnly && token === goal && pools[edge >> 1]?.protocol !== 'uniswap-v2') continue
        if (next[from] === worth[from]) changed.push(from)
        next[from] = most
      }
    }
    worth = next
    reached = changed
    levels.push(worth)
  }
  return levels
}
