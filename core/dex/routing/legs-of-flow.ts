import { entering, type EdgeFlow, type Flow, givenFor, NO_FLOW, quoteAll, walkOf } from './flow.ts'
import type { RouteGraph } from './graph.ts'
import type { Share } from './plan.ts'
import { compareEdges } from './rank.ts'
import type { Trade } from './trade.ts'

/** What is less than this part of an edge's flow is left over from rounding. */
const CRUMB_PARTS = 1_000_000n

/**
 * Legs that, executed one after the other, put through every edge what the flow does: first the paths that it is made of,
 * the widest first, each with what it brings to its last pool; then whatever paths there is room for.
 *
 * Why they do not carry what they were given when they were found: of two that pass the same pool the first gets its
 * better prices, so that with the same amounts the second would bring less to the pools behind it than was planned.
 *
 * @param amount what the legs carry together, to the unit
 * @returns in the order in which they must be executed
 */
export function legsOfFlow(
  graph: RouteGraph,
  trade: Trade,
  flow: Flow,
  amount: bigint,
): readonly Share[] {
  const used = new Map<number, EdgeFlow>()
  const shares = new Map<string, { readonly path: readonly number[]; amount: bigint }>()
  let left = amount
  const whole = entering(trade, amount)
  const widestFirst = (
    paths: readonly (readonly number[])[],
    roomOf: (path: readonly number[]) => bigint,
  ): void => {
    const open = new Set(paths)
    while (open.size > 0) {
      let widest: { readonly path: readonly number[]; readonly room: bigint } | null = null
      for (const path of open) {
        const room = roomOf(path)
        if (room <= whole / CRUMB_PARTS) open.delete(path)
        else if (
          !widest ||
          room > widest.room ||
          (room === widest.room && compareEdges(path, widest.path) < 0)
        )
          widest = { path, room }
      }
      if (!widest) break
      open.delete(widest.path)
      take(graph, trade, used, widest.path, widest.room)
      const share = (widest.room * amount) / whole
      const taken = share < left ? share : left
      const key = widest.path.join()
      const before = shares.get(key)
      if (before) before.amount += taken
      else if (taken > 0n) shares.set(key, { path: widest.path, amount: taken })
      left -= taken
    }
  }
  const roomFor = (path: readonly number[], atEnd: bigint | null): bigint =>
    roomOn(graph, trade, flow, used, path, atEnd)
  widestFirst([...flow.ends.keys()], (path) => roomFor(path, flow.ends.get(path)!))
  widestFirst(pathsOver(graph, trade, flow), (path) => roomFor(path, null))
  const [first, ...others] = shares.values()
  if (!first) return []
  first.amount += left
  return [first, ...others]
}

/** Edges of a flow are few; this only bounds the time. */
const PATHS_MAX = 200

/** All paths over the edges of the flow: also those that take turns between the paths that it was made of. */
function pathsOver(graph: RouteGraph, trade: Trade, flow: Flow): readonly (readonly number[])[] {
  const { target } = graph
  const isIn = trade.exact === 'in'
  const paths: number[][] = []
  const grow = (token: number, walk: readonly number[], seen: readonly number[]): void => {
    if (token === trade.goal) {
      paths.push(isIn ? [...walk] : walk.toReversed())
      return
    }
    if (walk.length === trade.maxHops) return
    for (const [edge, { given }] of flow.edges) {
      const [from, to] = isIn
        ? [target[edge ^ 1]!, target[edge]!]
        : [target[edge]!, target[edge ^ 1]!]
      if (from !== token || seen.includes(to) || given === 0n || paths.length >= PATHS_MAX) continue
      grow(to, [...walk, edge], [...seen, to])
    }
  }
  grow(trade.start, [], [trade.start])
  return paths
}

/** The most that a path can be given until one of its edges has all of its flow, or its last one has `atEnd`. */
function roomOn(
  graph: RouteGraph,
  trade: Trade,
  flow: Flow,
  used: ReadonlyMap<number, EdgeFlow>,
  path: readonly number[],
  atEnd: bigint | null,
): bigint {
  const walk = walkOf(trade, path)
  let room: bigint | null = null
  for (const edge of walk.toReversed()) {
    const all = flow.edges.get(edge) ?? NO_FLOW
    const before = used.get(edge) ?? NO_FLOW
    let here = all.given - before.given
    if (room === null && atEnd !== null && atEnd < here) here = atEnd
    if (room !== null && before.quoted + room < all.quoted) {
      const given = givenFor(graph, trade, edge, before.quoted + room)
      if (given - before.given < here) here = given - before.given
    }
    if (here <= 0n) return 0n
    room = here
  }
  return room ?? 0n
}

function take(
  graph: RouteGraph,
  trade: Trade,
  used: Map<number, EdgeFlow>,
  path: readonly number[],
  amount: bigint,
): void {
  let carried = amount
  for (const edge of walkOf(trade, path)) {
    const before = used.get(edge) ?? NO_FLOW
    const given = before.given + carried
    const quoted = quoteAll(graph, trade, edge, given)
    used.set(edge, { given, quoted })
    carried = quoted - before.quoted
  }
}
