import type { BlockRef } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import type { RawLayer } from './obtain-blocks.ts'

/** Segments looked at: the newest ones that the chain has to have. */
const LOOKED_AT_BLOCKS = 20_000

/**
 * What is kept must be of the chain that is served: a development chain that was begun anew has the same id.
 *
 * @param finalized the newest final block of the chain
 * @throws AppError `unavailable` where a block that is kept is not on the chain
 */
export async function refuseOtherRaw(
  { store }: RawLayer,
  source: Pick<BlockSource, 'onOneBranch'>,
  chainId: number,
  finalized: BlockRef,
): Promise<void> {
  if (finalized.number < 0) return
  const range = { from: finalized.number - LOOKED_AT_BLOCKS, to: finalized.number }
  const heads = await store.list(chainId, range)
  const newest = heads.findLast(({ to }) => to <= finalized.number)
  if (!newest) return
  const kept = { number: newest.to, hash: newest.lastHash }
  const isSame =
    kept.number === finalized.number
      ? kept.hash === finalized.hash
      : await source.onOneBranch([kept, finalized])
  if (isSame) return
  throw new AppError(
    'unavailable',
    `raw: block ${kept.number} is kept as ${kept.hash}, which is not on the chain that chain.rpc serves. For a ` +
      'development chain that was begun anew, name another place in raw or remove it; else correct chain.rpc',
    { details: { field: 'raw', reason: 'other-chain', block: kept.number } },
  )
}
