import { z } from 'zod'
import { readPool } from '#core/dex/read-pool.ts'
import { listSwaps, type SwapRow } from '#core/dex/trading/list-swaps.ts'
import { refuseInverted } from '#core/page.ts'
import { placeOf, swapCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { endpoint } from './endpoint.ts'
import { address, after, block, limit } from './parameters.ts'

export const swapsOfPool = endpoint({
  path: '/v1/pools/:address/swaps',
  parameters: {
    address,
    fromBlock: block.optional(),
    toBlock: block.optional(),
    order: z.enum(['desc', 'asc'], 'neither desc nor asc').default('desc'),
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(swapCursor).optional(),
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
      items: items.map(toJson),
      nextCursor: hasMore && last ? swapCursor.encode(placeOf(last)) : null,
    }
  },
})

function toJson({ event, amount0, amount1 }: SwapRow): object {
  const { block: at, body } = event
  const isV3 = body.protocol === 'uniswap-v3'
  return {
    pool: event.address,
    protocol: body.protocol,
    block: { number: at.number, hash: at.hash, timestamp: at.timestamp },
    transactionHash: event.transactionHash,
    logIndex: event.logIndex,
    sender: body.sender,
    recipient: body.recipient,
    amount0: amount0.toString(),
    amount1: amount1.toString(),
    sqrtPriceX96: isV3 ? body.sqrtPriceX96.toString() : null,
    liquidity: isV3 ? body.liquidity.toString() : null,
    tick: isV3 ? body.tick : null,
  }
}
