import { SNAPSHOT_POINTS } from '#api/rate-limit.ts'
import { collection } from '#resources/collections.ts'
import { endpoint } from './endpoint.ts'
import { address } from './parameters.ts'

export const collectionRead = endpoint({
  path: '/v1/collections/:address',
  id: 'readCollection',
  summary: 'A collection as a whole: supply, owners, transfers, and for how long tokens are held.',
  returns: { item: collection },
  refuses: [
    { status: 404, when: 'The collection is not indexed.' },
    { status: 409, when: 'The index began after the first transfers of the collection.' },
  ],
  points: SNAPSHOT_POINTS,
  example: (of) => ({ address: of.collection }),
  parameters: { address },
  answer: async (ports, view, input) => ({
    item: await ports.summaries.read(view, input.address),
  }),
})
