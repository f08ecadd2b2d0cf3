import { expectIndexed } from '#core/tokens/indexed-tokens.ts'
import {
  listBalanceHistory,
  listTokenHolders,
  listTokensOfAccount,
  readBalanceAt,
} from '#core/tokens/list-balances.ts'
import { readSummary } from '#core/tokens/read-summary.ts'
import { addressCursor, blockCursor, tokenHolderCursor } from '#api/cursors.ts'
import { balanceAt, balancePoint, tokenBalance, tokenSummary } from '#resources/token-balances.ts'
import { builder } from './builder.ts'
import { chargeEarlyEnd, forwardArgs, toConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const TokenBalance = typeOf(tokenBalance)
const BalancePoint = typeOf(balancePoint)

const TokenBalanceConnection = builder.connectionObject({
  type: TokenBalance,
  name: 'TokenBalanceConnection',
})
const BalancePointConnection = builder.connectionObject({
  type: BalancePoint,
  name: 'BalancePointConnection',
})

/** `Query.tokenSummary`, `tokenHolders`, `tokensOfAccount`, `balance` and `balanceHistory` */
export function addTokenBalances(): void {
  builder.queryFields((t) => ({
    tokenSummary: t.field({
      type: typeOf(tokenSummary),
      description:
        'Holders and supply of an indexed token, and whether its transfers tell its balances.',
      args: { token: t.arg({ type: 'Address', required: true }) },
      resolve(_root, { token }, context) {
        const source = expectIndexed(context.ports.indexedTokens, token)
        context.spend(1, 'token')
        return readSummary(context.ports, context.view(), source)
      },
    }),
    tokenHolders: t.field({
      type: TokenBalanceConnection,
      description: 'Accounts that hold a token, the largest balance first.',
      args: { token: t.arg({ type: 'Address', required: true }), ...forwardArgs },
      async resolve(_root, { token, ...args }, context) {
        const request = toPageRequest(args, tokenHolderCursor)
        expectIndexed(context.ports.indexedTokens, token)
        context.spend(request.limit, request.argument)
        const page = await listTokenHolders(context.ports, context.view(), {
          token,
          limit: request.limit,
          ...(request.after && { after: request.after }),
        })
        chargeEarlyEnd(page, request, context)
        return toConnection(page, request, (each) => tokenHolderCursor.encode(each))
      },
    }),
    tokensOfAccount: t.field({
      type: TokenBalanceConnection,
      description: 'Indexed ERC-20 tokens that an account holds, by address.',
      args: { account: t.arg({ type: 'Address', required: true }), ...forwardArgs },
      async resolve(_root, { account, ...args }, context) {
        const request = toPageRequest(args, addressCursor)
        context.spend(request.limit, request.argument)
        const page = await listTokensOfAccount(context.ports, context.view(), {
          account,
          limit: request.limit,
          ...(request.after && { after: request.after }),
        })
        chargeEarlyEnd(page, request, context)
        return toConnection(page, request, ({ token }) => addressCursor.encode(token))
      },
    }),
    balance: t.field({
      type: typeOf(balanceAt),
      description: 'What an account holds of a token, or held after a block.',
      args: {
        token: t.arg({ type: 'Address', required: true }),
        account: t.arg({ type: 'Address', required: true }),
        block: t.arg.int({ description: 'After this block; the newest unless given.' }),
      },
      resolve(_root, { token, account, block }, context) {
        expectIndexed(context.ports.indexedTokens, token)
        context.spend(1, 'token')
        const of = { token, account, ...(block != null && { block }) }
        return readBalanceAt(context.ports, context.view(), of)
      },
    }),
    balanceHistory: t.field({
      type: BalancePointConnection,
      description:
        'What an account held of a token after each block that changed it, newest first.',
      args: {
        token: t.arg({ type: 'Address', required: true }),
        account: t.arg({ type: 'Address', required: true }),
        ...forwardArgs,
      },
      async resolve(_root, { token, account, ...args }, context) {
        const request = toPageRequest(args, blockCursor)
        expectIndexed(context.ports.indexedTokens, token)
        context.spend(request.limit, request.argument)
        const page = await listBalanceHistory(context.ports, context.view(), {
          token,
          account,
          limit: request.limit,
          ...(request.after !== undefined && { after: request.after }),
        })
        return toConnection(page, request, ({ number }) => blockCursor.encode(number))
      },
    }),
  }))
}
