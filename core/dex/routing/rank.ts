import type { Trade } from './trade.ts'

/** A path that carries an amount, as searches keep it: its edges in the order of the swaps. */
export type FoundPath = {
  readonly path: readonly number[]
  readonly quoted: bigint
  readonly gas: number
  readonly score: bigint
}

/**
 * What a quote is worth: more is better. The amount received, or the amount sent as a negative number, less the gas; in
 * units of 1 / the denominator of the gas price, so that nothing is rounded.
 */
export function scoreOf(trade: Trade, quoted: bigint, gas: number): bigint {
  const amount = trade.exact === 'in' ? quoted : -quoted
  if (!trade.gasPrice) return amount
  return amount * trade.gasPrice.denominator - BigInt(gas) * trade.gasPrice.numerator
}

/**
 * The order of paths, in which no two are equal: by worth, then fewer hops first, then by the ids of their pools, hop for
 * hop (pools are numbered in the order of their ids). Negative: `a` comes first.
 */
export function comparePaths(a: FoundPath, b: FoundPath): number {
  if (a.score !== b.score) return a.score > b.score ? -1 : 1
  return compareEdges(a.path, b.path)
}

export function compareEdges(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length
  for (const [at, edge] of a.entries()) {
    const other = b[at]!
    if (edge !== other) return edge - other
  }
  return 0
}
