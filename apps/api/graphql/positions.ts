import { findPosition, listPositions } from '#core/dex/positions/list-positions.ts'
import { placeOfPosition, positionCursor, UINT256_MAX } from '#api/cursors.ts'
import { invalidField } from '#core/errors.ts'
import { faultText, TOKEN_ID } from '#api/words.ts'
import { position } from '#resources/positions.ts'
import { builder } from './builder.ts'
import { chargeEarlyEnd, forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const Position = typeOf(position)

const PositionConnection = builder.connectionObject({
  type: Position,
  name: 'PositionConnection',
})

/** `Query.positions` and `Query.position` */
export function addPositions(): void {
  builder.queryFields((t) => ({
    positions: t.field({
      type: PositionConnection,
      description:
        'Positions of Uniswap V3 that accounts hold now: of a pool by owner, of an owner by pool. Name a pool, an ' +
        'owner, or both.',
      args: {
        pool: t.arg({ type: 'Address' }),
        owner: t.arg({ type: 'Address' }),
        ...forwardArgs,
      },
      async resolve(_root, { pool, owner, ...args }, context) {
        const request = toPageRequest(args, positionCursor)
        context.spend(request.limit, request.argument)
        const page = await listPositions(context.ports, context.view(), {
          limit: request.limit,
          ...(pool && { pool }),
          ...(owner && { owner }),
          ...(request.after && { after: request.after }),
        })
        chargeEarlyEnd(page, request, context)
        return toConnection(page, request, (each) => positionCursor.encode(placeOfPosition(each)))
      },
    }),
    position: t.field({
      type: Position,
      description: 'Null where no event of it is indexed, whatever there is on the chain.',
      args: {
        manager: t.arg({ type: 'Address', required: true }),
        tokenId: t.arg({ type: 'BigInt', required: true }),
      },
      async resolve(_root, { manager, tokenId }, context) {
        if (tokenId < 0n || tokenId > UINT256_MAX)
          throw invalidField('tokenId', faultText(TOKEN_ID, tokenId))
        context.spend(1, 'tokenId')
        return findPosition(context.ports, context.view(), manager, tokenId)
      },
    }),
  }))
}
