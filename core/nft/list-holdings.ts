import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { listDocuments } from '#core/history/list-documents.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import type { Page } from '#core/page.ts'
import { type Holder, holderDocuments, type Holding, holdingDocuments } from './holding.ts'

/** The place of a holding in its lists. */
export type HoldingPlace = Pick<Holding, 'collection' | 'tokenId' | 'owner'>

export type HoldingQuery = {
  /** A collection or an owner must be named. */
  readonly collection?: Address
  readonly owner?: Address
  /** Only with a collection. */
  readonly tokenId?: bigint
  readonly after?: HoldingPlace
  readonly limit: number
}

/**
 * Who holds what now: of a collection by token and owner, of an owner by collection and token.
 *
 * @throws AppError `invalid` where neither is named, or a token without its collection
 */
export async function listHoldings(
  ports: ResolvePorts,
  view: View,
  query: HoldingQuery,
): Promise<Page<Holding>> {
  const { collection, owner, tokenId, after, limit } = query
  if (tokenId !== undefined && !collection)
    throw invalidField('tokenId', 'name the collection that it is a token of')
  const isHeld = (holding: Holding): boolean => holding.amount > 0n
  if (owner) {
    // All three name one holding: nothing is behind it.
    if (tokenId !== undefined && after) return { items: [], hasMore: false }
    const prefix = collection ? [owner, collection] : [owner]
    return listDocuments(
      ports,
      view,
      holdingDocuments,
      {
        limit,
        order: 'byOwner',
        prefix: tokenId === undefined ? prefix : [...prefix, tokenId],
        ...(after && { after: [owner, after.collection, after.tokenId] }),
      },
      isHeld,
    )
  }
  if (!collection) throw invalidField('collection', 'name a collection, an owner, or both')
  return listDocuments(
    ports,
    view,
    holdingDocuments,
    {
      limit,
      order: 'identity',
      prefix: tokenId === undefined ? [collection] : [collection, tokenId],
      ...(after && { after: [collection, after.tokenId, after.owner] }),
    },
    isHeld,
  )
}

export type HolderQuery = {
  readonly collection: Address
  /** The page begins behind this owner. */
  readonly after?: Address
  readonly limit: number
}

/** The accounts that hold something of a collection, by address. */
export async function listHolders(
  ports: ResolvePorts,
  view: View,
  { collection, after, limit }: HolderQuery,
): Promise<Page<Holder>> {
  return listDocuments(
    ports,
    view,
    holderDocuments,
    {
      order: 'identity',
      prefix: [collection],
      limit,
      ...(after && { after: [collection, after] }),
    },
    (holder) => holder.tokenCount > 0,
  )
}
