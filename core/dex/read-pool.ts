import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { resolveDocuments, type ResolvePorts } from '#core/history/resolve.ts'
import { poolDocuments } from './pool.ts'
import { type QuotedPool, withQuotable } from './quotable.ts'

/**
 * A pool as of a view. One that is not indexed may well exist, so nothing is said of its trades.
 *
 * @throws AppError `not-found` with the reason `not-indexed` where the view has no such pool
 */
export async function readPool(
  ports: ResolvePorts,
  view: View,
  address: Address,
): Promise<QuotedPool> {
  const [pool] = await readQuotedPools(ports, view, [address])
  if (!pool)
    throw new AppError(
      'not-found',
      `pool: ${address} is not indexed as of block ${view.head.number}: no source covers it, or it was created later, ` +
        'so nothing is known of it here',
      { details: { field: 'pool', reason: 'not-indexed' }, audience: 'client' },
    )
  return pool
}

/** Pools as of a view, in the order of `addresses`; undefined where the view has none. */
export async function readQuotedPools(
  ports: ResolvePorts,
  view: View,
  addresses: readonly Address[],
): Promise<(QuotedPool | undefined)[]> {
  const keys = addresses.map((address) => [address])
  const pools = await resolveDocuments(ports, view, poolDocuments, keys)
  return pools.map(({ visible }) => visible && withQuotable(view, visible))
}
