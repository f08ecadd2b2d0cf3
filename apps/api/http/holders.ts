import { refuseUnindexed } from '#core/nft/indexed-collections.ts'
import { listHolders } from '#core/nft/list-holdings.ts'
import { endOf } from '#core/page.ts'
import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { holder } from '#resources/holdings.ts'
import { endpoint } from './endpoint.ts'
import { address, after, limit } from './parameters.ts'

export const holdersOfCollection = endpoint({
  path: '/v1/collections/:address/holders',
  id: 'listHolders',
  summary: 'Who holds tokens of a collection, and how many, by address.',
  returns: { page: holder },
  refuses: [{ status: 404, when: 'The collection is not indexed.' }],
  example: ({ collection }) => ({ address: collection, limit: '2' }),
  parameters: {
    address,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(addressCursor).optional(),
  },
  async answer(ports, view, input) {
    refuseUnindexed(ports.collections, input.address)
    const page = await listHolders(ports, view, {
      collection: input.address,
      limit: input.limit,
      ...(input.after && { after: input.after }),
    })
    const end = endOf(page)
    return {
      items: page.items,
      nextCursor: end ? addressCursor.encode(end.owner) : null,
    }
  },
})
