import { amountIn, amountOut } from '#core/dex/protocols/protocols.ts'
import { afterTax } from '#core/dex/protocols/token-tax.ts'
import type { RouteGraph } from './graph.ts'
import type { Trade } from './trade.ts'

/**
 * What goes through each edge in all, whichever legs it belongs to: of the side that is given, and what the pool quotes
 * for it. What some of several legs give one after the other is what their pool quotes for all, but for rounding and for
 * fees that stay in a pair's reserves: good enough to compare, and many times as fast as to execute them.
 */
export type Flow = {
  readonly edges: Map<number, EdgeFlow>
  /** What of it goes into the last pool of each path that it is made of (for exact out: into the first). */
  readonly ends: Map<readonly number[], bigint>
}

export type EdgeFlow = { readonly given: bigint; readonly quoted: bigint }

export const NO_FLOW: EdgeFlow = { given: 0n, quoted: 0n }

/** The edges of a path in the order in which amounts are worked out: for exact out from the last to the first. */
export const walkOf = ({ exact }: Trade, path: readonly number[]): readonly number[] =>
  exact === 'in' ? path : path.toReversed()

/** What a pool quotes for all that is given to it; 0n or less where it does not carry so much. */
export const quoteAll = (
  { pools }: RouteGraph,
  { exact }: Trade,
  edge: number,
  given: bigint,
): bigint =>
  (exact === 'in' ? amountOut : amountIn)(pools[edge >> 1]!.state, (edge & 1) === 0, given)

/** What must be given to have so much quoted; 0n or less where that is not to be had. */
export const givenFor = (
  { pools }: RouteGraph,
  { exact }: Trade,
  edge: number,
  quoted: bigint,
): bigint =>
  (exact === 'in' ? amountIn : amountOut)(pools[edge >> 1]!.state, (edge & 1) === 0, quoted)

/** What of an amount that is sent reaches the first pool. */
export const entering = (trade: Trade, amount: bigint): bigint =>
  trade.exact === 'in' ? afterTax(amount, trade.taxInBps) : amount

/**
 * What `more` along a path, less than 0 to take some away, adds to what is quoted in all; null where the pools do not
 * carry it. Taxes aside: they take the same share of everything.
 *
 * @param isKept whether the flow is to have it
 */
function flowMore(
  graph: RouteGraph,
  trade: Trade,
  flow: Flow,
  path: readonly number[],
  more: bigint,
  isKept: boolean,
): bigint | null {
  const changed: [edge: number, flow: EdgeFlow][] = []
  let carried = more
  let atEnd = more
  for (const edge of walkOf(trade, path)) {
    const before = flow.edges.get(edge) ?? NO_FLOW
    atEnd = carried
    const given = before.given + carried
    if (given < 0n) return null
    const quoted = given === 0n ? 0n : quoteAll(graph, trade, edge, given)
    if (quoted < 0n || (quoted === 0n && given > 0n)) return null
    if (isKept) changed.push([edge, { given, quoted }])
    carried = quoted - before.quoted
  }
  for (const [edge, after] of changed) flow.edges.set(edge, after)
  if (isKept) flow.ends.set(path, (flow.ends.get(path) ?? 0n) + atEnd)
  return carried
}

/** A part is halved this often: from steps of 5 % to steps of a thousandth or so. */
const HALVINGS = 6
/** Moves per size of step: after the search by whole parts, each size needs few. */
const MOVES_MAX = 16

/**
 * Moves ever smaller amounts from the path that loses least to the one that gains most, while that gains. What a path
 * would lose or gain is worked out anew only where the flow through one of its edges has changed since.
 */
export function* levelFlow(
  graph: RouteGraph,
  trade: Trade,
  flow: Flow,
  paths: readonly (readonly number[])[],
  part: bigint,
): Generator<void, void> {
  const sign = trade.exact === 'in' ? 1n : -1n
  const touchedBy = paths.map((path) =>
    [...paths.keys()].filter((other) => paths[other]!.some((edge) => path.includes(edge))),
  )
  type Gains = (bigint | null | undefined)[]
  const lost: Gains = []
  const gained: Gains = []
  const gainOf = (at: number, more: bigint, known: Gains): bigint | null => {
    const before = known[at]
    if (before !== undefined) return before
    const quoted = flowMore(graph, trade, flow, paths[at]!, more, false)
    return (known[at] = quoted === null ? null : sign * quoted)
  }
  const bestOf = (more: bigint, known: Gains, except: number) => {
    let best: { readonly at: number; readonly gain: bigint } | null = null
    for (let at = 0; at < paths.length; at++) {
      const gain = at === except ? null : gainOf(at, more, known)
      if (gain !== null && (!best || gain > best.gain)) best = { at, gain }
    }
    return best
  }
  const move = (at: number, more: bigint): void => {
    flowMore(graph, trade, flow, paths[at]!, more, true)
    for (const other of touchedBy[at]!) lost[other] = gained[other] = undefined
  }
  let size = entering(trade, part)
  for (let halving = 0; halving < HALVINGS && size > 1n; halving++) {
    size >>= 1n
    lost.length = gained.length = 0
    for (let count = 0; count < MOVES_MAX; count++) {
      const giver = bestOf(-size, lost, -1)
      if (!giver) break
      move(giver.at, -size)
      const taker = bestOf(size, gained, giver.at)
      const isBetter = taker !== null && giver.gain + taker.gain > 0n
      move(isBetter ? taker.at : giver.at, size)
      if (!isBetter) break
    }
    yield
  }
}
