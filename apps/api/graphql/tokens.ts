import { listTokens } from '#core/dex/list-tokens.ts'
import { addressCursor } from '#api/cursors.ts'
import { swapContracts } from '#resources/swap-contracts.ts'
import { token } from '#resources/tokens.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const Token = typeOf(token)

const TokenConnection = builder.connectionObject({ type: Token, name: 'TokenConnection' })

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
        return toConnection(page, request, (each) => addressCursor.encode(each))
      },
    }),
    swapContracts: t.field({
      type: typeOf(swapContracts),
      nullable: false,
      resolve: (_root, _args, context) => context.swapContracts,
    }),
  }))
}
