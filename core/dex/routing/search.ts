import { BEYOND_WINDOW, type TickMeter } from '#core/dex/protocols/protocols.ts'
import { boundWorth } from './bound.ts'
import { GAS, gasOfHop } from './gas.ts'
import type { RouteGraph } from './graph.ts'
import { quoteEdge } from './quote-path.ts'
import { comparePaths, type FoundPath, scoreOf } from './rank.ts'
import { afterTax } from '#core/dex/protocols/token-tax.ts'
import type { Trade } from './trade.ts'

/** More than all the roundings of a bound and a score together; see `boundWorth`. */
const SLACK = 1e-12
const UP = 1 + SLACK
const DOWN = 1 - SLACK
const BPS = 10_000

export type SearchResult = {
  /** Best first, at most `k`. */
  readonly found: readonly FoundPath[]
  /** Pools, by index, that stood in the way of a path which might have been among them, and the most it is worth. */
  readonly beyond: ReadonlyMap<number, number>
}

/** What a token's edges offer while a path ends there: the edges still to try and the most each can lead to. */
type Offers = { readonly edges: number[]; readonly worths: number[] }

/**
 * The `k` best paths for an amount: exactly those that trying every path would give, in the order of `comparePaths`.
 *
 * Depth first from the token whose amount is given, best offer first. What is cut, and why nothing is lost:
 *
 * - A token from which the goal is out of reach in the hops that are left, or that must not be passed through, has a
 *   bound of 0.
 * - An offer whose bound (`boundWorth` times the amount at hand, less the gas spent so far, which only grows) is below the
 *   worst of `k` paths found. One that equals it stays, as its tie may be the better one. Bounds are floating point and
 *   widened by more than their error.
 * - Pools used twice need no check: a pool joins two tokens, and no token comes twice.
 *
 * What is not cut: a state with less of the same token after as many hops. It may have passed other tokens, so that
 * ways on are open to it that the larger is barred from; and even with the same tokens behind it, the larger amount may be
 * more than a concentrated pool further on can fill, or cross more ticks there and pay more gas than it gains.
 *
 * `beyond` does not depend on the order of the walk: only pools whose bound reaches the final worst are kept, and those
 * were tried in any order.
 *
 * @param banned pools that must not be used: 1 at their index
 * @param floor a score (`scoreOf`) below which no path is of use; without one, any is
 */
export function searchPaths(
  graph: RouteGraph,
  trade: Trade,
  amount: bigint,
  k: number,
  banned?: Uint8Array,
  floor?: bigint,
): SearchResult {
  const { firstEdge, edges, target, rate, pools } = graph
  const { exact, goal, maxHops, gasPrice } = trade
  const exactIn = exact === 'in'
  const levels = boundWorth(graph, trade, banned)
  const gasCost = gasPrice ? Number(gasPrice.numerator) / Number(gasPrice.denominator) : 0
  const keptOfOutput = 1 - Number(trade.taxOutBps) / BPS
  const meter: TickMeter | null = gasPrice ? { ticks: 0 } : null
  const visited = new Uint8Array(graph.tokenIndex.size)
  const offersAt: Offers[] = Array.from({ length: maxHops }, () => ({ edges: [], worths: [] }))
  const path: number[] = []
  const found: FoundPath[] = []
  const beyond = new Map<number, number>()
  /** A score below which nothing is of use: that of the worst kept, rounded down. */
  let bar = floor === undefined ? -Infinity : roundedDown(trade, floor)

  /** The best score that an amount here can lead to, rounded up. */
  const most = (here: number, worth: number, gas: number): number =>
    (exactIn
      ? here * worth * keptOfOutput * UP + (keptOfOutput === 1 ? 0 : 1)
      : -(here / worth) * DOWN) -
    gas * gasCost * DOWN

  const keep = (quoted: bigint, gas: number): void => {
    const score = scoreOf(trade, quoted, gas)
    const one: FoundPath = {
      path: exactIn ? path.slice() : path.toReversed(),
      quoted,
      gas,
      score,
    }
    let at = found.length
    while (at > 0 && comparePaths(one, found[at - 1]!) < 0) at--
    if (at >= k) return
    found.splice(at, 0, one)
    if (found.length > k) found.pop()
    if (found.length < k) return
    const worst = found[k - 1]!
    const value = Number(worst.quoted)
    bar = (exactIn ? value * DOWN : -value * UP) - worst.gas * gasCost * UP
  }

  const isOpen = (edge: number, depth: number): boolean => {
    const pool = edge >> 1
    const to = target[edge]!
    if (visited[to] || banned?.[pool]) return false
    const touchesTax = (depth === 0 && trade.taxInBps > 0n) || (to === goal && trade.taxOutBps > 0n)
    return !touchesTax || pools[pool]!.protocol === 'uniswap-v2'
  }

  const walk = (token: number, depth: number, amountHere: bigint, gas: number): void => {
    const worths = levels[maxHops - depth - 1]!
    const here = Number(amountHere)
    const offers = offersAt[depth]!
    let count = 0
    for (let at = firstEdge[token]!; at < firstEdge[token + 1]!; at++) {
      const edge = edges[at]!
      const swapEdge = exactIn ? edge : edge ^ 1
      const worth = worths[target[edge]!]! * rate[swapEdge]!
      if (worth === 0) continue
      const bound = most(here, worth, gas)
      if (bound < bar || !isOpen(edge, depth)) continue
      offers.edges[count] = edge
      offers.worths[count] = bound
      count++
    }
    visited[token] = 1
    for (; count > 0; count--) {
      let best = 0
      for (let at = 1; at < count; at++) if (offers.worths[at]! > offers.worths[best]!) best = at
      const edge = offers.edges[best]!
      const bound = offers.worths[best]!
      if (bound < bar) break
      offers.edges[best] = offers.edges[count - 1]!
      offers.worths[best] = offers.worths[count - 1]!
      follow(edge, bound, depth, amountHere, gas)
    }
    visited[token] = 0
  }

  const follow = (
    edge: number,
    bound: number,
    depth: number,
    amountHere: bigint,
    gasHere: number,
  ): void => {
    const pool = edge >> 1
    const to = target[edge]!
    const swapEdge = exactIn ? edge : edge ^ 1
    if (meter) meter.ticks = 0
    const amountThere = quoteEdge(graph, exact, swapEdge, amountHere, meter)
    if (amountThere === BEYOND_WINDOW)
      beyond.set(pool, Math.max(bound, beyond.get(pool) ?? -Infinity))
    if (amountThere <= 0n) return
    const { protocol } = pools[pool]!
    const isFirst = exactIn ? depth === 0 : to === goal
    const gas =
      gasHere + gasOfHop(protocol, isFirst) + (meter ? meter.ticks * GAS[protocol].tick : 0)
    path.push(swapEdge)
    if (to === goal) {
      const quoted = exactIn ? afterTax(amountThere, trade.taxOutBps) : amountThere
      if (quoted > 0n) keep(quoted, gas)
    } else if (most(Number(amountThere), levels[maxHops - depth - 1]![to]!, gas) >= bar) {
      walk(to, depth + 1, amountThere, gas)
    }
    path.pop()
  }

  const entering = exactIn ? afterTax(amount, trade.taxInBps) : amount
  if (entering > 0n) walk(trade.start, 0, entering, 0)
  for (const [pool, bound] of beyond) if (bound < bar) beyond.delete(pool)
  return { found, beyond }
}

/** A score in units of the quoted side, a little less than it is. */
function roundedDown({ gasPrice }: Trade, score: bigint): number {
  const value = Number(score) / Number(gasPrice?.denominator ?? 1n)
  return value - Math.abs(value) * SLACK
}
