import type { Address } from '#core/chain.ts'
import { listTokens } from '#core/dex/list-tokens.ts'
import { addressCursor } from '#api/cursors.ts'
import type { SwapContracts as Contracts } from '#api/swap-contracts.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toPageRequest } from './paging.ts'

/** Known by its address alone: a query that asks for no more makes no call to the chain. */
export const Token = builder.objectRef<Address>('Token')

Token.implement({
  description:
    'An ERC-20 contract, in its own words: asked of the chain while the query is answered, and no proof of anything. ' +
    'Null where it does not answer, not with anything usable, or where the chain cannot be asked.',
  fields: (t) => ({
    address: t.field({ type: 'Address', nullable: false, resolve: (address) => address }),
    symbol: t.string({
      resolve: async (address, _args, { tokens }) => (await tokens.load(address)).symbol,
    }),
    name: t.string({
      resolve: async (address, _args, { tokens }) => (await tokens.load(address)).name,
    }),
    decimals: t.int({
      description: 'From 0 to 36.',
      resolve: async (address, _args, { tokens }) => (await tokens.load(address)).decimals,
    }),
  }),
})

const TokenConnection = builder.connectionObject({ type: Token, name: 'TokenConnection' })

const SwapContracts = builder.objectRef<Contracts>('SwapContracts')

SwapContracts.implement({
  description: 'The addresses that a client needs to trade with quotes.',
  fields: (t) => ({
    chainId: t.exposeInt('chainId', { nullable: false }),
    router: t.expose('router', {
      type: 'Address',
      description:
        'What transactions are sent to, and what has to be allowed to take the token that is sold. Null: none are made.',
    }),
    native: t.expose('native', {
      type: 'Address',
      nullable: false,
      description: 'Stands for the chain’s own currency in quotes; there is no contract.',
    }),
    wrappedNative: t.expose('wrappedNative', {
      type: 'Address',
      description:
        'The token that the native currency is wrapped into; null where none is configured.',
    }),
  }),
})

/** `Query.tokens` and `Query.swapContracts` */
export function addTokens(): void {
  builder.queryFields((t) => ({
    tokens: t.field({
      type: TokenConnection,
      description: 'Tokens that have a pool, by address.',
      args: { ...forwardArgs },
      async resolve(_root, args, context) {
        const request = toPageRequest(args, addressCursor)
        context.spend(request.limit, request.argument)
        const page = await listTokens(context.ports, context.view(), context.listedPools, {
          limit: request.limit,
          ...(request.after && { after: request.after }),
        })
        return toConnection(page, request, (token) => addressCursor.encode(token))
      },
    }),
    swapContracts: t.field({
      type: SwapContracts,
      nullable: false,
      resolve: (_root, _args, context) => context.swapContracts,
    }),
  }))
}
