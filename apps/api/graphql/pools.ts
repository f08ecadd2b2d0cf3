import type { Address } from '#core/chain.ts'
import { listPools } from '#core/dex/list-pools.ts'
import type { Pool as StoredPool } from '#core/dex/pool.ts'
import type { QuotedPool } from '#core/dex/quotable.ts'
import { readQuotedPools } from '#core/dex/read-pool.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { addressCursor } from '#api/cursors.ts'
import { pool } from '#resources/pools.ts'
import { quotability } from '#resources/quotability.ts'
import { expectDecimals } from '#api/tokens.ts'
import type { PoolDecimals } from '#resources/tokens.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import { bothWaysArgs, toConnection, toPageRequest } from './paging.ts'
import { implement, typeOf } from './resources.ts'

/** Where a pool is only named, as by its swaps, all pools of an answer are read at once. */
export const Pool = implement(
  pool,
  builder.loadableObjectRef<QuotedPool, Address>(pool.name, {
    load: async (addresses, context) => {
      const pools = await readQuotedPools(context.ports, context.view(), addresses)
      return pools.map((found, index) => found ?? missing(addresses[index]))
    },
  }),
)

const missing = (address: Address | undefined): AppError =>
  new AppError('not-found', `pool: none at ${address}`, {
    details: { field: 'pool' },
    audience: 'client',
  })

export async function loadDecimals(
  { tokens }: Pick<GraphqlContext, 'tokens'>,
  { token0, token1 }: StoredPool,
): Promise<PoolDecimals> {
  return expectDecimals(...(await Promise.all([tokens.load(token0), tokens.load(token1)])))
}

const PoolConnection = builder.connectionObject({ type: Pool, name: 'PoolConnection' })

const Quotability = typeOf(quotability)

/** `Query.pools`, `Query.pool` and `Pool.quotableNow` */
export function addPools(): void {
  builder.objectField(Pool, 'quotableNow', (t) =>
    t.field({
      type: Quotability,
      nullable: false,
      description:
        'Whether quotes go through the pool at the newest block of the chain, which is asked. Counts as a quote.',
      resolve: async ({ address }, _args, context) => (await context.quoter()).quotableNow(address),
    }),
  )
  builder.queryFields((t) => ({
    pools: t.field({
      type: PoolConnection,
      description: 'Pools by address.',
      args: {
        ...bothWaysArgs,
        token: t.arg({ type: 'Address', description: 'Only pools of this token.' }),
      },
      async resolve(_root, args, context) {
        const request = toPageRequest(args, addressCursor)
        context.spend(request.limit, request.argument)
        const page = await listPools(context.ports, context.view(), {
          limit: request.limit,
          descending: request.isBackward,
          ...(request.after && { after: request.after }),
          ...(args.token && { token: args.token }),
        })
        return toConnection(page, request, (each) => addressCursor.encode(each.address))
      },
    }),
    pool: t.field({
      type: Pool,
      description: 'Null where none is indexed at this address, whatever there is on the chain.',
      args: {
        address: t.arg({ type: 'Address' }),
        id: t.arg({
          type: 'Hash',
          description: 'A pool of Uniswap V4, in the place of an address.',
        }),
      },
      async resolve(_root, { address, id }, context) {
        const named = address ?? id
        if (named == null || (address != null && id != null))
          throw invalidField('address', 'name a pool by its address or, of Uniswap V4, by its id')
        context.spend(1, 'address')
        const [found] = await readQuotedPools(context.ports, context.view(), [named])
        return found
      },
    }),
  }))
}
