import type { Address } from '#core/chain.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { listSwaps, type SwapRow } from '#core/dex/trading/list-swaps.ts'
import { refuseInverted } from '#core/page.ts'
import { invalidField } from '#core/errors.ts'
import { feedCursor, placeOf, logCursor } from '#api/cursors.ts'
import { type SwapUpdate, swapUpdate } from '#resources/swap-updates.ts'
import { swap } from '#resources/swaps.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import {
  blockOf,
  bothWaysArgs,
  type Connection,
  type PageArgs,
  toConnection,
  toPageRequest,
} from './paging.ts'
import { Pool } from './pools.ts'
import { typeOf } from './resources.ts'

const Swap = typeOf(swap)

const SwapConnection = builder.connectionObject({ type: Swap, name: 'SwapConnection' })

type SwapArgs = PageArgs & {
  readonly fromBlock?: number | null | undefined
  readonly toBlock?: number | null | undefined
}

/**
 * Newest first.
 *
 * @param parent the pool that the field is of, which has been read
 * @param named one that the client names
 */
async function resolveSwaps(
  context: GraphqlContext,
  { parent, named }: { readonly parent?: Address; readonly named?: Address | null | undefined },
  args: SwapArgs,
): Promise<Connection<SwapRow>> {
  const request = toPageRequest(args, logCursor)
  const fromBlock = blockOf(args.fromBlock, 'fromBlock')
  const toBlock = blockOf(args.toBlock, 'toBlock')
  refuseInverted({ field: 'fromBlock', value: fromBlock }, { field: 'toBlock', value: toBlock })
  context.spend(request.limit, request.argument)
  if (named) await readPool(context.ports, context.view(), named)
  const pool = parent ?? named
  const page = await listSwaps(context.ports, context.view(), {
    limit: request.limit,
    oldestFirst: request.isBackward,
    ...(request.after && { after: request.after }),
    ...(pool && { pool }),
    ...(fromBlock !== undefined && { fromBlock }),
    ...(toBlock !== undefined && { toBlock }),
  })
  return toConnection(page, request, (row) => logCursor.encode(placeOf(row)))
}

const rangeArgs = builder.args((t) => ({
  fromBlock: t.int({ description: 'Only trades in this block or above.' }),
  toBlock: t.int({ description: 'Only trades in this block or below.' }),
}))

/** `Query.swaps`, `Pool.swaps` and `Subscription.swapUpdates` */
export function addSwaps(): void {
  builder.objectField(Pool, 'swaps', (t) =>
    t.field({
      type: SwapConnection,
      description: 'Trades, newest first.',
      args: { ...rangeArgs, ...bothWaysArgs },
      resolve: (pool, args, context) => resolveSwaps(context, { parent: pool.address }, args),
    }),
  )

  builder.queryField('swaps', (t) =>
    t.field({
      type: SwapConnection,
      description:
        'Trades of one pool or of all, newest first; NOT_INDEXED for a pool that is not indexed.',
      args: { pool: t.arg({ type: 'Address' }), ...rangeArgs, ...bothWaysArgs },
      resolve: (_root, { pool, ...args }, context) => resolveSwaps(context, { named: pool }, args),
    }),
  )

  builder.subscriptionField('swapUpdates', (t) =>
    t.field({
      type: typeOf(swapUpdate),
      nullable: false,
      description:
        'Trades as they are committed, from now on or from behind a cursor. Each is told at least once; what a ' +
        'reorganisation takes back is told too.',
      args: {
        pool: t.arg({
          type: 'Address',
          description: 'Only of this pool; NOT_INDEXED where it is not indexed.',
        }),
        after: t.arg.string({ description: 'The `cursor` of an update: go on behind it.' }),
      },
      subscribe(_root, { pool, after }, context) {
        const cursor = after == null ? undefined : feedCursor.decode(after)
        if (after != null && !cursor)
          throw invalidField(
            'after',
            'not a cursor of an update; take `cursor` of the last one, or leave it out',
          )
        return context.swapUpdates({ pool: pool ?? undefined, after: cursor })
      },
      resolve: (update: SwapUpdate) => update,
    }),
  )
}
