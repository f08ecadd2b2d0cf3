import type { MetadataTable } from '#core/nft/metadata/ports.ts'
import type { TokenMetadata } from '#core/nft/metadata/metadata.ts'
import type { KnownTraits, TraitIndex } from './count-traits.ts'

/** Traits as they are stored. @param metadata undefined where it is not kept */
export const createTraitIndex = (
  metadata: Pick<MetadataTable, 'read'> | undefined,
  chainId: number,
): TraitIndex =>
  metadata
    ? {
        async traitsOf(collection, tokenIds) {
          const found = await metadata.read(
            chainId,
            tokenIds.map((tokenId) => ({ collection, tokenId })),
          )
          return found.map(traitsIn)
        },
      }
    : null

/** What was not read since an event told of a change may be otherwise. */
const traitsIn = (metadata: TokenMetadata | undefined): KnownTraits =>
  metadata?.state === 'fetched' && !metadata.isStale && metadata.content
    ? {
        attributes: metadata.content.attributes,
        document: { block: metadata.block, fetchedAtMs: metadata.fetchedAtMs },
      }
    : 'unknown'
