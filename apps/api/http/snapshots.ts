import { addressCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { SNAPSHOT_POINTS } from '#api/rate-limit.ts'
import { holdersOf } from '#api/snapshot-page.ts'
import { snapshot, snapshotHolder } from '#resources/snapshots.ts'
import { endpoint } from './endpoint.ts'
import { address, after, block, limit } from './parameters.ts'

const at = block.optional().describe('The block; the newest final one unless given.')

const refuses = [
  { status: 404, when: 'The collection is not indexed.' },
  { status: 409, when: 'The index began after the first transfers of the collection.' },
]

export const snapshotOfCollection = endpoint({
  path: '/v1/collections/:address/snapshot',
  id: 'readSnapshot',
  summary: 'How many held a collection at a block, and the Merkle root over them.',
  returns: { item: snapshot },
  refuses,
  points: SNAPSHOT_POINTS,
  example: ({ collection }) => ({ address: collection }),
  parameters: { address, at },
  answer: async (ports, view, input) => ({
    item: await ports.snapshots.take(view, {
      collection: input.address,
      ...(input.at !== undefined && { at: input.at }),
    }),
  }),
})

export const snapshotHolders = endpoint({
  path: '/v1/collections/:address/snapshot/holders',
  id: 'listSnapshotHolders',
  summary: 'Who held how much of a collection at a block, by address, each with its Merkle proof.',
  returns: { page: snapshotHolder },
  refuses,
  points: SNAPSHOT_POINTS,
  example: ({ collection }) => ({ address: collection, limit: '2' }),
  parameters: {
    address,
    at,
    owner: address.optional().describe('Only this account.'),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(addressCursor).optional(),
  },
  async answer(ports, view, input) {
    const taken = await ports.snapshots.take(view, {
      collection: input.address,
      ...(input.at !== undefined && { at: input.at }),
    })
    const { items, hasMore } = holdersOf(taken, input)
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? addressCursor.encode(last.owner) : null }
  },
})
