import type { RouteGraph } from './graph.ts'
import { quotePath } from './quote-path.ts'
import { searchPaths } from './search.ts'
import type { Trade } from './trade.ts'

/** Amounts are below 2^256: so many halvings and doublings cover all. */
const STEPS_MAX = 256
/** Paths that are each larger than the one before; a graph has rarely more than a handful. */
const RECORDS_MAX = 100

/** The most that one path carries, as the amount that the request gives and the one it asks for. */
export type LargestFill = { readonly amount: bigint; readonly quoted: bigint }

/**
 * The most that a single path carries, when none carries `amount`.
 *
 * Takes any path that carries some amount, finds the most that it carries by halving (a path that carries an amount
 * carries less too, down to dust that buys nothing), then asks for a path that carries one unit more; until there is none.
 *
 * @returns `too-small` where a larger amount is carried and a smaller is not; null where no amount is
 */
export function largestFill(
  graph: RouteGraph,
  request: Trade,
  amount: bigint,
): LargestFill | 'too-small' | null {
  // Any path will do, so ticks need not be counted.
  const trade: Trade = { ...request, gasPrice: null }
  let record = firstBelow(graph, trade, amount)
  if (!record) return isCarriedAbove(graph, trade, amount) ? 'too-small' : null
  let largest = record
  for (let count = 0; record && count < RECORDS_MAX; count++) {
    largest = mostThrough(graph, trade, record.path, record.amount, amount)
    record = anyPath(graph, trade, largest.amount + 1n)
  }
  return { amount: largest.amount, quoted: largest.quoted }
}

type Carried = LargestFill & { readonly path: readonly number[] }

function anyPath(graph: RouteGraph, trade: Trade, amount: bigint): Carried | null {
  const [best] = searchPaths(graph, trade, amount, 1).found
  return best ? { path: best.path, amount, quoted: best.quoted } : null
}

function firstBelow(graph: RouteGraph, trade: Trade, amount: bigint): Carried | null {
  for (let smaller = amount >> 1n; smaller > 0n; smaller >>= 1n) {
    const carried = anyPath(graph, trade, smaller)
    if (carried) return carried
  }
  return null
}

function isCarriedAbove(graph: RouteGraph, trade: Trade, amount: bigint): boolean {
  let larger = amount
  for (let step = 0; step < STEPS_MAX; step++) {
    larger <<= 1n
    if (larger >> BigInt(STEPS_MAX - 1) > 0n) break
    if (anyPath(graph, trade, larger)) return true
  }
  return false
}

/** `carried` goes through the path and `refused` does not. */
function mostThrough(
  graph: RouteGraph,
  trade: Trade,
  path: readonly number[],
  carried: bigint,
  refused: bigint,
): Carried {
  const quote = (size: bigint) => quotePath(graph, trade, path, size, false, () => {})
  let [low, high] = [carried, refused]
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (quote(middle)) low = middle
    else high = middle
  }
  return { path, amount: low, quoted: quote(low)!.quoted }
}
