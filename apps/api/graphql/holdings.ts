import { refuseUnindexed } from '#core/nft/indexed-collections.ts'
import { listHoldings } from '#core/nft/list-holdings.ts'
import { holdingCursor, UINT256_MAX } from '#api/cursors.ts'
import { invalidField } from '#core/errors.ts'
import { faultText, TOKEN_ID } from '#api/words.ts'
import { holding } from '#resources/holdings.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const Holding = typeOf(holding)

const HoldingConnection = builder.connectionObject({ type: Holding, name: 'HoldingConnection' })

/** `Query.holdings` */
export function addHoldings(): void {
  builder.queryField('holdings', (t) =>
    t.field({
      type: HoldingConnection,
      description:
        'Who holds what now: of a collection by token and owner, of an owner by collection and token. ' +
        'Name a collection, an owner, or both.',
      args: {
        collection: t.arg({ type: 'Address' }),
        owner: t.arg({ type: 'Address' }),
        tokenId: t.arg({ type: 'BigInt', description: 'Only with a collection.' }),
        ...forwardArgs,
      },
      async resolve(_root, { collection, owner, tokenId, ...args }, context) {
        if (tokenId != null && (tokenId < 0n || tokenId > UINT256_MAX))
          throw invalidField('tokenId', faultText(TOKEN_ID, tokenId))
        const request = toPageRequest(args, holdingCursor)
        refuseUnindexed(context.ports.collections, collection)
        context.spend(request.limit, request.argument)
        const page = await listHoldings(context.ports, context.view(), {
          limit: request.limit,
          ...(collection && { collection }),
          ...(owner && { owner }),
          ...(tokenId != null && { tokenId }),
          ...(request.after && { after: request.after }),
        })
        return toConnection(page, request, (each) => holdingCursor.encode(each))
      },
    }),
  )
}
