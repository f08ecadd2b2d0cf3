import { idsOf, rankedPath } from './best-paths.ts'
import { boundWorth } from './bound.ts'
import type { RouteGraph } from './graph.ts'
import { largestFill } from './largest.ts'
import type { FoundPath } from './rank.ts'
import { divideUp } from './ratio.ts'
import {
  type Alternative,
  ALTERNATIVES_MAX,
  type FindRouteRequest,
  PARTS_MAX,
  type RankedPath,
  type RouteOutcome,
} from './request.ts'
import { searchPaths } from './search.ts'
import { splitAmount, type SplitLeg } from './split.ts'
import { isRefusedByTax, readTrade, requireWithin, type Trade } from './trade.ts'

/**
 * The best way that was found to swap the whole amount: the best single path, which is the true optimum, or a split that
 * is worth more after gas.
 *
 * @throws AppError `invalid` naming the field of the request
 */
export function findRoute(graph: RouteGraph, request: FindRouteRequest): RouteOutcome {
  const { amount, exact, parts = 1, alternatives: wanted = 0 } = request
  requireWithin('parts', parts, 1, PARTS_MAX)
  requireWithin('alternatives', wanted, 0, ALTERNATIVES_MAX)
  const trade = readTrade(graph, request)
  if (!trade) return { status: 'no-route', reason: 'not-connected', beyond: new Set() }
  if (isRefusedByTax(trade)) return { status: 'no-route', reason: 'taxed', beyond: new Set() }

  const { found, beyond: blocked } = searchPaths(graph, trade, amount, wanted + 1)
  const beyond = new Set(blocked.keys())
  // A part is at least one unit.
  const count = amount < BigInt(parts) ? Number(amount) : parts
  const single: SplitLeg | undefined = found[0] && { ...found[0], amount, parts: count }
  const split =
    count > 1 ? splitAmount(graph, trade, amount, count, (pool) => beyond.add(pool)) : null
  const legs = split && (!single || worth(split) > single.score) ? split : single && [single]
  if (legs) {
    const others = legs === split ? found.slice(0, wanted) : found.slice(1)
    return filled(graph, trade, legs, others, idsOf(graph, beyond))
  }

  const ids = idsOf(graph, beyond)
  if (!isConnected(graph, trade)) {
    const untaxed = { ...trade, taxInBps: 0n, taxOutBps: 0n, taxed: new Set<number>() }
    const reason = isConnected(graph, untaxed) ? 'taxed' : 'not-connected'
    return { status: 'no-route', reason, beyond: ids }
  }
  const largest = largestFill(graph, trade, amount)
  if (largest === 'too-small') return { status: 'no-route', reason: 'too-small', beyond: ids }
  const [given, quoted] = [largest?.amount ?? 0n, largest?.quoted ?? 0n]
  return {
    status: 'insufficient-liquidity',
    largest:
      exact === 'in'
        ? { amountIn: given, amountOut: quoted }
        : { amountIn: quoted, amountOut: given },
    beyond: ids,
  }
}

const worth = (legs: readonly FoundPath[]): bigint => legs.reduce((sum, leg) => sum + leg.score, 0n)

function filled(
  graph: RouteGraph,
  trade: Trade,
  legs: readonly SplitLeg[],
  others: readonly FoundPath[],
  beyond: ReadonlySet<string>,
): RouteOutcome {
  const ranked = legs.map((leg) => rankedPath(graph, trade, leg, leg.amount, leg.parts))
  const sum = (of: (leg: RankedPath) => bigint): bigint =>
    ranked.reduce((total, leg) => total + of(leg), 0n)
  const best = worth(legs)
  const amount = legs.reduce((total, leg) => total + leg.amount, 0n)
  return {
    status: 'filled',
    route: {
      legs: ranked.map(({ path, amountIn, amountOut, parts }) => ({
        path,
        amountIn,
        amountOut,
        parts,
      })),
      amountIn: sum((leg) => leg.amountIn),
      amountOut: sum((leg) => leg.amountOut),
      gas: sum((leg) => leg.gas),
    },
    alternatives: others.map((one): Alternative => {
      const loss = divideUp(best - one.score, trade.gasPrice?.denominator ?? 1n)
      return { ...rankedPath(graph, trade, one, amount, 1), loss }
    }),
    beyond,
  }
}

/** Whether pools with a price lead from one token to the other: the shortest way never passes a token twice. */
function isConnected(graph: RouteGraph, trade: Trade): boolean {
  const worths = boundWorth(graph, trade).at(-1)!
  const { firstEdge, edges, target, rate, pools } = graph
  for (let at = firstEdge[trade.start]!; at < firstEdge[trade.start + 1]!; at++) {
    const edge = edges[at]!
    const swapEdge = trade.exact === 'in' ? edge : edge ^ 1
    const to = target[edge]!
    const touchesTax = trade.taxInBps > 0n || (to === trade.goal && trade.taxOutBps > 0n)
    if (touchesTax && pools[edge >> 1]!.protocol !== 'uniswap-v2') continue
    if (worths[to]! > 0 && rate[swapEdge]! > 0) return true
  }
  return false
}
