import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import { INT256_MAX } from '#core/dex/protocols/rounding.ts'
import type { RouteGraph } from './graph.ts'
import { HOPS_DEFAULT, HOPS_MAX, type RouteRequest } from './request.ts'

const BPS = 10_000n

/** A request that has been checked, in the graph's numbers. A search walks from `start` to `goal`. */
export type Trade = {
  readonly exact: 'in' | 'out'
  /** The token whose amount is given: the one sold for exact in, the one bought for exact out. */
  readonly start: number
  readonly goal: number
  readonly maxHops: number
  /** Raw units of the quoted token per unit of gas; null: gas does not count. */
  readonly gasPrice: Rational | null
  /** Basis points that are lost when the token sold goes in, and when the one bought comes out. */
  readonly taxInBps: bigint
  readonly taxOutBps: bigint
  /** As in the request. */
  readonly taxesBps: ReadonlyMap<Address, number>
  /** Tokens that must not be passed through. */
  readonly taxed: ReadonlySet<number>
}

/**
 * Null where the graph does not know one of the tokens.
 *
 * @throws AppError `invalid` naming the field
 */
export function readTrade(graph: RouteGraph, request: RouteRequest): Trade | null {
  const { exact, maxHops = HOPS_DEFAULT, gasPrice, taxesBps = new Map<Address, number>() } = request
  if (request.tokenIn === request.tokenOut)
    throw invalidField('tokenOut', 'must not be the token that is sold')
  if (request.amount <= 0n || request.amount > INT256_MAX)
    throw invalidField('amount', 'must be more than 0 and within int256')
  requireWithin('maxHops', maxHops, 1, HOPS_MAX)
  if (gasPrice && (gasPrice.numerator < 0n || gasPrice.denominator <= 0n))
    throw invalidField('gasPrice', 'must not be negative')
  const taxed = new Set<number>()
  for (const [token, taxBps] of taxesBps) {
    requireWithin('taxesBps', taxBps, 0, Number(BPS))
    const index = graph.tokenIndex.get(token)
    if (index !== undefined && taxBps > 0) taxed.add(index)
  }
  const sold = graph.tokenIndex.get(request.tokenIn)
  const bought = graph.tokenIndex.get(request.tokenOut)
  if (sold === undefined || bought === undefined) return null
  return {
    exact,
    start: exact === 'in' ? sold : bought,
    goal: exact === 'in' ? bought : sold,
    maxHops,
    gasPrice: gasPrice && gasPrice.numerator > 0n ? gasPrice : null,
    taxInBps: BigInt(taxesBps.get(request.tokenIn) ?? 0),
    taxOutBps: BigInt(taxesBps.get(request.tokenOut) ?? 0),
    taxesBps,
    taxed,
  }
}

/** No router sells or buys exactly so much of a token that keeps a share of it. */
export const isRefusedByTax = ({ exact, taxed, start, goal }: Trade): boolean =>
  exact === 'out' && (taxed.has(start) || taxed.has(goal))

/** @throws AppError `invalid` naming `field` */
export function requireWithin(field: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalidField(field, `must be a whole number from ${min} to ${max}`)
}
