import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { readDocuments, type ResolvePorts } from '#core/history/resolve.ts'
import { type Pool, poolDocuments } from './pool.ts'

/** @throws AppError `not-found` where the view has no such pool */
export async function readPool(ports: ResolvePorts, view: View, address: Address): Promise<Pool> {
  const [pool] = await readDocuments(ports, view, poolDocuments, [[address]])
  if (!pool)
    throw new AppError('not-found', `pool: none at ${address} as of block ${view.head.number}`, {
      details: { field: 'pool' },
      audience: 'client',
    })
  return pool
}
