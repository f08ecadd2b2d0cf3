import type { RouteGraph } from './graph.ts'
import { compareEdges } from './rank.ts'
import { searchPaths, type SearchResult } from './search.ts'
import type { Trade } from './trade.ts'

/** Best paths taken per amount that is tried. */
const BEST_PER_AMOUNT = 8
/** Paths that share no pool, taken one after the other per amount that is tried. */
const APART_MAX = 8
/** Candidates beyond which further ones rarely enter a split but always cost time. */
const CANDIDATES_MAX = 32

export type Candidates = {
  /** In an order that depends on nothing but the pools. */
  readonly paths: readonly (readonly number[])[]
  /** Pools, by index, whose known ticks do not even carry one part, and the most that one would be worth. */
  readonly beyond: ReadonlyMap<number, number>
}

/**
 * Paths that a split may use: the best for the whole amount, for a few parts and for a single one, as a small leg prefers
 * other paths than a large one; and, as the best ones tend to share their best pool, the best without the pools of those
 * before, one after the other.
 *
 * @param part raw units of one part
 */
export function* candidatePaths(
  graph: RouteGraph,
  trade: Trade,
  part: bigint,
  parts: number,
): Generator<void, Candidates> {
  const byKey = new Map<string, readonly number[]>()
  const take = ({ found }: SearchResult): void => {
    for (const { path } of found) if (byKey.size < CANDIDATES_MAX) byKey.set(path.join(), path)
  }
  const search = (size: number, k: number, banned?: Uint8Array): SearchResult =>
    searchPaths(graph, trade, part * BigInt(size), k, banned)
  const few = Math.ceil(parts / 4)
  for (const size of [few, 1]) {
    const banned = new Uint8Array(graph.pools.length)
    for (let taken = 0; taken < APART_MAX; taken++) {
      const result = search(size, 1, banned)
      const [best] = result.found
      if (!best) break
      take(result)
      for (const edge of best.path) banned[edge >> 1] = 1
      yield
    }
  }
  const single = search(1, BEST_PER_AMOUNT)
  for (const result of [search(parts, BEST_PER_AMOUNT), search(few, BEST_PER_AMOUNT), single])
    take(result)
  return { paths: [...byKey.values()].toSorted(compareEdges), beyond: single.beyond }
}
