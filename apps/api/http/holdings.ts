import type { View } from '#core/history/head.ts'
import type { Holding } from '#core/nft/holding.ts'
import { refuseUnindexed } from '#core/nft/indexed-collections.ts'
import { type HoldingQuery, listHoldings } from '#core/nft/list-holdings.ts'
import { endOf } from '#core/page.ts'
import { holdingCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import type { Ports } from '#api/wire.ts'
import { holding } from '#resources/holdings.ts'
import { type Answer, endpoint } from './endpoint.ts'
import { address, after, limit, tokenId } from './parameters.ts'

const paging = {
  tokenId: tokenId.optional().describe('Only this token.'),
  limit: limit(PAGE_DEFAULT, PAGE_MAX),
  after: after(holdingCursor).optional(),
}

export const holdingsOfCollection = endpoint({
  path: '/v1/collections/:address/holdings',
  id: 'listHoldingsOfCollection',
  summary: 'Who holds which tokens of a collection, by token and owner.',
  returns: { page: holding },
  refuses: [{ status: 404, when: 'The collection is not indexed.' }],
  example: ({ collection }) => ({ address: collection, limit: '2' }),
  parameters: {
    address,
    owner: address.optional().describe('Only what this account holds.'),
    ...paging,
  },
  answer: (ports, view, { address: collection, ...query }) =>
    answer(ports, view, { ...query, collection }),
})

export const holdingsOfAccount = endpoint({
  path: '/v1/accounts/:address/holdings',
  id: 'listHoldingsOfAccount',
  summary: 'Which tokens an account holds, by collection and token.',
  returns: { page: holding },
  refuses: [{ status: 404, when: 'The collection is not indexed.' }],
  example: ({ account }) => ({ address: account, limit: '2' }),
  parameters: {
    address,
    collection: address.optional().describe('Only tokens of this collection.'),
    ...paging,
  },
  answer: (ports, view, { address: owner, ...query }) => answer(ports, view, { ...query, owner }),
})

/** The same with `undefined` for what was not given. */
type Query = { readonly [K in keyof HoldingQuery]: HoldingQuery[K] | undefined } & {
  readonly limit: number
}

async function answer(ports: Ports, view: View, query: Query): Promise<Answer<Holding>> {
  refuseUnindexed(ports.collections, query.collection)
  const page = await listHoldings(ports, view, {
    limit: query.limit,
    ...(query.collection && { collection: query.collection }),
    ...(query.owner && { owner: query.owner }),
    ...(query.tokenId !== undefined && { tokenId: query.tokenId }),
    ...(query.after && { after: query.after }),
  })
  const end = endOf(page)
  return {
    items: page.items,
    nextCursor: end ? holdingCursor.encode(end) : null,
  }
}
