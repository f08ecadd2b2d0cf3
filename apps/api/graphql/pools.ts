import type { Address } from '#core/chain.ts'
import { listPools } from '#core/dex/list-pools.ts'
import type { Pool as StoredPool } from '#core/dex/pool.ts'
import { AppError } from '#core/errors.ts'
import { readDocuments } from '#core/history/resolve.ts'
import { addressCursor } from '#api/cursors.ts'
import { type PoolPrice as Price, priceOf } from '#api/prices.ts'
import { decimalsOf, type PoolDecimals } from '#api/tokens.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import { bothWaysArgs, toConnection, toPageRequest } from './paging.ts'
import { Token } from './tokens.ts'

export const Protocol = builder.enumType('Protocol', {
  description: 'The design of a pool; a fork of one is the same with other parameters.',
  values: { UNISWAP_V2: { value: 'uniswap-v2' }, UNISWAP_V3: { value: 'uniswap-v3' } } as const,
})

/** Where a pool is only named, as by its swaps, all pools of an answer are read at once. */
export const Pool = builder.loadableObjectRef<StoredPool, Address>('Pool', {
  load: async (addresses, context) => {
    const view = context.view()
    const keys = addresses.map((address) => [address])
    const pools = await readDocuments(context.ports, view, 'pool', keys)
    return pools.map((pool, index) => pool ?? missing(addresses[index]))
  },
})

const missing = (address: Address | undefined): AppError =>
  new AppError('not-found', `pool: none at ${address}`, {
    details: { field: 'pool' },
    audience: 'client',
  })

const PoolPrice = builder.objectRef<Price>('PoolPrice')

PoolPrice.implement({
  description:
    'The marginal price of a pool in whole tokens, before fees; cut after 18 significant digits.',
  fields: (t) => ({
    token0InToken1: t.expose('token0InToken1', {
      type: 'Decimal',
      nullable: false,
      description: 'How much of token1 one token0 is worth.',
    }),
    token1InToken0: t.expose('token1InToken0', {
      type: 'Decimal',
      description: 'How much of token0 one token1 is worth; null where token0 is worth nothing.',
    }),
  }),
})

Pool.implement({
  description: 'A liquidity pool as of the block that the whole answer is true at.',
  fields: (t) => ({
    address: t.expose('address', { type: 'Address', nullable: false }),
    protocol: t.expose('protocol', { type: Protocol, nullable: false }),
    factory: t.expose('factory', {
      type: 'Address',
      description: 'Null for a pool that is indexed by itself.',
    }),
    token0: t.expose('token0', { type: Token, nullable: false }),
    token1: t.expose('token1', { type: Token, nullable: false }),
    feePips: t.exposeInt('feePips', {
      nullable: false,
      description: 'LP fee in hundredths of a basis point: 3000 is 0.30 %.',
    }),
    tickSpacing: t.exposeInt('tickSpacing', { description: 'V3 only.' }),
    createdBlock: t.exposeInt('createdBlock'),
    createdAt: t.expose('createdAt', {
      type: 'Timestamp',
      description: 'Seconds since 1970.',
    }),
    reserve0: t.expose('reserve0', {
      type: 'BigInt',
      description:
        'Raw units. V3: what came in less what went out; null where indexing began after the creation of the pool.',
    }),
    reserve1: t.expose('reserve1', { type: 'BigInt' }),
    sqrtPriceX96: t.expose('sqrtPriceX96', { type: 'BigInt', description: 'V3 only.' }),
    tick: t.exposeInt('tick', { description: 'V3 only.' }),
    liquidity: t.expose('liquidity', {
      type: 'BigInt',
      description: 'V3 only: the liquidity in range.',
    }),
    price: t.field({
      type: PoolPrice,
      description: 'Null while the pool has none, or the decimals of a token are not known.',
      resolve: async (pool, _args, context) => priceOf(pool, await loadDecimals(context, pool)),
    }),
    swapCount: t.exposeInt('swapCount', { nullable: false }),
    lastTradeAt: t.expose('lastTradeAt', {
      type: 'Timestamp',
      description: 'Seconds since 1970.',
    }),
  }),
})

export async function loadDecimals(
  { tokens }: Pick<GraphqlContext, 'tokens'>,
  pool: StoredPool,
): Promise<PoolDecimals> {
  return decimalsOf(...(await Promise.all([tokens.load(pool.token0), tokens.load(pool.token1)])))
}

const PoolConnection = builder.connectionObject({ type: Pool, name: 'PoolConnection' })

/** `Query.pools` and `Query.pool` */
export function addPools(): void {
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
        return toConnection(page, request, (pool) => addressCursor.encode(pool.address))
      },
    }),
    pool: t.field({
      type: Pool,
      description: 'Null where there is none at this address.',
      args: { address: t.arg({ type: 'Address', required: true }) },
      async resolve(_root, { address }, context) {
        context.spend(1, 'address')
        const view = context.view()
        const [pool] = await readDocuments(context.ports, view, 'pool', [[address]])
        return pool
      },
    }),
  }))
}
