import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { Source } from '#core/catalogue.ts'

/** The collections whose transfers a history has. */
export type IndexedCollections = ReadonlySet<Address>

export const indexedCollections = (sources: readonly Source[]): IndexedCollections =>
  new Set(
    sources.flatMap((source) =>
      source.kind === 'erc721' || source.kind === 'erc1155' ? [source.address] : [],
    ),
  )

/**
 * Nothing is known of the owners of a collection that is not indexed, which is not the same as that nobody owns any of it.
 *
 * @param collection undefined where the request names none
 * @throws AppError `not-found` with the reason `not-indexed`
 */
export function refuseUnindexed(
  collections: IndexedCollections,
  collection: Address | null | undefined,
): void {
  if (collection == null || collections.has(collection)) return
  throw new AppError(
    'not-found',
    `collection: ${collection} is not indexed, so who holds what of it is not known here`,
    { details: { field: 'collection', reason: 'not-indexed' }, audience: 'client' },
  )
}
