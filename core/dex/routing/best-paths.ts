import type { RouteGraph } from './graph.ts'
import { quotePath } from './quote-path.ts'
import type { FoundPath } from './rank.ts'
import type { RankedPath, RouteRequest } from './request.ts'
import type { Path } from './route.ts'
import { searchPaths } from './search.ts'
import { isRefusedByTax, readTrade, type Trade } from './trade.ts'

/**
 * The `k` best single paths for the whole amount, best first: exactly those that trying every path would give. Fewer
 * where fewer carry it.
 *
 * @throws AppError `invalid` naming the field of the request
 */
export function bestPaths(
  graph: RouteGraph,
  request: RouteRequest,
  k: number,
): { readonly paths: readonly RankedPath[]; readonly beyond: ReadonlySet<string> } {
  const trade = readTrade(graph, request)
  if (!trade || isRefusedByTax(trade)) return { paths: [], beyond: new Set() }
  const { found, beyond } = searchPaths(graph, trade, request.amount, k)
  return {
    paths: found.map((one) => rankedPath(graph, trade, one, request.amount)),
    beyond: idsOf(graph, beyond.keys()),
  }
}

/** A path as others see it. Its gas counts ticks, whether or not the search did. */
export function rankedPath(
  graph: RouteGraph,
  trade: Trade,
  { path, quoted, gas }: FoundPath,
  amount: bigint,
): RankedPath {
  const counted = trade.gasPrice
    ? gas
    : (quotePath(graph, trade, path, amount, true, () => {})?.gas ?? gas)
  return {
    path: hopsOf(graph, path),
    amountIn: trade.exact === 'in' ? amount : quoted,
    amountOut: trade.exact === 'in' ? quoted : amount,
    gas: BigInt(counted),
  }
}

/** A path of edges as hops. */
export const hopsOf = (graph: RouteGraph, path: readonly number[]): Path =>
  path.map((edge) => ({ pool: graph.pools[edge >> 1]!, zeroForOne: (edge & 1) === 0 }))

export const idsOf = (graph: RouteGraph, pools: Iterable<number>): ReadonlySet<string> =>
  new Set([...pools].toSorted((a, b) => a - b).map((pool) => graph.pools[pool]!.id))
