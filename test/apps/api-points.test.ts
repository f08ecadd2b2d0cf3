import { dirname, join } from 'node:path'
import { privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/node/clock.ts'
import { type Intent, moved } from '#core/relay/intent.ts'
import { quarantine, retryIntent } from '#core/relay/quarantine-intent.ts'
import { openIntents } from '#wiring/open-intents.ts'
import { eventually } from '../fakes/eventually.ts'
import { faultsAgainst } from '../tools/json-schema.ts'
import { openRig, type Rig } from './api-rig.ts'
import { subscribe } from './subscribe.ts'

const READER = 'reader-key-reader-key-reader-key-01'
const GRANTER = 'granter-key-granter-key-granter-01'
const OTHER = 'other-bot-key-other-bot-key-other-1'
const SPENDER = 'spender-key-spender-key-spender-01'
const relaySettings = {
  contract: `0x${'c0'.repeat(20)}`,
  startBlock: 0,
  ledger: 'points',
  asset: 'points',
  senders: [],
  voucherSigner: null,
  feeMaxRaw: 1n,
  balanceMinRaw: 1n,
  gasLimit: 100_000,
  leaseMs: 60_000,
  deadlineS: 600,
  bumpAfterMs: 1_000,
  pollMs: 1_000,
  reconcileEveryMs: null,
  metricsHost: '127.0.0.1',
  metricsPort: null,
} as const
const wallet = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const own = wallet.address.toLowerCase()

let rig: Rig
let session: { token: string; person: string }
let reference: any

beforeAll(async () => {
  rig = await openRig({
    blocks: 1,
    relay: relaySettings,
    points: {
      ledger: 'points',
      rules: [],
      keeper: { host: '127.0.0.1', port: 0, earnMs: 1_000, sweepMs: 1_000, auditMs: 1_000 },
    },
    api: {
      keys: [
        { name: 'reader', key: READER, scopes: ['points:read'] },
        { name: 'bot', key: GRANTER, scopes: ['points:grant', 'points:read'] },
        { name: 'other', key: OTHER, scopes: ['points:grant'] },
        { name: 'spender', key: SPENDER, scopes: ['points:spend'] },
      ],
    },
    identity: {
      domains: ['example.org'],
      uris: ['https://example.org'],
      origins: [],
      secret: 'a secret of thirty-two letters..',
      sessionMs: 3_600_000,
      unlinkCoolDownMs: 0,
    },
  })
  rig.nowMs = Date.now()
  await rig.points({ kind: 'set-asset', asset: 'points', name: 'Points', ...NO_LIMITS })
  session = await signIn()
  reference = await rig.json('/v1/openapi.json')
})
afterAll(() => rig?.[Symbol.asyncDispose]())

const NO_LIMITS = {
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: 1_000_000n,
  supplyMaxRaw: null,
  expiresAfterMs: null,
} as const

async function signIn(): Promise<{ token: string; person: string }> {
  const { nonce, login } = (await send('/v1/sign-in/start', {}, undefined)).json.item
  const message = createSiweMessage({
    address: wallet.address,
    domain: 'example.org',
    uri: 'https://example.org/login',
    version: '1',
    chainId: 31_337,
    nonce,
    issuedAt: new Date(rig.nowMs),
  })
  const signature = await wallet.signMessage({ message })
  return (await send('/v1/sign-in', { message, login, signature }, undefined)).json.item
}

let keys = 0
const newKey = (): string => `key-of-a-request-${(keys += 1)}`

/** @param by a key or token; undefined: nobody */
async function send(
  path: string,
  body: object | undefined,
  by: string | undefined,
  key: string | undefined = newKey(),
) {
  const response = await rig.get(path, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(by !== undefined && { authorization: `Bearer ${by}` }),
      ...(body && { 'content-type': 'application/json', 'idempotency-key': key }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) }
}

const get = (path: string, by?: string) => send(path, undefined, by)
const grant = (body: object, by: string | undefined = GRANTER, key?: string) =>
  send('/v1/points/grants', body, by, key)
const codeOf = async (answer: Promise<{ status: number; json: any }>) => {
  const { status, json } = await answer
  return [status, json.code]
}

async function graphql(query: string, by?: string) {
  const response = await rig.get('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(by !== undefined && { authorization: `Bearer ${by}` }),
    },
    body: JSON.stringify({ query }),
  })
  const answer: any = await response.json()
  const { data, errors } = answer
  const cache = response.headers.get('cache-control')
  return {
    cache,
    data,
    code: errors?.[0].extensions.code,
    argument: errors?.[0].extensions.argument,
  }
}

const available = async (account: string): Promise<string> =>
  (await get(`/v1/points/accounts/${account}/balance`, READER)).json.item.available

const expectSchema = (path: string, method: string, json: unknown): void => {
  const { schema } = reference.paths[path][method].responses[200].content['application/json']
  expect(faultsAgainst(schema, json, reference.components.schemas)).toEqual([])
}

describe('points over REST', () => {
  test('are given by a key with the scope, and read as the reference says', async () => {
    const given = await grant({ account: 'ann', amount: '100', memo: 'welcome' })
    expect(given.status, given.text).toBe(200)
    expect(given.json.item.id).toMatch(/^key:bot\/key-of-a-request-\d+$/)
    expectSchema('/v1/points/grants', 'post', given.json)
    const balance = await get('/v1/points/accounts/ann/balance', READER)
    expect(balance.json.item).toMatchObject({ available: '100', held: '0', standing: 'open' })
    expect(balance.json.item.hash).toBe(given.json.item.hash)
    expect(balance.headers.get('cache-control')).toBe('no-store')
    expectSchema('/v1/points/accounts/{account}/balance', 'get', balance.json)
    const past = await get('/v1/points/accounts/ann/balance?at=1000', READER)
    expect(past.json.item).toMatchObject({ available: '0', asOf: 1000, sequence: null })
  })

  test('are listed in pages that an insert does not shift', async () => {
    for (let n = 0; n < 3; n++) await grant({ account: 'pat.er', amount: '1' })
    const path = '/v1/points/accounts/pat.er/statement?limit=2'
    const first = await get(path, READER)
    expectSchema('/v1/points/accounts/{account}/statement', 'get', first.json)
    expect(first.json.items.map((line: any) => line.available)).toEqual(['3', '2'])
    await grant({ account: 'pat.er', amount: '1' })
    const rest = await get(`${path}&after=${first.json.nextCursor}`, READER)
    expect(rest.json.items.map((line: any) => line.available)).toEqual(['1'])
    expect(rest.json.nextCursor).toBeNull()
    await grant({ account: 'top', amount: '5000' })
    await grant({ account: 'top.2', amount: '4999' })
    const leaders = await get('/v1/points/leaderboard?limit=1', READER)
    expectSchema('/v1/points/leaderboard', 'get', leaders.json)
    expect(leaders.json.items).toEqual([{ account: 'top', available: '5000' }])
    const next = `/v1/points/leaderboard?limit=2&after=${leaders.json.nextCursor}`
    const second = await get(next, session.token)
    expect(second.json.items[0]).toEqual({ account: 'top.2', available: '4999' })
    const third = `/v1/points/leaderboard?limit=1&after=${second.json.nextCursor}`
    expect((await get(third, READER)).status).toBe(200)
  })

  test('are reversed once, and what cannot be reversed says why', async () => {
    const given = await grant({ account: 'rev', amount: '7' })
    const operation = given.json.item.id
    const reverse = (of: string, key?: string) =>
      send('/v1/points/reversals', { operation: of, memo: 'a mistake' }, GRANTER, key)
    const done = await reverse(operation)
    expect(done.status, done.text).toBe(200)
    expect(await available('rev')).toBe('0')
    expect(await codeOf(reverse(operation))).toEqual([409, 'ALREADY_REVERSED'])
    expect(await codeOf(reverse('key:bot/no-such-key-of-a-request'))).toEqual([
      404,
      'UNKNOWN_OPERATION',
    ])
    expect(await codeOf(reverse('nonsense'))).toEqual([400, 'BAD_USER_INPUT'])
  })

  test('are given once for a key, by whichever face and however often it is sent', async () => {
    const key = 'one-key-for-all-of-it'
    const body = { account: 'once', amount: '10' }
    const answers = await Promise.all(Array.from({ length: 25 }, () => grant(body, GRANTER, key)))
    const done = answers.filter(({ status }) => status === 200)
    expect(new Set(done.map(({ text }) => text)).size).toBe(1)
    for (const { json } of answers.filter(({ status }) => status !== 200))
      expect(json.code).toBe('IDEMPOTENCY_KEY_IN_USE')
    const again = await graphql(
      `mutation { grantPoints(key: "${key}", account: "once", amount: "10") { id } }`,
      GRANTER,
    )
    expect(again.data.grantPoints.id).toBe(done[0]?.json.item.id)
    expect(await available('once')).toBe('10')
    expect(await codeOf(grant({ ...body, amount: '11' }, GRANTER, key))).toEqual([
      422,
      'IDEMPOTENCY_KEY_REUSED',
    ])
    // Also where this process has not heard of the key: the ledger has.
    expect(
      await codeOf(send('/v1/points/reversals', { operation: `key:bot/${key}` }, GRANTER, key)),
    ).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    // A key belongs to whoever gave it.
    expect((await grant(body, OTHER, key)).status).toBe(200)
    expect(await available('once')).toBe('20')
  })

  test('are not moved by amounts that are none, nor without a key', async () => {
    for (const amount of [
      '0',
      '-1',
      '1.5',
      '1e3',
      '',
      ' 1',
      '9'.repeat(40),
      `1${'0'.repeat(18)}1`,
      5,
    ])
      expect(await codeOf(grant({ account: 'none', amount })), String(amount)).toEqual([
        400,
        'BAD_USER_INPUT',
      ])
    const faulty = await grant({ account: '/', amount: '0', asset: 'UPPER', memo: 'a\nb' })
    expect(faulty.json.errors.map(({ field }: any) => field).toSorted()).toEqual([
      'account',
      'amount',
      'asset',
      'memo',
    ])
    expect(await codeOf(grant({ account: 'none', amount: '1' }, GRANTER, ''))).toEqual([
      400,
      'IDEMPOTENCY_KEY_MISSING',
    ])
    expect(await codeOf(grant({ account: 'none', amount: '2000000' }))).toEqual([
      409,
      'BALANCE_LIMIT',
    ])
    expect(await codeOf(grant({ account: 'none', amount: '1', asset: 'no-such' }))).toEqual([
      404,
      'UNKNOWN_ASSET',
    ])
    expect(await available('none')).toBe('0')
  })

  test('are nobody’s business but that of keys with the scope and of the person', async () => {
    const balance = '/v1/points/accounts/ann/balance'
    expect(await codeOf(get(balance))).toEqual([401, 'UNAUTHENTICATED'])
    expect(await codeOf(get(balance, 'x'.repeat(40)))).toEqual([401, 'NO_SESSION'])
    expect(await codeOf(get(balance, OTHER))).toEqual([403, 'MISSING_SCOPE'])
    expect(await codeOf(get('/v1/points/leaderboard', OTHER))).toEqual([403, 'MISSING_SCOPE'])
    expect(await codeOf(grant({ account: 'ann', amount: '1' }, READER))).toEqual([
      403,
      'MISSING_SCOPE',
    ])
    expect(await codeOf(grant({ account: own, amount: '1' }, session.token))).toEqual([
      403,
      'MISSING_SCOPE',
    ])
    for (const path of ['balance', 'statement'])
      expect(await codeOf(get(`/v1/points/accounts/ann/${path}`, session.token))).toEqual([
        403,
        'NOT_YOUR_ACCOUNT',
      ])
    expect(await codeOf(get('/v1/person/points', READER))).toEqual([403, 'NOT_YOUR_ACCOUNT'])
  })

  test('of a person are those of its account and its wallets, however these are written', async () => {
    await grant({ account: wallet.address, amount: '42' })
    const mine = await get('/v1/person/points', session.token)
    expect(mine.json.items.map(({ account, available: has }: any) => [account, has])).toEqual([
      [`person:${session.person}`, '0'],
      [own, '42'],
    ])
    expectSchema('/v1/person/points', 'get', mine.json)
    const byAddress = `/v1/points/accounts/${wallet.address}/balance`
    expect((await get(byAddress, session.token)).json.item.available).toBe('42')
    const mistyped = wallet.address.replace(/[a-f]/, (letter) => letter.toUpperCase())
    const other = mistyped === wallet.address ? wallet.address.replace(/[A-F]/, 'a') : mistyped
    expect(await codeOf(grant({ account: other, amount: '1' }))).toEqual([400, 'BAD_USER_INPUT'])
  })
})

describe('points over GraphQL', () => {
  test('are given and read as over REST', async () => {
    const { data } = await graphql(
      'mutation { grantPoints(key: "a-key-of-graphql-1", account: "gwen", amount: "9", memo: "hi") { id sequence hash at } }',
      GRANTER,
    )
    expect(data.grantPoints.id).toBe('key:bot/a-key-of-graphql-1')
    const read = await graphql(
      `
        {
          pointsBalance(account: "gwen") {
            available
            standing
            sequence
            hash
            asOf
          }
          pointsStatement(account: "gwen", first: 1) {
            nodes {
              kind
              availableDelta
            }
            pageInfo {
              hasNextPage
            }
          }
          pointsLeaders(first: 1) {
            nodes {
              account
              available
            }
          }
        }
      `,
      READER,
    )
    expect(read.data).toMatchObject({
      pointsBalance: { available: '9', standing: 'OPEN', hash: data.grantPoints.hash, asOf: null },
      pointsStatement: { nodes: [{ kind: 'GRANT', availableDelta: '9' }] },
      pointsLeaders: { nodes: [{ account: 'top', available: '5000' }] },
    })
    const mine = await graphql('{ myPoints { account available } }', session.token)
    expect(mine.data.myPoints[1]).toEqual({ account: own, available: '42' })
    const reversed = await graphql(
      'mutation { reversePoints(key: "a-key-of-graphql-2", operation: "key:bot/a-key-of-graphql-1") { id } }',
      GRANTER,
    )
    expect(reversed.data.reversePoints.id).toBe('key:bot/a-key-of-graphql-2')
  })

  test('are told to nobody else: an answer is kept for no other principal', async () => {
    const query = '{ myPoints { account } }'
    const mine = await graphql(query, session.token)
    expect(mine.data.myPoints).toHaveLength(2)
    expect(mine.cache).toBe('no-store')
    expect((await graphql(query)).code).toBe('UNAUTHENTICATED')
    expect((await graphql(query, READER)).code).toBe('NOT_YOUR_ACCOUNT')
    const balance = '{ pointsBalance(account: "ann") { available } }'
    expect((await graphql(balance, READER)).data.pointsBalance.available).toBe('100')
    expect((await graphql(balance, session.token)).code).toBe('NOT_YOUR_ACCOUNT')
    expect((await graphql(balance)).code).toBe('UNAUTHENTICATED')
  })

  test.each([
    ['no key', 'account: "x", amount: "1"', 'GRAPHQL_VALIDATION_FAILED', undefined],
    [
      'a key that is none',
      'key: "short", account: "x", amount: "1"',
      'IDEMPOTENCY_KEY_MALFORMED',
      'key',
    ],
    [
      'a used key',
      'key: "a-key-of-graphql-1", account: "x", amount: "1"',
      'IDEMPOTENCY_KEY_REUSED',
      undefined,
    ],
    ['nothing', 'key: "a-key-of-graphql-3", account: "x", amount: "0"', 'BAD_USER_INPUT', 'amount'],
    ['less', 'key: "a-key-of-graphql-3", account: "x", amount: "-5"', 'BAD_USER_INPUT', 'amount'],
    [
      'a part',
      'key: "a-key-of-graphql-3", account: "x", amount: "1.5"',
      'BAD_USER_INPUT',
      'amount',
    ],
    [
      'too much',
      'key: "a-key-of-graphql-3", account: "x", amount: "1000000000000000001"',
      'BAD_USER_INPUT',
      'amount',
    ],
    [
      'no account',
      'key: "a-key-of-graphql-3", account: "/", amount: "1"',
      'BAD_USER_INPUT',
      'account',
    ],
  ])('refuse %s', async (_what, args, code, argument) => {
    const answer = await graphql(`mutation { grantPoints(${args}) { id } }`, GRANTER)
    expect([answer.code, answer.argument]).toEqual([code, argument])
    expect(await available('x')).toBe('0')
  })
})

test('a service that keeps no points, or knows nobody, says so', async () => {
  const bare = await openRig({
    api: { keys: [{ name: 'reader', key: READER, scopes: ['points:read'] }] },
  })
  const ask = async (by: string) => {
    const headers = { authorization: `Bearer ${by}` }
    const response = await bare.get('/v1/points/leaderboard', { headers })
    const { code } = (await response.json()) as { code: string }
    return [response.status, code]
  }
  expect(await ask(READER)).toEqual([404, 'NOT_FOUND'])
  expect(await ask(GRANTER)).toEqual([401, 'UNAUTHENTICATED'])
  await bare[Symbol.asyncDispose]()
})

describe('spends on a chain', () => {
  const spending = (body: object, by: string | undefined, key?: string) =>
    send('/v1/points/spends', { wallet: own, amount: '30', ...body }, by, key)
  const held = async (account: string) =>
    (await get(`/v1/points/accounts/${account}/balance`, READER)).json.item.held

  test('are recorded once for a key over both faces, put points aside, and are read by it', async () => {
    await grant({ account: own, amount: '100' })
    const key = newKey()
    const first = await spending({ account: own }, session.token, key)
    expectSchema('/v1/points/spends', 'post', first.json)
    const { id, operation } = first.json.item
    expect(first.json.item).toMatchObject({ state: 'held', wallet: own, deadline: null })
    expect(await held(own)).toBe('30')
    const args = `key: "${key}", account: "${own}", wallet: "${own}", amount: "30"`
    const again = await graphql(
      `mutation { spendPoints(${args}) { id operation state } }`,
      session.token,
    )
    expect(again.data.spendPoints).toEqual({ id, operation, state: 'HELD' })
    expect(await held(own)).toBe('30')
    const read = await get(`/v1/points/spends/${key}`, session.token)
    expectSchema('/v1/points/spends/{key}', 'get', read.json)
    expect(read.json.item).toEqual(first.json.item)
    const asked = await graphql(`{ pointsSpend(key: "${key}") { id way } }`, session.token)
    expect(asked.data).toEqual({ pointsSpend: { id, way: 'RELAYED' } })
    expect(asked.cache).toMatch(/no-store/)
    const other = await graphql(
      `mutation { spendPoints(${args.replace('"30"', '"31"')}) { id } }`,
      session.token,
    )
    expect(other.code).toBe('IDEMPOTENCY_KEY_REUSED')
    // A key belongs to whoever gave it.
    expect((await get(`/v1/points/spends/${key}`, SPENDER)).status).toBe(404)
  })

  test('are followed by a subscription, which tells each change to whoever sent them, and ends with them', async () => {
    await grant({ account: own, amount: '100' })
    const key = newKey()
    await spending({ account: own }, SPENDER, key)
    const query = `subscription { pointsSpendUpdates(key: "${key}") { state } }`
    const follow = (by?: string) => subscribe(rig, query, {}, 'text/event-stream', by)
    const codes = ({ events }: Awaited<ReturnType<typeof follow>>) =>
      events.flatMap(({ data }) => data?.errors?.map((each: any) => each.extensions.code) ?? [])
    for (const [by, code] of [
      [undefined, 'UNAUTHENTICATED'],
      // A key belongs to whoever gave it.
      [session.token, 'NOT_FOUND'],
    ] as const) {
      const other = await follow(by)
      await eventually(() => expect(codes(other)).toEqual([code]))
      await other.leave()
    }
    const stream = await follow(SPENDER)
    const states = () =>
      stream.events.flatMap(({ data }) => data?.data?.pointsSpendUpdates.state ?? [])
    await eventually(() => expect(states()).toEqual(['HELD']))
    const records = { kind: 'sqlite', path: join(dirname(rig.path), 'records.db') } as const
    const { intents, close } = await openIntents(records)
    const ports = { intents, clock: systemClock }
    const [intent] = await intents
      .listIntents(31_337, { states: ['held'], limit: 100 })
      .then((all) => all.filter((each) => each.key === key))
    const aside = await quarantine(ports, intent as Intent, 'tester', 'looked at by hand')
    await eventually(() => expect(states()).toEqual(['HELD', 'QUARANTINED']))
    const back = await retryIntent(ports, aside, 'tester', '')
    await eventually(() => expect(states()).toHaveLength(3))
    await intents.replaceIntent(moved(back, 0, { state: 'voided' }))
    await stream.done
    expect(states()).toEqual(['HELD', 'QUARANTINED', 'HELD', 'VOIDED'])
    await close()
  })

  test('are refused with a code where the ledger refuses, for good, and where account or wallet is another’s', async () => {
    const key = newKey()
    const much = { account: own, amount: '1000' }
    expect(await codeOf(spending(much, session.token, key))).toEqual([409, 'INSUFFICIENT_POINTS'])
    await grant({ account: own, amount: '2000' })
    expect(await codeOf(spending(much, session.token, key))).toEqual([409, 'INSUFFICIENT_POINTS'])
    const stranger = `0x${'77'.repeat(20)}`
    for (const body of [{ account: 'ann' }, { account: own, wallet: stranger }])
      expect(await codeOf(spending(body, session.token))).toEqual([403, 'NOT_YOUR_ACCOUNT'])
    expect(await codeOf(spending({ account: own }, GRANTER))).toEqual([403, 'MISSING_SCOPE'])
    expect((await spending({ account: own }, SPENDER)).status).toBe(200)
    expect((await spending({ account: own }, undefined)).status).toBe(401)
    for (const body of [{ amount: '0' }, { amount: '-1' }, { amount: '1.5' }, { wallet: '0x1' }])
      expect((await spending({ account: own, ...body }, SPENDER)).status).toBe(400)
    const nobody = await spending({ account: own, wallet: `0x${'0'.repeat(40)}` }, SPENDER)
    expect(nobody.text).toMatch(/zero address/)
    const response = await rig.get('/v1/points/spends', {
      method: 'POST',
      headers: { authorization: `Bearer ${SPENDER}`, 'content-type': 'application/json' },
      body: JSON.stringify({ account: own, wallet: own, amount: '1' }),
    })
    expect(response.status).toBe(400)
  })
})
