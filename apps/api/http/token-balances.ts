import { expectIndexed } from '#core/tokens/indexed-tokens.ts'
import {
  listBalanceHistory,
  listTokenHolders,
  listTokensOfAccount,
  readBalanceAt,
} from '#core/tokens/list-balances.ts'
import { readSummary } from '#core/tokens/read-summary.ts'
import { endOf } from '#core/page.ts'
import { addressCursor, blockCursor, tokenHolderCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import {
  balanceAt as balanceAtBlock,
  balancePoint,
  tokenBalance,
  tokenSummary as summary,
} from '#resources/token-balances.ts'
import { endpoint } from './endpoint.ts'
import { address, after, block, limit } from './parameters.ts'

const refuses = [{ status: 404, when: 'The token is not indexed.' }] as const

export const tokenSummary = endpoint({
  path: '/v1/tokens/:address/summary',
  id: 'readTokenSummary',
  summary: 'Holders and supply of a token, and whether its transfers tell its balances.',
  returns: { item: summary },
  refuses,
  example: ({ indexedToken }) => ({ address: indexedToken.token }),
  parameters: { address },
  async answer(ports, view, { address: token }) {
    return { item: await readSummary(ports, view, expectIndexed(ports.indexedTokens, token)) }
  },
})

export const holdersOfToken = endpoint({
  path: '/v1/tokens/:address/holders',
  id: 'listTokenHolders',
  summary: 'Accounts that hold a token, the largest balance first.',
  returns: { page: tokenBalance },
  refuses,
  example: ({ indexedToken }) => ({ address: indexedToken.token, limit: '2' }),
  parameters: {
    address,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(tokenHolderCursor).optional(),
  },
  async answer(ports, view, { address: token, limit: count, after: place }) {
    expectIndexed(ports.indexedTokens, token)
    const page = await listTokenHolders(ports, view, {
      token,
      limit: count,
      ...(place && { after: place }),
    })
    const end = endOf(page)
    return { items: page.items, nextCursor: end ? tokenHolderCursor.encode(end) : null }
  },
})

export const balanceAt = endpoint({
  path: '/v1/tokens/:address/balances/:account',
  id: 'readBalance',
  summary: 'What an account holds of a token, or held after a block.',
  returns: { item: balanceAtBlock },
  refuses: [{ status: 404, when: 'The token or the block is not indexed.' }],
  example: ({ indexedToken: { token, account } }) => ({ address: token, account }),
  parameters: {
    address,
    account: address,
    block: block.optional().describe('After this block; the newest unless given.'),
  },
  async answer(ports, view, { address: token, account, block: number }) {
    expectIndexed(ports.indexedTokens, token)
    const of = { token, account, ...(number !== undefined && { block: number }) }
    return { item: await readBalanceAt(ports, view, of) }
  },
})

export const balanceHistory = endpoint({
  path: '/v1/tokens/:address/balances/:account/history',
  id: 'listBalanceHistory',
  summary: 'What an account held of a token after each block that changed it, newest first.',
  returns: { page: balancePoint },
  refuses,
  example: ({ indexedToken: { token, account } }) => ({ address: token, account, limit: '2' }),
  parameters: {
    address,
    account: address,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(blockCursor).optional(),
  },
  async answer(ports, view, { address: token, account, limit: count, after: place }) {
    expectIndexed(ports.indexedTokens, token)
    const { items, hasMore } = await listBalanceHistory(ports, view, {
      token,
      account,
      limit: count,
      ...(place !== undefined && { after: place }),
    })
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? blockCursor.encode(last.number) : null }
  },
})

export const tokensOfAccount = endpoint({
  path: '/v1/accounts/:address/tokens',
  id: 'listTokensOfAccount',
  summary: 'Indexed ERC-20 tokens that an account holds, by address.',
  returns: { page: tokenBalance },
  example: ({ indexedToken: { account } }) => ({ address: account, limit: '2' }),
  parameters: {
    address,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(addressCursor).optional(),
  },
  async answer(ports, view, { address: account, limit: count, after: place }) {
    const page = await listTokensOfAccount(ports, view, {
      account,
      limit: count,
      ...(place && { after: place }),
    })
    const end = endOf(page)
    return { items: page.items, nextCursor: end ? addressCursor.encode(end.token) : null }
  },
})
