import { readPool } from '#core/dex/read-pool.ts'
import { listSwaps } from '#core/dex/trading/list-swaps.ts'
import { refuseInverted } from '#core/page.ts'
import { placeOf, logCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { swap } from '#resources/swaps.ts'
import { endpoint } from './endpoint.ts'
import { after, block, limit, orderOfEvents, poolAddress } from './parameters.ts'

export const swapsOfPool = endpoint({
  path: '/v1/pools/:address/swaps',
  id: 'listSwaps',
  summary: 'Trades of a pool, newest first unless asked otherwise.',
  returns: { page: swap },
  refuses: [{ status: 404, when: 'The pool is not indexed.' }],
  example: ({ pool }) => ({ address: pool, limit: '2' }),
  parameters: {
    address: poolAddress,
    fromBlock: block.optional().describe('Only trades in this block or above.'),
    toBlock: block.optional().describe('Only trades in this block or below.'),
    order: orderOfEvents,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(logCursor).optional(),
  },
  async answer(ports, view, input) {
    const { fromBlock, toBlock } = input
    refuseInverted({ field: 'fromBlock', value: fromBlock }, { field: 'toBlock', value: toBlock })
    await readPool(ports, view, input.address)
    const { items, hasMore } = await listSwaps(ports, view, {
      pool: input.address,
      oldestFirst: input.order === 'asc',
      limit: input.limit,
      ...(fromBlock !== undefined && { fromBlock }),
      ...(toBlock !== undefined && { toBlock }),
      ...(input.after && { after: input.after }),
    })
    const last = items.at(-1)
    return {
      items,
      nextCursor: hasMore && last ? logCursor.encode(placeOf(last)) : null,
    }
  },
})
