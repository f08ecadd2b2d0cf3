import { type Flow, levelFlow, quoteAll } from './flow.ts'
import { gasOfHop } from './gas.ts'
import type { RouteGraph } from './graph.ts'
import { legsOfFlow } from './legs-of-flow.ts'
import { moveEdge, moveThrough, movingCopy, type MovingGraph } from './moving-graph.ts'
import type { Share } from './plan.ts'
import { quotePath } from './quote-path.ts'
import { scoreOf } from './rank.ts'
import type { RoutePool } from './route.ts'
import { searchPaths } from './search.ts'
import type { Trade } from './trade.ts'

/**
 * Of the parts, the last ones are given away in fractions: pools that are too small for a whole part show there, when the
 * large ones have lost their better prices.
 */
const FINE_PARTS = 2
const FRACTIONS = 8n
/** So often a path is looked for that the others may give something to. */
const ROUNDS_MAX = 6
/** Of a part: so little finds no path of its own, and goes along with a leg. */
const CRUMBS = 1_000n

/**
 * Shares the amount among paths that may pass the same pools: part after part goes to the path that is best on the pools
 * as the parts before have left them; then ever smaller amounts are moved between those paths. A path that already
 * carries a part pays its gas no second time.
 *
 * @param onBeyond hears of pools, by index, whose known ticks do not suffice
 * @returns null where a part finds no path
 */
export function* shareParts(
  graph: RouteGraph,
  trade: Trade,
  amount: bigint,
  parts: number,
  onBeyond: (pool: number) => void,
): Generator<void, readonly Share[] | null> {
  const moving = movingCopy(graph)
  const part = amount / BigInt(parts)
  const paths = new Map<string, readonly number[]>()
  const flow: Flow = { edges: new Map(), ends: new Map() }
  const gains: Gains = new Map()
  let left = amount
  let size = part
  while (left > part / CRUMBS) {
    if (left <= part * BigInt(FINE_PARTS)) size = smaller(size, larger(part / FRACTIONS, 1n))
    size = smaller(size, left)
    const path = bestFor(moving, trade, size, paths.values(), gains, onBeyond)
    const moved = path && moveThrough(moving, trade, path, size)
    yield
    if (!path || !moved) {
      // What is left of the pools may be too little for so much at once.
      size /= 2n
      if (size <= part / CRUMBS) return null
      continue
    }
    left -= size
    const known = paths.get(path.join()) ?? path
    paths.set(path.join(), known)
    let atEnd = 0n
    for (const [edge, carried] of moved) {
      atEnd = carried
      const given = (flow.edges.get(edge)?.given ?? 0n) + carried
      flow.edges.set(edge, { given, quoted: 0n })
    }
    flow.ends.set(known, (flow.ends.get(known) ?? 0n) + atEnd)
  }
  for (const [edge, { given }] of flow.edges)
    flow.edges.set(edge, { given, quoted: quoteAll(graph, trade, edge, given) })
  yield* levelFlow(graph, trade, flow, [...paths.values()], part)
  let little = part / FRACTIONS
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const path = little > 0n ? betterBehind(graph, trade, flow, little) : null
    yield
    if (!path || paths.has(path.join())) {
      if (little < part / FRACTIONS) break
      // Some pool may be too small even for that.
      little = part / (FRACTIONS * FRACTIONS)
      continue
    }
    paths.set(path.join(), path)
    yield* levelFlow(graph, trade, flow, [...paths.values()], part)
  }
  return legsOfFlow(graph, trade, flow, amount)
}

/** The path that would be best for a little more behind all that flows: where it is none of its paths, it may take from them. */
function betterBehind(
  graph: RouteGraph,
  trade: Trade,
  flow: Flow,
  little: bigint,
): readonly number[] | null {
  const moving = movingCopy(graph)
  for (const [edge, { given }] of flow.edges)
    if (given > 0n && !moveEdge(moving, trade, edge, given)) return null
  return searchPaths(moving, trade, little, 1).found[0]?.path ?? null
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)

type Scored = { readonly path: readonly number[]; readonly score: bigint }

/** What carrying paths last gained, the pools that they met, and by how much: the same again where all that is the same. */
type Gains = Map<
  readonly number[],
  { readonly size: bigint; readonly pools: readonly RoutePool[]; readonly gain: Scored | null }
>

/** The path that gains most by another `size`: one of those that carry something already, or a new one. */
function bestFor(
  moving: MovingGraph,
  trade: Trade,
  size: bigint,
  carrying: Iterable<readonly number[]>,
  gains: Gains,
  onBeyond: (pool: number) => void,
): readonly number[] | null {
  let best: Scored | null = null
  // Without gas a path that carries something is worth no more than a new one.
  if (trade.gasPrice)
    for (const path of carrying) {
      const one = gainOf(moving, trade, size, path, gains, onBeyond)
      if (one && (!best || one.score >= best.score)) best = one
    }
  // The gas of those that carry something is paid, so that most others need not be looked at.
  const { found, beyond } = searchPaths(moving, trade, size, 1, undefined, best?.score)
  for (const pool of beyond.keys()) onBeyond(pool)
  const [other] = found
  return (other && (!best || other.score > best.score) ? other : best)?.path ?? null
}

function gainOf(
  moving: MovingGraph,
  trade: Trade,
  size: bigint,
  path: readonly number[],
  gains: Gains,
  onBeyond: (pool: number) => void,
): Scored | null {
  const known = gains.get(path)
  if (known?.size === size && path.every((edge, at) => moving.pools[edge >> 1] === known.pools[at]))
    return known.gain
  const quoted = quotePath(moving, trade, path, size, true, onBeyond)
  const gain = quoted && {
    path,
    score: scoreOf(trade, quoted.quoted, quoted.gas - gasOfPath(moving, path)),
  }
  gains.set(path, { size, pools: path.map((edge) => moving.pools[edge >> 1]!), gain })
  return gain
}

const gasOfPath = ({ pools }: RouteGraph, path: readonly number[]): number =>
  path.reduce((sum, edge, at) => sum + gasOfHop(pools[edge >> 1]!.protocol, at === 0), 0)

/**
 * Whether the last part of an amount still finds nothing better than the path that carries all the others, gas left
 * aside, which only speaks against another leg. Then no split gains.
 */
export function isBestToTheEnd(
  graph: RouteGraph,
  trade: Trade,
  path: readonly number[],
  amount: bigint,
  parts: number,
): boolean {
  const moving = movingCopy(graph)
  const part = amount / (BigInt(parts) * FRACTIONS)
  if (part === 0n || !moveThrough(moving, trade, path, amount - part)) return false
  const { found, beyond } = searchPaths(moving, { ...trade, gasPrice: null }, part, 1)
  return beyond.size === 0 && found[0]?.path.join() === path.join()
}
