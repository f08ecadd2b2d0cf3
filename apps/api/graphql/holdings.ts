import { refuseUnindexed } from '#core/nft/indexed-collections.ts'
import { readMetadata } from '#core/nft/metadata/read-metadata.ts'
import { listHoldings } from '#core/nft/list-holdings.ts'
import { holdingCursor, UINT256_MAX } from '#api/cursors.ts'
import { invalidField } from '#core/errors.ts'
import { faultText, TOKEN_ID } from '#api/words.ts'
import { tokenMetadata } from '#resources/metadata.ts'
import { holding } from '#resources/holdings.ts'
import { builder } from './builder.ts'
import { chargeEarlyEnd, forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const Holding = typeOf(holding)

const Metadata = typeOf(tokenMetadata)

const HoldingConnection = builder.connectionObject({ type: Holding, name: 'HoldingConnection' })

/** `Query.holdings`, and what tokens say of themselves */
export function addHoldings(): void {
  builder.objectField(Holding, 'metadata', (t) =>
    t.field({
      type: Metadata,
      description: 'What the token says of itself; null where nothing is kept of it.',
      resolve: ({ collection, tokenId }, _args, context) =>
        context.metadata.load({ collection, tokenId }),
    }),
  )
  builder.queryField('tokenMetadata', (t) =>
    t.field({
      type: Metadata,
      nullable: false,
      description: 'What a token of an indexed collection says of itself.',
      args: {
        collection: t.arg({ type: 'Address', required: true }),
        tokenId: t.arg({ type: 'BigInt', required: true }),
      },
      resolve(_root, { collection, tokenId }, context) {
        refuseNoId(tokenId)
        context.live()
        const { ports } = context
        return readMetadata(ports, ports.settings.chain.id, { collection, tokenId })
      },
    }),
  )
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
        if (tokenId != null) refuseNoId(tokenId)
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
        chargeEarlyEnd(page, request, context)
        return toConnection(page, request, (each) => holdingCursor.encode(each))
      },
    }),
  )
}

function refuseNoId(tokenId: bigint): void {
  if (tokenId < 0n || tokenId > UINT256_MAX)
    throw invalidField('tokenId', faultText(TOKEN_ID, tokenId))
}
