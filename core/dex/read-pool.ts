import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { readDocuments, type ResolvePorts } from '#core/history/resolve.ts'
import { type Pool, poolDocuments } from './pool.ts'

/**
 * A pool as of a view. One that is not indexed may well exist, so nothing is said of its trades.
 *
 * @throws AppError `not-found` with the reason `not-indexed` where the view has no such pool
 */
export async function readPool(ports: ResolvePorts, view: View, address: Address): Promise<Pool> {
  const [pool] = await readDocuments(ports, view, poolDocuments, [[address]])
  if (!pool)
    throw new AppError(
      'not-found',
      `pool: ${address} is not indexed as of block ${view.head.number}: no source covers it, or it was created later, ` +
        'so nothing is known of it here',
      { details: { field: 'pool', reason: 'not-indexed' }, audience: 'client' },
    )
  return pool
}
