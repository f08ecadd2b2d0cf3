import { listChainActivity, placeOfActivity } from '#core/activity/list-chain-activity.ts'
import { PAGES_LOOKED_AT_MAX } from '#core/activity/walk-active-blocks.ts'
import { activityCursor, logCursor } from '#api/cursors.ts'
import { personAsked, readPersonActivity } from '#api/person-activity.ts'
import { assetName, discordAccount, readArgument } from '#api/points/input.ts'
import { activityKind, chainActivity, personActivity } from '#resources/activity.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toOpenConnection, toPageRequest } from './paging.ts'
import { enumOf, typeOf } from './resources.ts'

const ChainActivityConnection = builder.connectionObject({
  type: typeOf(chainActivity),
  name: 'ChainActivityConnection',
})
const PersonActivityConnection = builder.connectionObject({
  type: typeOf(personActivity),
  name: 'PersonActivityConnection',
})

/** `Query.activity` and `myActivity` */
export function addActivity(): void {
  builder.queryFields((t) => ({
    activity: t.field({
      type: ChainActivityConnection,
      description:
        'What an account did with pools and NFTs, newest first. A page of one kind may have fewer than asked for, and still ' +
        'go on.',
      args: {
        account: t.arg({ type: 'Address', required: true }),
        kind: t.arg({ type: enumOf(activityKind), description: 'Only what is of this kind.' }),
        ...forwardArgs,
      },
      async resolve(_root, { account, kind, ...args }, context) {
        const request = toPageRequest(args, logCursor)
        context.spend(request.limit, request.argument)
        // It may look at more than it gives.
        if (kind != null) context.spend(PAGES_LOOKED_AT_MAX, 'kind')
        const page = await listChainActivity(context.ports, context.view(), {
          accounts: [account],
          limit: request.limit,
          ...(kind && { kind }),
          ...(request.after && { after: request.after }),
        })
        return toOpenConnection(page, request, logCursor, placeOfActivity)
      },
    }),
    myActivity: t.field({
      type: PersonActivityConnection,
      description:
        'What whoever is signed in did with all wallets, and what points and roles did, newest first: for a key with persons:read of the person that has linked a Discord account.',
      args: {
        discord: t.arg.string({
          description: 'The id of a Discord account, for a key; left out by a person.',
        }),
        asset: t.arg.string({ description: 'Points of which asset; `points` unless given.' }),
        ...forwardArgs,
      },
      async resolve(_root, { discord, asset, ...args }, context) {
        const request = toPageRequest(args, activityCursor)
        const { api, ports } = context
        const of = discord == null ? undefined : readArgument(discordAccount, 'discord', discord)
        const name = readArgument(assetName, 'asset', asset)
        const person = await personAsked(api, await context.who(), of)
        context.spend(request.limit, request.argument)
        const page = await readPersonActivity(api, ports, context.view(), person, {
          asset: name,
          limit: request.limit,
          ...(request.after && { after: request.after }),
        })
        return toConnection(page, request, ({ place }) => activityCursor.encode(place))
      },
    }),
  }))
}
