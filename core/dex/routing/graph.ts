import type { Address } from '#core/chain.ts'
import { assert } from '#core/errors.ts'
import { feePipsOf, midPrice } from '#core/dex/protocols/protocols.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import type { RoutePool } from './route.ts'

/**
 * Pools as numbers. Tokens and pools count from 0 in the order of their names, whatever the order they came in. Pool
 * `p` is two edges: `2p` sells its token0, `2p + 1` its token1; so `e ^ 1` is the way back and `e >> 1` the pool.
 */
export type RouteGraph = {
  readonly pools: readonly RoutePool[]
  readonly tokenIndex: ReadonlyMap<Address, number>
  /** Edges that leave token `t`: `edges[firstEdge[t]]` up to, not with, `edges[firstEdge[t + 1]]`. */
  readonly firstEdge: Int32Array
  readonly edges: Int32Array
  /** The token that an edge leads to. */
  readonly target: Int32Array
  /**
   * Units out per unit in of an edge, at the mid price less the fee: more than any amount gets (see `bound.ts`). 0:
   * the pool has no price.
   */
  readonly rate: Float64Array
}

const PIPS = 1_000_000

/** A few hundred microseconds for a thousand pools: made anew for every block. Ids are unique. */
export function createGraph(input: readonly RoutePool[]): RouteGraph {
  const pools = input.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const tokenIndex = new Map<Address, number>()
  for (const { token0, token1 } of pools) {
    if (!tokenIndex.has(token0)) tokenIndex.set(token0, tokenIndex.size)
    if (!tokenIndex.has(token1)) tokenIndex.set(token1, tokenIndex.size)
  }
  const target = new Int32Array(pools.length * 2)
  const rate = new Float64Array(pools.length * 2)
  const firstEdge = new Int32Array(tokenIndex.size + 1)
  for (const [index, pool] of pools.entries()) {
    assert(pool.id !== pools[index - 1]?.id, `pool ${pool.id} is once in a graph`)
    assert(pool.token0 !== pool.token1, `pool ${pool.id} has two tokens`)
    const [token0, token1] = [tokenIndex.get(pool.token0)!, tokenIndex.get(pool.token1)!]
    target[index * 2] = token1
    target[index * 2 + 1] = token0
    firstEdge[token0 + 1]!++
    firstEdge[token1 + 1]!++
    rateEdges(rate, index, pool.state)
  }
  for (let token = 0; token < tokenIndex.size; token++) firstEdge[token + 1]! += firstEdge[token]!
  const edges = new Int32Array(pools.length * 2)
  const next = firstEdge.slice()
  for (let edge = 0; edge < edges.length; edge++) edges[next[target[edge ^ 1]!]!++] = edge
  return { pools, tokenIndex, firstEdge, edges, target, rate }
}

/** Writes the rates of both edges of a pool. */
export function rateEdges(rate: Float64Array, pool: number, state: PoolState): void {
  const { numerator, denominator } = midPrice(state)
  const price = numerator === 0n || denominator === 0n ? 0 : Number(numerator) / Number(denominator)
  rate[pool * 2] = (price * (PIPS - feePipsOf(state, true))) / PIPS
  rate[pool * 2 + 1] = price === 0 ? 0 : (PIPS - feePipsOf(state, false)) / PIPS / price
}
