import { expectScope } from '#core/access/scope.ts'
import { listLeaders } from '#core/ledger/list-leaders.ts'
import { listStatement } from '#core/ledger/list-statement.ts'
import { leaderCursor, movementCursor } from '#api/cursors.ts'
import {
  accountName,
  assetName,
  memoLine,
  operationName,
  readAmount,
  readArgument,
} from '#api/points/input.ts'
import { readPoints } from '#api/points/read.ts'
import { accountsOf, doFor, expectAccount, expectReader, pointsOf } from '#api/points/service.ts'
import { pointsBalance, pointsLeader, pointsMovement, pointsOperation } from '#resources/points.ts'
import { builder } from './builder.ts'
import { forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const PointsBalance = typeOf(pointsBalance)

const PointsMovementConnection = builder.connectionObject({
  type: typeOf(pointsMovement),
  name: 'PointsMovementConnection',
})
const PointsLeaderConnection = builder.connectionObject({
  type: typeOf(pointsLeader),
  name: 'PointsLeaderConnection',
})

const assetArgs = builder.args((t) => ({
  asset: t.string({ description: 'Of which asset; `points` unless given.' }),
}))

/** `Query.pointsBalance`, `pointsStatement`, `pointsLeaders` and `myPoints` */
export function addPoints(): void {
  builder.queryFields((t) => ({
    pointsBalance: t.field({
      type: PointsBalance,
      description:
        'What an account has of points, or had at a time: a person’s own, or any for a key with points:read.',
      args: {
        account: t.arg.string({ required: true }),
        at: t.arg({
          type: 'Timestamp',
          description: 'At this time in the past; now unless given.',
        }),
        ...assetArgs,
      },
      async resolve(_root, { at, ...args }, context) {
        const points = pointsOf(context.api)
        const of = ofAccount(args)
        await expectAccount(context.api, await context.who(), of.account, 'points:read')
        return readPoints(points, of, at == null ? undefined : at * 1_000)
      },
    }),
    pointsStatement: t.field({
      type: PointsMovementConnection,
      description:
        'What was done to an account, newest first: a person’s own, or any for a key with points:read.',
      args: { account: t.arg.string({ required: true }), ...assetArgs, ...forwardArgs },
      async resolve(_root, args, context) {
        const { ports, ledger } = pointsOf(context.api)
        const request = toPageRequest(args, movementCursor)
        const of = ofAccount(args)
        await expectAccount(context.api, await context.who(), of.account, 'points:read')
        context.spend(request.limit, request.argument)
        const page = await listStatement(ports, ledger, of, {
          limit: request.limit,
          ...(request.after && { before: request.after }),
        })
        return toConnection(page, request, (line) => movementCursor.encode(line))
      },
    }),
    pointsLeaders: t.field({
      type: PointsLeaderConnection,
      description:
        'Accounts by the points that they can spend, most first: for whoever is signed in, or a key with points:read.',
      args: { ...assetArgs, ...forwardArgs },
      async resolve(_root, args, context) {
        const { ports, ledger } = pointsOf(context.api)
        const request = toPageRequest(args, leaderCursor)
        expectReader(await context.who())
        context.spend(request.limit, request.argument)
        const page = await listLeaders(ports, ledger, assetOf(args), {
          limit: request.limit,
          ...(request.after && { after: request.after }),
        })
        return toConnection(page, request, (leader) => leaderCursor.encode(leader))
      },
    }),
    myPoints: t.field({
      type: [PointsBalance],
      description:
        'What the accounts of whoever is signed in have: its own, and one for each wallet.',
      args: assetArgs,
      async resolve(_root, args, context) {
        const points = pointsOf(context.api)
        const asset = assetOf(args)
        const accounts = await accountsOf(context.api, await context.who())
        return Promise.all(
          accounts.map((account) => readPoints(points, { asset, account }, undefined)),
        )
      },
    }),
  }))
}

export const keyArg = {
  required: true,
  description:
    'Names this request, 16 to 128 letters, digits or `._~-`: sent again with the same key, it is answered and not done again.',
} as const

/** `Mutation.grantPoints` and `reversePoints` */
export function addPointsMutations(): void {
  builder.mutationFields((t) => ({
    grantPoints: t.field({
      type: typeOf(pointsOperation),
      description: 'Gives points to an account: for a key with points:grant.',
      args: {
        key: t.arg.string(keyArg),
        account: t.arg.string({ required: true }),
        amount: t.arg({ type: 'BigInt', required: true, description: 'In raw units.' }),
        memo: t.arg.string({ description: 'A line for the record.' }),
        ...assetArgs,
      },
      async resolve(_root, { key, amount, memo, ...args }, context) {
        const points = pointsOf(context.api)
        const principal = await context.act()
        expectScope(principal, 'points:grant')
        return doFor(points, principal, key, {
          kind: 'grant',
          ...ofAccount(args),
          amountRaw: readAmount('amount', amount),
          memo: readArgument(memoLine, 'memo', memo),
        })
      },
    }),
    reversePoints: t.field({
      type: typeOf(pointsOperation),
      description:
        'Posts the opposite of a grant, a spend or an expiry, once: for a key with points:grant.',
      args: {
        key: t.arg.string(keyArg),
        operation: t.arg.string({
          required: true,
          description: 'Its id, as a statement shows it.',
        }),
        memo: t.arg.string({ description: 'A line for the record.' }),
      },
      async resolve(_root, { key, operation, memo }, context) {
        const points = pointsOf(context.api)
        const principal = await context.act()
        expectScope(principal, 'points:grant')
        return doFor(points, principal, key, {
          kind: 'reverse',
          operation: readArgument(operationName, 'operation', operation),
          memo: readArgument(memoLine, 'memo', memo),
        })
      },
    }),
  }))
}

type OfAccount = { readonly account: string; readonly asset?: string | null | undefined }

const assetOf = ({ asset }: Pick<OfAccount, 'asset'>): string =>
  readArgument(assetName, 'asset', asset)

const ofAccount = ({ account, asset }: OfAccount) => ({
  account: readArgument(accountName, 'account', account),
  asset: assetOf({ asset }),
})
