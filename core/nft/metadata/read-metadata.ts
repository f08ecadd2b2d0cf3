import { AppError } from '#core/errors.ts'
import { type IndexedCollections, refuseUnindexed } from '#core/nft/indexed-collections.ts'
import type { TokenMetadata } from './metadata.ts'
import type { MetadataTable, TokenKey } from './ports.ts'

export type ReadMetadataPorts = {
  readonly collections: IndexedCollections
  /** Undefined where metadata is not kept. */
  readonly metadata: Pick<MetadataTable, 'read'> | undefined
}

/**
 * What a token of an indexed collection says of itself, as far as it was fetched.
 *
 * @throws AppError `not-found`: `not-indexed` for a collection that is not, `not-stored` where metadata is not kept or
 *   nobody has seen the token yet; `unavailable` where the store cannot be read
 */
export async function readMetadata(
  { collections, metadata }: ReadMetadataPorts,
  chainId: number,
  key: TokenKey,
): Promise<TokenMetadata> {
  refuseUnindexed(collections, key.collection)
  if (!metadata) throw notStored('collection', 'metadata of tokens is not kept here')
  const [found] = await metadata.read(chainId, [key])
  if (found) return found
  throw notStored(
    'tokenId',
    `no transfer of token ${key.tokenId} was seen yet: there may be none, or it comes later`,
  )
}

const notStored = (field: string, why: string): AppError =>
  new AppError('not-found', `${field}: ${why}`, {
    details: { field, reason: 'not-stored' },
    audience: 'client',
  })
