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
  type RouteOutcome,
} from './request.ts'
import { searchPaths } from './search.ts'
import { bestSplit } from './best-split.ts'
import { isBestToTheEnd } from './share.ts'
import { isRefusedByTax, readTrade, requireWithin, type Trade } from './trade.ts'

/**
 * The best way that was found to swap the whole amount: the best single path, which is the true optimum, or a split that
 * is worth more after gas.
 *
 * @throws AppError `invalid` naming the field of the request
 */
export function findRoute(graph: RouteGraph, request: FindRouteRequest): RouteOutcome {
  const steps = routeSteps(graph, request)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** `findRoute` in steps of less than a millisecond or so, for who has other work too. */
export function* routeSteps(
  graph: RouteGraph,
  request: FindRouteRequest,
): Generator<void, RouteOutcome> {
  const { amount, exact, parts = 1, alternatives: wanted = 0 } = request
  requireWithin('parts', parts, 1, PARTS_MAX)
  requireWithin('alternatives', wanted, 0, ALTERNATIVES_MAX)
  const trade = readTrade(graph, request)
  if (!trade) return { status: 'no-route', reason: 'not-connected', beyond: new Set() }
  if (isRefusedByTax(trade)) return { status: 'no-route', reason: 'taxed', beyond: new Set() }

  const { found, beyond: blocked } = searchPaths(graph, trade, amount, wanted + 1)
  const beyond = new Set(blocked.keys())
  const [single] = found
  // A part is at least one unit.
  const count = amount < BigInt(parts) ? Number(amount) : parts
  const split =
    count > 1 && !(single && isBestToTheEnd(graph, trade, single.path, amount, count))
      ? yield* bestSplit(graph, trade, amount, count, (pool) => beyond.add(pool))
      : null
  if (split && (!single || split.score > single.score))
    return {
      status: 'filled',
      route: split,
      alternatives: alternativesTo(split.score, graph, trade, found.slice(0, wanted), amount),
      beyond: idsOf(graph, beyond),
    }
  if (single) {
    const { path, amountIn, amountOut, gas } = rankedPath(graph, trade, single, amount)
    return {
      status: 'filled',
      route: { legs: [{ path, amountIn, amountOut }], amountIn, amountOut, gas },
      alternatives: alternativesTo(single.score, graph, trade, found.slice(1), amount),
      beyond: idsOf(graph, beyond),
    }
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

/** The worth of single paths beside that of the route. */
const alternativesTo = (
  best: bigint,
  graph: RouteGraph,
  trade: Trade,
  others: readonly FoundPath[],
  amount: bigint,
): Alternative[] =>
  others.map((one) => ({
    ...rankedPath(graph, trade, one, amount),
    loss: divideUp(best - one.score, trade.gasPrice?.denominator ?? 1n),
  }))

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
