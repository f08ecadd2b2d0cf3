import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeDiscord, settingsOf, startFakeDiscord } from '../fakes/fake-discord.ts'
import { openRig, type Rig } from './api-rig.ts'

const HOUR_MS = 3_600_000
let rig: Rig
let discord: FakeDiscord
const asked: unknown[] = []
const unknown = { answer: 'unknown', reason: 'unavailable', block: null, clauses: [] } as const
let now = Date.UTC(2026, 10, 26, 10)

beforeAll(async () => {
  discord = await startFakeDiscord()
  rig = await openRig({
    blocks: 1,
    overrides: () => ({
      ownership: {
        async check({ people, finality }) {
          asked.push(people)
          return people.map(() => ({ ...unknown, finality }))
        },
      },
    }),
    identity: {
      domains: ['example.org'],
      uris: ['https://example.org'],
      origins: ['https://app.example'],
      secret: 'a secret of thirty-two letters..',
      sessionMs: 10 * HOUR_MS,
      unlinkCoolDownMs: 5 * HOUR_MS,
    },
    discord: settingsOf(discord),
  })
  rig.nowMs = now
})
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]()
  await discord?.[Symbol.asyncDispose]()
})

const account = (of: number): PrivateKeyAccount =>
  privateKeyToAccount(`0x${of.toString(16).padStart(64, '0')}`)
const [ann, ben] = [account(0xa11), account(0xb22)]

type Answer = { readonly status: number; readonly body: any; readonly cookies: readonly string[] }

async function post(path: string, body: object, headers: object = {}): Promise<Answer> {
  const response = await rig.get(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return {
    status: response.status,
    body: await response.json(),
    cookies: response.headers.getSetCookie(),
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

type Login = { readonly nonce: string; readonly login: string }
const start = async (): Promise<Login> => (await post('/v1/sign-in/start', {})).body.item

const messageFor = (by: PrivateKeyAccount, nonce: string, changed: object = {}): string =>
  createSiweMessage({
    address: by.address,
    domain: 'example.org',
    uri: 'https://example.org/login',
    version: '1',
    chainId: 31_337,
    nonce,
    issuedAt: new Date(now),
    ...changed,
  })

/** A whole proof, with a nonce of its own. */
async function proofOf(by: PrivateKeyAccount, changed: object = {}) {
  const { nonce, login } = await start()
  const message = messageFor(by, nonce, changed)
  return { message, login, signature: await by.signMessage({ message }) }
}

const signIn = async (by: PrivateKeyAccount): Promise<any> => {
  const { status, body } = await post('/v1/sign-in', await proofOf(by))
  expect(status, JSON.stringify(body)).toBe(200)
  return body.item
}
const personOf = async (token: string): Promise<Answer> => {
  const response = await rig.get('/v1/person', { headers: bearer(token) })
  return { status: response.status, body: await response.json(), cookies: [] }
}

describe('a page of another origin', () => {
  const ask = (origin: string, path: string, init: RequestInit = {}) =>
    rig.get(path, { ...init, headers: { ...(init.headers as Record<string, string>), origin } })
  const readableBy = ({ headers }: Response) => headers.get('access-control-allow-origin')

  test('that is named signs people in by token, and with no cookie', async () => {
    const origin = 'https://app.example'
    const preflight = await ask(origin, '/v1/sign-in', { method: 'OPTIONS' })
    expect(readableBy(preflight)).toBe(origin)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    const signedIn = await ask(origin, '/v1/sign-in', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(await proofOf(ann)),
    })
    expect([signedIn.status, readableBy(signedIn)]).toEqual([200, origin])
    const { item }: any = await signedIn.json()
    const person = await ask(origin, '/v1/person', { headers: bearer(item.token) })
    expect([person.status, readableBy(person)]).toEqual([200, origin])
    for (const { headers } of [preflight, signedIn, person]) {
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('cross-origin-resource-policy')).not.toBe('same-origin')
      expect(headers.get('vary')).toMatch(/\borigin\b/)
    }
    expect(person.headers.get('vary')).toMatch(/\bcookie\b/)
    // A page that has found a session it may not use is told so as anybody is.
    expect((await ask(origin, '/v1/person')).status).toBe(401)
  })

  test.each(['https://evil.example', 'http://app.example', 'https://app.example:444', 'null'])(
    'that is not named reads nothing: %s',
    async (origin) => {
      const { token } = await signIn(ann)
      for (const answer of [
        await ask(origin, '/v1/person', { headers: bearer(token) }),
        await ask(origin, '/v1/person', { method: 'OPTIONS' }),
      ]) {
        expect(readableBy(answer)).toBeNull()
        expect(answer.headers.get('access-control-allow-headers')).toBeNull()
        expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
      }
    },
  )
})

describe('signing in', () => {
  test('with a wallet gives a session by token and by cookie, and the same person each time', async () => {
    const { nonce, login } = await start()
    expect(nonce).toMatch(/^[0-9a-f]{32}$/)
    const message = messageFor(ann, nonce)
    const signature = await ann.signMessage({ message })
    // A browser sends the secret of the sign-in as a cookie.
    const cookie = `other=1; halyard_login=${login}`
    const { status, body, cookies } = await post('/v1/sign-in', { message, signature }, { cookie })
    expect(status).toBe(200)
    const [set] = cookies
    expect(set).toMatch(
      /^halyard_session=\S+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=36000; Secure$/,
    )
    const byCookie = await rig.get('/v1/person', {
      headers: { cookie: String(set?.split(';')[0]) },
    })
    expect(byCookie.headers.get('cache-control')).toBe('no-store')
    expect(byCookie.headers.get('access-control-allow-origin')).toBeNull()
    const wallets = [{ wallet: ann.address.toLowerCase(), provenAt: now / 1_000 }]
    expect(await byCookie.json()).toEqual({
      item: { id: body.item.person, wallets, discord: null },
    })
    expect((await signIn(ann)).person).toBe(body.item.person)
    expect((await signIn(ben)).person).not.toBe(body.item.person)
  })

  test('twenty times at once with one nonce signs in once', async () => {
    const proof = await proofOf(ann)
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/v1/sign-in', proof)))
    const codes = answers
      .map(({ status, body }) => String(body.code ?? status))
      .toSorted((a, b) => (a < b ? -1 : 1))
    expect(codes).toEqual(['200', ...Array(19).fill('BAD_NONCE')])
  })

  test('with a compact signature is signing in; with its other half, it is not', async () => {
    const proof = await proofOf(ann)
    const [r, s] = [proof.signature.slice(2, 66), BigInt(`0x${proof.signature.slice(66, 130)}`)]
    const isOdd = proof.signature.endsWith('1c')
    const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const high = `0x${r}${(ORDER - s).toString(16).padStart(64, '0')}${isOdd ? '1b' : '1c'}`
    // No account with a key takes it, and the chain, which might know a contract there, is away.
    expect((await post('/v1/sign-in', { ...proof, signature: high })).status).toBe(503)
    const compact = `0x${r}${(s | (isOdd ? 1n << 255n : 0n)).toString(16).padStart(64, '0')}`
    expect((await post('/v1/sign-in', { ...proof, signature: compact })).status).toBe(200)
  })

  test('while the chain is away is unavailable where only the chain can judge, and costs no nonce', async () => {
    const proof = await proofOf(ann)
    const other = await ben.signMessage({ message: proof.message })
    const { status, body } = await post('/v1/sign-in', { ...proof, signature: other })
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'UNAVAILABLE' })
    expect((await post('/v1/sign-in', proof)).status).toBe(200)
  })

  test('with a nonce of another sign-in, or one that is too old, is refused', async () => {
    const proof = await proofOf(ann)
    const { login } = await start()
    expect((await post('/v1/sign-in', { ...proof, login })).body.code).toBe('BAD_NONCE')
    const { login: _, ...without } = proof
    expect((await post('/v1/sign-in', without)).body.code).toBe('BAD_NONCE')
    rig.nowMs = now + 600_000
    expect((await post('/v1/sign-in', proof)).body.code).toBe('BAD_NONCE')
    rig.nowMs = now
  })

  test.each([
    ['of another domain', { domain: 'example.org.evil' }, 'FOREIGN_DOMAIN'],
    ['of another port', { domain: 'example.org:8080' }, 'FOREIGN_DOMAIN'],
    ['whose URI only begins alike', { uri: 'https://example.org.evil/login' }, 'FOREIGN_URI'],
    ['of another chain', { chainId: 1 }, 'FOREIGN_CHAIN'],
    ['that has expired', { expirationTime: new Date(now - 61_000) }, 'MESSAGE_EXPIRED'],
    ['that is older than any nonce', { issuedAt: new Date(now - 700_000) }, 'MESSAGE_EXPIRED'],
    ['that is not valid yet', { notBefore: new Date(now + 61_000) }, 'MESSAGE_NOT_YET_VALID'],
    ['of the future', { issuedAt: new Date(now + 61_000) }, 'MESSAGE_NOT_YET_VALID'],
  ])('with a message %s is refused', async (_, changed, code) => {
    const { status, body } = await post('/v1/sign-in', await proofOf(ann, changed))
    expect(status).toBe(400)
    expect(body).toMatchObject({ code, errors: [{ field: 'message' }] })
  })

  test('within a minute of the clock’s error is signing in', async () => {
    const changed = { issuedAt: new Date(now + 59_000), expirationTime: new Date(now - 59_000) }
    expect((await post('/v1/sign-in', await proofOf(ann, changed))).status).toBe(200)
  })

  test.each([
    ['no bytes', 'signed', 400, 'BAD_SIGNATURE'],
    ['an odd number of digits', '0x123', 400, 'BAD_SIGNATURE'],
    ['nothing', '0x', 400, 'BAD_SIGNATURE'],
    ['more than any signature', `0x${'ab'.repeat(8_193)}`, 400, 'BAD_SIGNATURE'],
  ])('with a signature of %s is refused', async (_, signature, status, code) => {
    const answer = await post('/v1/sign-in', { ...(await proofOf(ann)), signature })
    expect(answer.status).toBe(status)
    expect(answer.body.code).toBe(code)
  })

  test('with a signature of a megabyte is refused before it is read', async () => {
    const proof = await proofOf(ann)
    const began = performance.now()
    const { status } = await post('/v1/sign-in', {
      ...proof,
      signature: `0x${'ab'.repeat(500_000)}`,
    })
    expect(status).toBe(413)
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  test('with a message that is none is refused with its fault', async () => {
    const proof = await proofOf(ann)
    const { body } = await post('/v1/sign-in', { ...proof, message: `${proof.message}\n` })
    expect(body).toMatchObject({ code: 'MALFORMED_MESSAGE', errors: [{ field: 'message' }] })
  })
})

describe('a session', () => {
  test('ends with its time', async () => {
    const { token } = await signIn(ann)
    rig.nowMs = now + 10 * HOUR_MS
    expect((await personOf(token)).body.code).toBe('NO_SESSION')
    rig.nowMs = now
    expect((await personOf(token)).status).toBe(200)
  })

  test('is renewed by a new token; the old one ends it for both', async () => {
    const { token } = await signIn(ann)
    const renewed = (await post('/v1/session/rotate', {}, bearer(token))).body.item.token
    expect((await personOf(renewed)).status).toBe(200)
    expect((await personOf(token)).status).toBe(401)
    expect((await personOf(renewed)).status).toBe(401)
  })

  test('is ended by its owner for good', async () => {
    const { token } = await signIn(ann)
    const { status, cookies } = await post('/v1/session/end', {}, bearer(token))
    expect(status).toBe(200)
    expect(cookies[0]).toMatch(/^halyard_session=; .*Max-Age=0/)
    expect((await personOf(token)).status).toBe(401)
  })

  test('is not to be made without the secret of the service', async () => {
    const { token } = await signIn(ann)
    const [id, generation, signature] = token.split('.')
    for (const forged of [
      `${id}.2.${signature}`,
      `${'0'.repeat(32)}.${generation}.${signature}`,
      `${id}.${generation}.${signature}A`,
      `${id}.${generation}`,
      'x',
    ])
      expect((await personOf(forged)).body.code).toBe('NO_SESSION')
    expect((await personOf(token)).status).toBe(200)
  })
})

describe('wallets of a person', () => {
  const [first, second, third] = [account(0xc1), account(0xc2), account(0xc3)]

  test('are each proven, belong to one person, and change hands only after a cool-down', async () => {
    const { token, person } = await signIn(first)
    const link = (by: PrivateKeyAccount, of: string) =>
      proofOf(by).then((proof) => post('/v1/person/wallets/link', proof, bearer(of)))
    const unlink = (by: PrivateKeyAccount, of: string) =>
      post('/v1/person/wallets/unlink', { wallet: by.address }, bearer(of))
    const linked = await link(second, token)
    expect(linked.body.item.wallets).toHaveLength(2)
    expect((await signIn(second)).person).toBe(person)
    const stranger = await signIn(third)
    expect((await link(second, stranger.token)).body.code).toBe('WALLET_TAKEN')
    // The last wallet stays, and nobody unlinks another's.
    expect((await unlink(third, stranger.token)).status).toBe(409)
    expect((await unlink(second, stranger.token)).status).toBe(404)
    expect((await unlink(second, token)).status).toBe(200)
    // Whoever may have come by a session is out.
    expect((await personOf(token)).status).toBe(401)
    const cooling = await link(second, stranger.token)
    expect(cooling.body.code).toBe('COOLING_DOWN')
    now += 5 * HOUR_MS
    rig.nowMs = now
    expect((await link(second, stranger.token)).status).toBe(200)
    expect((await signIn(second)).person).toBe(stranger.person)
  })

  test('are counted together where the person asks what it owns', async () => {
    const [one, two] = [account(0xe1), account(0xe2)]
    const { token } = await signIn(one)
    await post('/v1/person/wallets/link', await proofOf(two), bearer(token))
    const rule = { erc20: { token: one.address } }
    await post('/v1/person/ownership/check', { rule }, bearer(token))
    const wallets = [one, two].map(({ address }) => address.toLowerCase()).toSorted()
    expect(asked.at(-1)).toEqual([wallets])
    const stranger = await post('/v1/person/ownership/check', { rule })
    expect(stranger.status).toBe(401)
  })

  test('are not linked without a session', async () => {
    const { status } = await post('/v1/person/wallets/link', await proofOf(account(0xd1)))
    expect(status).toBe(401)
  })
})

describe('a Discord account', () => {
  const [one, two, three] = [account(0xf1), account(0xf2), account(0xf3)]
  const annThere = { id: '80351110224678912', username: 'ann' }
  const benThere = { id: '80351110224678913', username: 'ben' }
  const begin = async (token: string): Promise<string> =>
    (await post('/v1/person/discord/start', {}, bearer(token))).body.item.url
  const finish = (token: string, body: object) =>
    post('/v1/person/discord/link', body, bearer(token))
  const link = async (token: string, user: typeof annThere) =>
    finish(token, discord.agree(await begin(token), user))
  const unlink = (token: string) => post('/v1/person/discord/unlink', {}, bearer(token))

  test('is linked in the session that began, belongs to one person, and changes hands after a cool-down', async () => {
    const { token } = await signIn(one)
    const { status, body } = await link(token, annThere)
    expect(status, JSON.stringify(body)).toBe(200)
    const linked = { id: annThere.id, name: 'ann', linkedAt: now / 1_000 }
    expect(body.item.discord).toEqual(linked)
    expect((await personOf(token)).body.item.discord).toEqual(linked)
    // The token of Discord is given back.
    expect(discord.requests.at(-1)).toBe('POST /oauth2/token/revoke')
    const stranger = await signIn(two)
    expect((await link(stranger.token, annThere)).body.code).toBe('DISCORD_TAKEN')
    // One person has one.
    const another = await link(token, benThere)
    expect({ status: another.status, field: another.body.code }).toEqual({
      status: 409,
      field: 'CONFLICT',
    })
    expect((await unlink(token)).body.item.discord).toBeNull()
    expect((await unlink(token)).status).toBe(404)
    expect((await link(stranger.token, annThere)).body.code).toBe('COOLING_DOWN')
    now += 5 * HOUR_MS
    rig.nowMs = now
    expect((await link(stranger.token, annThere)).body.item.discord.id).toBe(annThere.id)
  })

  test('is not linked by what another session began, twice with one state, or after its time', async () => {
    const [mine, theirs] = [await signIn(three), await signIn(account(0xf4))]
    const begun = discord.agree(await begin(theirs.token), benThere)
    expect((await finish(mine.token, begun)).body.code).toBe('BAD_STATE')
    const { nonce } = await start()
    expect((await finish(mine.token, { ...begun, state: nonce })).body.code).toBe('BAD_STATE')
    const answers = await Promise.all(Array.from({ length: 5 }, () => finish(theirs.token, begun)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await finish(theirs.token, begun)).body.code).toBe('BAD_STATE')
    const late = discord.agree(await begin(mine.token), { id: '5', username: 'five' })
    rig.nowMs = now + 600_000
    expect((await finish(mine.token, late)).body.code).toBe('BAD_STATE')
    rig.nowMs = now
  })

  test('is not linked with a code of somebody else’s browser, and an outage costs no state', async () => {
    const { token } = await signIn(account(0xf5))
    const user = { id: '6', username: 'six' }
    const begun = discord.agree(await begin(token), user)
    const stolen = discord.agree(await begin(token), { id: '7', username: 'seven' })
    // The code was given for another challenge.
    const mixed = await finish(token, { ...begun, code: stolen.code })
    expect({ status: mixed.status, code: mixed.body.code }).toEqual({
      status: 400,
      code: 'BAD_CODE',
    })
    discord.outage = 503
    const away = await finish(token, begun)
    discord.outage = undefined
    expect({ status: away.status, code: away.body.code }).toEqual({
      status: 503,
      code: 'UNAVAILABLE',
    })
    expect((await finish(token, begun)).body.item.discord.name).toBe('six')
  })

  test('is not linked without a session', async () => {
    for (const path of ['start', 'unlink'])
      expect((await post(`/v1/person/discord/${path}`, {})).status).toBe(401)
    const { status } = await post('/v1/person/discord/link', { code: 'a', state: 'b' })
    expect(status).toBe(401)
  })
})

test('a service that is not set up for it signs nobody in', async () => {
  await using plain = await openRig()
  const response = await plain.get('/v1/sign-in/start', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(response.status).toBe(404)
})
