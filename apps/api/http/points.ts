import { z } from 'zod'
import { expectScope } from '#core/access/scope.ts'
import { listLeaders } from '#core/ledger/list-leaders.ts'
import { listStatement } from '#core/ledger/list-statement.ts'
import { leaderCursor, movementCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { accountName, assetName, memoLine, operationName, pointsAmount } from '#api/points/input.ts'
import { readPoints } from '#api/points/read.ts'
import { accountsOf, doFor, expectAccount, expectReader, pointsOf } from '#api/points/service.ts'
import { ACT_POINTS } from '#api/rate-limit.ts'
import { pointsBalance, pointsLeader, pointsMovement, pointsOperation } from '#resources/points.ts'
import { command } from './command.ts'
import { own } from './own.ts'
import { after, limit, time } from './parameters.ts'

const NOT_SET_UP = { status: 404, when: 'The service keeps no points.' }
const NOT_YOURS = {
  status: 403,
  when: 'The account is somebody else’s, or the API key has no scope for it.',
}
const NO_SCOPE = { status: 403, when: 'The API key has no scope for it.' }
const REFUSED = {
  status: 409,
  when: 'The ledger has refused it, and says why in `code`; that is the answer of the key for good.',
}

const ACCOUNT = 'discord:1234'
const asset = assetName.describe('Of which asset; `points` unless given.')

export const balanceOfPoints = own({
  path: '/v1/points/accounts/:account/balance',
  id: 'readPointsBalance',
  summary:
    'What an account has, or had at a time: a person’s own, or any for a key with points:read.',
  parameters: z.strictObject({
    account: accountName,
    asset,
    at: time.optional().describe('At this time in the past; now unless given.'),
  }),
  returns: { item: pointsBalance },
  refuses: [NOT_YOURS, NOT_SET_UP],
  example: () => ({ parameters: { account: ACCOUNT } }),
  async answer(api, principal, { at, ...of }) {
    const points = pointsOf(api)
    await expectAccount(api, principal, of.account, 'points:read')
    return readPoints(points, of, at === undefined ? undefined : at * 1_000)
  },
})

export const statementOfPoints = own({
  path: '/v1/points/accounts/:account/statement',
  id: 'listPointsStatement',
  summary:
    'What was done to an account, newest first: a person’s own, or any for a key with points:read.',
  parameters: z.strictObject({
    account: accountName,
    asset,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(movementCursor).optional(),
  }),
  returns: { page: pointsMovement },
  refuses: [NOT_YOURS, NOT_SET_UP],
  example: () => ({ parameters: { account: ACCOUNT, limit: '2' } }),
  async answer(api, principal, { limit: many, after: before, ...of }) {
    const { ports, ledger } = pointsOf(api)
    await expectAccount(api, principal, of.account, 'points:read')
    const { items, hasMore } = await listStatement(ports, ledger, of, {
      limit: many,
      ...(before && { before }),
    })
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? movementCursor.encode(last) : null }
  },
})

export const pointsOfPerson = own({
  path: '/v1/person/points',
  id: 'listPointsOfPerson',
  summary: 'What the accounts of whoever is signed in have: its own, and one for each wallet.',
  parameters: z.strictObject({ asset }),
  returns: { page: pointsBalance },
  refuses: [NOT_YOURS, NOT_SET_UP],
  example: () => ({}),
  async answer(api, principal, { asset: name }) {
    const points = pointsOf(api)
    const accounts = await accountsOf(api, principal)
    const items = await Promise.all(
      accounts.map((account) => readPoints(points, { asset: name, account }, undefined)),
    )
    return { items, nextCursor: null }
  },
})

export const leadersOfPoints = own({
  path: '/v1/points/leaderboard',
  id: 'listPointsLeaders',
  summary:
    'Accounts by what they can spend, most first: for whoever is signed in, or a key with points:read.',
  parameters: z.strictObject({
    asset,
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(leaderCursor).optional(),
  }),
  returns: { page: pointsLeader },
  refuses: [NO_SCOPE, NOT_SET_UP],
  example: () => ({ parameters: { limit: '2' } }),
  async answer(api, principal, { asset: name, limit: many, after: place }) {
    const { ports, ledger } = pointsOf(api)
    expectReader(principal)
    const { items, hasMore } = await listLeaders(ports, ledger, name, {
      limit: many,
      ...(place && { after: place }),
    })
    const last = items.at(-1)
    return { items, nextCursor: hasMore && last ? leaderCursor.encode(last) : null }
  },
})

export const grantPoints = command({
  path: '/v1/points/grants',
  id: 'grantPoints',
  summary: 'Gives points to an account: for a key with points:grant.',
  parameters: {},
  body: z.strictObject({
    account: accountName,
    amount: pointsAmount,
    asset: assetName,
    memo: memoLine,
  }),
  returns: pointsOperation,
  points: ACT_POINTS,
  refuses: [NO_SCOPE, NOT_SET_UP, REFUSED],
  example: { body: { account: ACCOUNT, amount: '100', memo: 'welcome' } },
  async run(api, principal, { body: { amount, ...of } }, key) {
    const points = pointsOf(api)
    expectScope(principal, 'points:grant')
    return doFor(points, principal, key, { kind: 'grant', amountRaw: amount, ...of })
  },
})

export const reversePoints = command({
  path: '/v1/points/reversals',
  id: 'reversePoints',
  summary:
    'Posts the opposite of a grant, a spend or an expiry, once: for a key with points:grant.',
  parameters: {},
  body: z.strictObject({ operation: operationName, memo: memoLine }),
  returns: pointsOperation,
  points: ACT_POINTS,
  refuses: [
    NO_SCOPE,
    { status: 404, when: 'There is no such operation, or no points are kept.' },
    REFUSED,
  ],
  example: {
    body: { operation: 'key:bot/0b1c2d3e-6f0f-4f5e-9a53-0d5c2c1f7f10', memo: 'a mistake' },
  },
  async run(api, principal, { body }, key) {
    const points = pointsOf(api)
    expectScope(principal, 'points:grant')
    return doFor(points, principal, key, { kind: 'reverse', ...body })
  },
})
