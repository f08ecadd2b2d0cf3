import type { View } from '#core/history/head.ts'
import type { Holding } from '#core/nft/holding.ts'
import { refuseUnindexed } from '#core/nft/indexed-collections.ts'
import { type HoldingQuery, listHoldings } from '#core/nft/list-holdings.ts'
import { holdingCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import type { Ports } from '#api/wire.ts'
import { type Answer, endpoint } from './endpoint.ts'
import { address, after, limit, tokenId } from './parameters.ts'

const page = {
  tokenId: tokenId.optional(),
  limit: limit(PAGE_DEFAULT, PAGE_MAX),
  after: after(holdingCursor).optional(),
}

export const holdingsOfCollection = endpoint({
  path: '/v1/collections/:address/holdings',
  parameters: { address, owner: address.optional(), ...page },
  answer: (ports, view, { address: collection, ...query }) =>
    answer(ports, view, { ...query, collection }),
})

export const holdingsOfAccount = endpoint({
  path: '/v1/accounts/:address/holdings',
  parameters: { address, collection: address.optional(), ...page },
  answer: (ports, view, { address: owner, ...query }) => answer(ports, view, { ...query, owner }),
})

/** The same with `undefined` for what was not given. */
type Query = { readonly [K in keyof HoldingQuery]: HoldingQuery[K] | undefined } & {
  readonly limit: number
}

async function answer(ports: Ports, view: View, query: Query): Promise<Answer> {
  refuseUnindexed(ports.collections, query.collection)
  const { items, hasMore } = await listHoldings(ports, view, {
    limit: query.limit,
    ...(query.collection && { collection: query.collection }),
    ...(query.owner && { owner: query.owner }),
    ...(query.tokenId !== undefined && { tokenId: query.tokenId }),
    ...(query.after && { after: query.after }),
  })
  const last = items.at(-1)
  return {
    items: items.map(toJson),
    nextCursor: hasMore && last ? holdingCursor.encode(last) : null,
  }
}

const toJson = (holding: Holding): object => ({
  collection: holding.collection,
  tokenId: holding.tokenId.toString(),
  owner: holding.owner,
  standard: holding.standard,
  amount: holding.amount.toString(),
  shortfall: holding.shortfall.toString(),
})
