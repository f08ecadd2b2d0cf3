import type { Address } from '#core/chain.ts'
import { listSwaps, type SwapRow } from '#core/dex/trading/list-swaps.ts'
import { refuseInverted } from '#core/page.ts'
import { invalidField } from '#core/errors.ts'
import { placeOf, swapCursor } from '#api/cursors.ts'
import { Block } from './blocks.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import {
  bothWaysArgs,
  type Connection,
  type PageArgs,
  toConnection,
  toPageRequest,
} from './paging.ts'
import { Pool, Protocol } from './pools.ts'

const Swap = builder.objectRef<SwapRow>('Swap')

Swap.implement({
  description: 'A trade. Amounts in raw units from the view of the pool: positive came in.',
  fields: (t) => ({
    pool: t.field({ type: Pool, nullable: false, resolve: ({ event }) => event.address }),
    protocol: t.field({
      type: Protocol,
      nullable: false,
      resolve: ({ event }) => event.body.protocol,
    }),
    block: t.field({ type: Block, nullable: false, resolve: ({ event }) => event.block }),
    transactionHash: t.field({
      type: 'Hash',
      nullable: false,
      resolve: ({ event }) => event.transactionHash,
    }),
    logIndex: t.int({ nullable: false, resolve: ({ event }) => event.logIndex }),
    sender: t.field({
      type: 'Address',
      nullable: false,
      resolve: ({ event }) => event.body.sender,
    }),
    recipient: t.field({
      type: 'Address',
      nullable: false,
      resolve: ({ event }) => event.body.recipient,
    }),
    amount0: t.expose('amount0', { type: 'BigInt', nullable: false }),
    amount1: t.expose('amount1', { type: 'BigInt', nullable: false }),
    sqrtPriceX96: t.field({
      type: 'BigInt',
      description: 'V3 only: after the trade, as are liquidity and tick.',
      resolve: (row) => v3(row)?.sqrtPriceX96,
    }),
    liquidity: t.field({ type: 'BigInt', resolve: (row) => v3(row)?.liquidity }),
    tick: t.int({ resolve: (row) => v3(row)?.tick }),
  }),
})

const v3 = ({ event: { body } }: SwapRow) => (body.protocol === 'uniswap-v3' ? body : undefined)

const SwapConnection = builder.connectionObject({ type: Swap, name: 'SwapConnection' })

type SwapArgs = PageArgs & {
  readonly fromBlock?: number | null | undefined
  readonly toBlock?: number | null | undefined
}

/** Newest first. */
async function resolveSwaps(
  context: GraphqlContext,
  pool: Address | null | undefined,
  args: SwapArgs,
): Promise<Connection<SwapRow>> {
  const request = toPageRequest(args, swapCursor)
  const fromBlock = blockOf(args.fromBlock, 'fromBlock')
  const toBlock = blockOf(args.toBlock, 'toBlock')
  refuseInverted({ field: 'fromBlock', value: fromBlock }, { field: 'toBlock', value: toBlock })
  context.spend(request.limit, request.argument)
  const page = await listSwaps(context.ports, context.view(), {
    limit: request.limit,
    oldestFirst: request.isBackward,
    ...(request.after && { after: request.after }),
    ...(pool && { pool }),
    ...(fromBlock !== undefined && { fromBlock }),
    ...(toBlock !== undefined && { toBlock }),
  })
  return toConnection(page, request, (row) => swapCursor.encode(placeOf(row)))
}

function blockOf(number: number | null | undefined, argument: string): number | undefined {
  if (number == null) return undefined
  if (number < 0) throw invalidField(argument, `${number} is not a block number`)
  return number
}

const rangeArgs = builder.args((t) => ({
  fromBlock: t.int({ description: 'Only trades in this block or above.' }),
  toBlock: t.int({ description: 'Only trades in this block or below.' }),
}))

/** `Query.swaps` and `Pool.swaps` */
export function addSwaps(): void {
  builder.objectField(Pool, 'swaps', (t) =>
    t.field({
      type: SwapConnection,
      description: 'Trades, newest first.',
      args: { ...rangeArgs, ...bothWaysArgs },
      resolve: (pool, args, context) => resolveSwaps(context, pool.address, args),
    }),
  )

  builder.queryField('swaps', (t) =>
    t.field({
      type: SwapConnection,
      description: 'Trades of one pool or of all, newest first.',
      args: { pool: t.arg({ type: 'Address' }), ...rangeArgs, ...bothWaysArgs },
      resolve: (_root, { pool, ...args }, context) => resolveSwaps(context, pool, args),
    }),
  )
}
