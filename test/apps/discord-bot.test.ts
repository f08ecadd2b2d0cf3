import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSecrets } from '#adapters/node/secrets.ts'
import type { RoleRule } from '#core/guild/ports.ts'
import { changeOf, nextState } from '#core/guild/role-state.ts'
import { issueSession } from '#core/identity/sessions.ts'
import type { Operation } from '#core/ledger/operation.ts'
import type { Decision } from '#core/ownership/decision.ts'
import { loadDeployment } from '#adapters/config-file/load.ts'
import { openIdentityStore } from '#wiring/open-identity.ts'
import { openLedger } from '#wiring/open-ledger.ts'
import { openRoleStore, registerBotCommands } from '#wiring/open-roles.ts'
import {
  APPLICATION_ID,
  BOT_TOKEN,
  CLIENT_SECRET,
  type FakeDiscord,
  startFakeDiscord,
} from '../fakes/fake-discord.ts'
import { addressOf } from '../fakes/encode.ts'
import { eventually } from '../fakes/eventually.ts'
import { freePort, temporaryFolder } from '../servers/programs.ts'
import { openRig, type Rig } from './api-rig.ts'
import { spawnCli } from './run-cli.ts'

const NOW = Date.UTC(2026, 10, 26, 10)
const HASH = `0x${'19'.repeat(32)}` as const
const JSON_TYPE = { 'content-type': 'application/json' }
const SECRET = 'a secret of thirty-two letters..'
const IDENTITY = {
  domains: ['example.org'],
  uris: ['https://example.org'],
  origins: [],
  secret: SECRET,
  sessionMs: 3_600_000,
  unlinkCoolDownMs: 1,
}
const BOT_KEY = 'bot-key-bot-key-bot-key-bot-key-01'
const OTHER_KEY = 'other-key-other-key-other-key-oth1'
const WALLET = '0x46efbaedc92067e6d60e84ed6395099723252496'
const ACCOUNT = '80351110224678912'
const doc = readFileSync(join(import.meta.dirname, '../../docs/discord-bot.md'), 'utf8')
/** Blocks of code of the page by what is written behind the language. */
const blocks = (of: string): string[] =>
  [...doc.matchAll(/^```\w+ (\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === of ? [text] : [],
  )

const POLICY = {
  name: 'Points',
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: null,
  supplyMaxRaw: null,
  expiresAfterMs: null,
}
const operations: readonly Operation[] = [
  { kind: 'set-asset', asset: 'points', ...POLICY },
  { kind: 'grant', asset: 'points', account: 'person:ann', amountRaw: 100n, memo: '' },
  { kind: 'grant', asset: 'points', account: WALLET, amountRaw: 20n, memo: '' },
]

let discord: FakeDiscord
let rig: Rig
const folder = temporaryFolder('discord-bot')
let settings: ReturnType<typeof loadDeployment>['byDefault']
let isChainAway = false

beforeAll(async () => {
  discord = await startFakeDiscord()
  const path = join(folder.path, 'halyard.json')
  const written = JSON.parse(blocks('config')[0] ?? '') as { discord: object }
  writeFileSync(
    path,
    JSON.stringify({
      ...written,
      discord: { ...written.discord, apiUrl: discord.url },
      chain: { id: 31_337, rpc: ['http://127.0.0.1:9'] },
      sources: [{ kind: 'erc721', address: WALLET }],
    }),
  )
  settings = loadDeployment(path, {
    DISCORD_PUBLIC_KEY: discord.publicKey,
    DISCORD_CLIENT_SECRET: CLIENT_SECRET,
    DISCORD_BOT_TOKEN: BOT_TOKEN,
  }).byDefault
  const { records } = settings
  const identity = await openIdentityStore(records)
  await identity.linkWallet(WALLET, 'ann', 'ann', 1)
  await identity.linkDiscord({ id: ACCOUNT, name: 'ann' }, 'ann', 1)
  await identity.close()
  await using ledger = await openLedger(records, 'points')
  for (const [index, operation] of operations.entries())
    await ledger.clerk.submit({ scope: 'test', key: `key-${index}`, actor: 'test', operation })
  rig = await openRig({
    blocks: 1,
    records,
    points: settings.points,
    discord: settings.discord,
    receivers: [new URL(discord.url).host],
    identity: IDENTITY,
    api: {
      keys: [
        { name: 'bot', key: BOT_KEY, scopes: ['persons:read'] },
        { name: 'other', key: OTHER_KEY, scopes: ['points:read'] },
      ],
    },
    overrides: () => ({ ownership: { check: async ({ people }) => people.map(decide) } }),
  })
  rig.nowMs = NOW
})
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]()
  await discord?.[Symbol.asyncDispose]()
  folder.remove()
})

function decide(): Decision {
  const finality = 'latest'
  if (isChainAway)
    return { answer: 'unknown', reason: 'unavailable', finality, block: null, clauses: [] }
  const clause = {
    path: 'rule.erc721',
    kind: 'erc721',
    answer: 'no',
    reason: 'too-few',
    needed: 1n,
    found: 0n,
    wallets: [],
    tokens: [],
  } as const
  const block = { number: 19_000_000, hash: HASH, timestamp: 1 }
  return { answer: 'no', reason: 'too-few', finality, block, clauses: [clause] }
}

async function send(
  body: string,
  headers?: Record<string, string>,
): Promise<{ status: number; body: any }> {
  const timestamp = String(NOW / 1_000)
  const response = await rig.get('/discord/interactions', {
    method: 'POST',
    headers: headers ?? discord.signed(timestamp, body),
    body,
  })
  return { status: response.status, body: await response.json() }
}

describe('the bot of the page on it', () => {
  test('registers its commands', async () => {
    expect(blocks('register')[0]).toContain('discord register --guild 613425648685547541')
    await registerBotCommands(settings.discord, '613425648685547541')
    expect(discord.commands.map(({ name }) => name)).toEqual(['verify', 'points', 'why'])
    expect(discord.requests.at(-1)).toBe(
      `PUT /applications/${APPLICATION_ID}/guilds/613425648685547541/commands`,
    )
  })

  const [asks, answers] = [blocks('ask'), blocks('answer')]
  test.each(asks.map((ask, index) => [JSON.parse(ask), answers[index] ?? ''] as const))(
    'answers %j as the page says',
    async (ask, answer) => {
      expect(await send(JSON.stringify(ask, null, 1))).toEqual({
        status: 200,
        body: JSON.parse(answer),
      })
    },
  )

  test('asks for a look at the roles of whoever verifies', async () => {
    expect(answers).toHaveLength(5)
    const roles = await openRoleStore(settings.records)
    expect(await roles.asked(9)).toEqual([{ account: ACCOUNT, atMs: NOW }])
    await roles.close()
  })

  test('refuses what Discord has not signed, soon, and looks at nothing of it', async () => {
    const body = JSON.stringify({ type: 1 })
    const timestamp = String(NOW / 1_000)
    const good = discord.signed(timestamp, body)
    const old = String(NOW / 1_000 - 301)
    for (const [headers, text] of [
      [{}, body],
      [good, '{"type": 1}'],
      [{ ...good, 'x-signature-timestamp': String(NOW / 1_000 + 1) }, body],
      [{ ...good, 'x-signature-ed25519': '00'.repeat(64) }, body],
      [{ ...good, 'x-signature-ed25519': 'x' }, body],
      [discord.signed(old, body), body],
      [good, 'no json'],
    ] as const) {
      const answer = await send(text, headers)
      expect(answer).toMatchObject({ status: 401, body: { code: 'BAD_SIGNATURE' } })
    }
    expect((await send('[]')).status).toBe(400)
    expect((await send(JSON.stringify({ type: 2, data: {} }))).status).toBe(400)
  })

  test('and whoever is signed in reads its roles and what was changed, has webhooks, and nobody else’s', async () => {
    const roles = await openRoleStore(settings.records)
    const [rule] = settings.discord?.roles ?? []
    const { guild = '', role = '' } = rule ?? {}
    const finding = {
      rule: { ...rule, chainId: 31_337 } as RoleRule,
      account: ACCOUNT,
      person: 'ann',
    }
    const more = { decision: decide(), touchedAt: null, isRoutine: false }
    for (let version = 1; version <= 3; version++) {
      const [before] = await roles.statesOf([ACCOUNT])
      const state = before ?? nextState(undefined, { ...finding, ...more }, NOW)
      if (!state) throw new Error('a finding on nobody known is new')
      const next = { ...state, version, isHeld: version % 2 === 1 }
      await roles.putState(next, changeOf({ ...next, isWanted: next.isHeld }, NOW + version))
    }
    await roles.close()
    const secrets = createSecrets(SECRET)
    const identity = await openIdentityStore(settings.records)
    const policy = { ...IDENTITY, chainIds: [] }
    const ports = { identity, secrets, clock: { nowMs: () => NOW }, policy }
    const { token } = await issueSession(ports, 'ann', WALLET)
    await identity.close()
    const headers = { authorization: `Bearer ${token}` }
    const read = async (path: string): Promise<any> => (await rig.get(path, { headers })).json()
    const standing = await read('/v1/person/roles')
    expect(standing.items).toMatchObject([
      { guild, role, wanted: 'not-given', held: 'given', reason: 'too-few' },
    ])
    const first = await read('/v1/person/roles/changes?limit=2')
    const rest = await read(`/v1/person/roles/changes?limit=2&after=${first.nextCursor}`)
    const changes = [...first.items, ...rest.items]
    expect(changes.map(({ change }) => change)).toEqual(['granted', 'removed', 'granted'])
    expect(changes[0].evidence).toMatchObject({ blockNumber: 19_000_000, blockHash: HASH })
    const query =
      '{ me { id discord { id } wallets { wallet } } myRoles { held reason } myRoleChanges(first: 2) { nodes { change } pageInfo { endCursor } } }'
    const ask = (by: object) =>
      rig.get('/graphql', {
        method: 'POST',
        headers: { ...JSON_TYPE, ...by },
        body: JSON.stringify({ query }),
      })
    const { data }: any = await (await ask(headers)).json()
    expect(data).toMatchObject({
      me: { id: 'ann', discord: { id: ACCOUNT }, wallets: [{ wallet: WALLET }] },
      myRoles: [{ held: 'GIVEN', reason: 'TOO_FEW' }],
      myRoleChanges: { nodes: [{ change: 'GRANTED' }, { change: 'REMOVED' }] },
    })
    const body = (of: object) => ({
      method: 'POST',
      headers: { ...headers, ...JSON_TYPE },
      body: JSON.stringify(of),
    })
    const hook = async (path: string, of: object): Promise<any> =>
      (await rig.get(`/v1/person/webhooks/${path}`, body(of))).json()
    const topics = ['nft-transfers']
    const inside = await hook('add', { url: 'https://10.0.0.1/', topics })
    expect(inside).toMatchObject({ code: 'FORBIDDEN_URL', errors: [{ field: 'url' }] })
    const added = await hook('add', { url: `${discord.url}/hook`, topics })
    expect(added.item).toMatchObject({ owner: 'ann', chainId: 31_337, state: 'active' })
    expect(added.item.secret).toMatch(/^whsec_/)
    const { items } = await read('/v1/person/webhooks')
    expect(items).toHaveLength(1)
    expect(items[0]).not.toHaveProperty('secret')
    const { id } = added.item
    const mutate = async (text: string): Promise<any> =>
      (await rig.get('/graphql', body({ query: text }))).json()
    const another = await mutate(
      `mutation { addWebhook(url: "${discord.url}/other", topics: [SWAPS]) { id secret topics } }`,
    )
    expect(another.data.addWebhook).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      topics: ['swaps'],
    })
    const other: string = another.data.addWebhook.id
    const hooks = async (): Promise<any> =>
      (await mutate('{ myWebhooks { id state } }')).data.myWebhooks
    expect(new Set((await hooks()).map((each: any) => each.id))).toEqual(new Set([id, other]))
    const tested = await mutate(`mutation { testWebhook(id: "${other}") { why } }`)
    expect(tested.data.testWebhook.why).toBe('it answered HTTP 404')
    await mutate(`mutation { removeWebhook(id: "${other}") { id } }`)
    expect(await hooks()).toEqual([{ id, state: 'ACTIVE' }])
    const within = await mutate(
      'mutation { addWebhook(url: "https://10.0.0.1/", topics: [SWAPS]) { id } }',
    )
    expect(within.errors[0].extensions).toMatchObject({ code: 'FORBIDDEN_URL', argument: 'url' })
    expect((await hook('test', { id })).item).toEqual({ id, why: 'it answered HTTP 404' })
    expect((await hook('remove', { id })).item.id).toBe(id)
    expect((await hook('remove', { id })).code).toBe('NOT_FOUND')
    const { errors }: any = await (await ask({})).json()
    expect(errors[0].extensions.code).toBe('UNAUTHENTICATED')
    expect((await rig.get('/v1/person/roles')).status).toBe(401)
  })

  test('and whoever is signed in reads all that it did in one list, and a key what a member did', async () => {
    await rig.append(6)
    const trader = addressOf(0xa0)
    const identity = await openIdentityStore(settings.records)
    await identity.linkWallet(trader, 'ann', 'ann', 1)
    const policy = { ...IDENTITY, chainIds: [] }
    const ports = { identity, secrets: createSecrets(SECRET), clock: { nowMs: () => NOW }, policy }
    const { token } = await issueSession(ports, 'ann', WALLET)
    await identity.close()
    const by = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } })
    const read = async (query: string, secret = token): Promise<any> =>
      (await rig.get(`/v1/person/activity${query}`, by(secret))).json()
    const { items, nextCursor } = await read('')
    expect(nextCursor).toBeNull()
    expect(new Set(items.map(({ kind }: any) => kind))).toEqual(
      new Set(['chain', 'points', 'role']),
    )
    const own = await rig.json(`/v1/accounts/${trader}/activity`)
    expect(items.flatMap(({ chain }: any) => chain ?? [])).toEqual(own.items)
    expect(own.items.length).toBeGreaterThan(1)
    const paged: any[] = []
    for (let next = ''; ;) {
      const page = await read(`?limit=2${next}`)
      paged.push(...page.items)
      if (page.nextCursor === null) break
      next = `&after=${page.nextCursor}`
    }
    expect(paged).toEqual(items)
    const ofMember = `?discord=${ACCOUNT}`
    expect((await read(ofMember, BOT_KEY)).items).toEqual(items)
    expect((await read('?discord=1', BOT_KEY)).code).toBe('NOT_FOUND')
    expect((await read('', BOT_KEY)).code).toBe('NOT_YOUR_ACCOUNT')
    expect((await read(ofMember, OTHER_KEY)).code).toBe('MISSING_SCOPE')
    expect((await read(ofMember)).code).toBe('MISSING_SCOPE')
    expect((await read('?after=1.AA')).errors[0].field).toBe('after')
    expect((await rig.get('/v1/person/activity')).status).toBe(401)
    const query = `{ activity(account: "${trader}", first: 1) { nodes { kind at swap { amount0 } nftTransfer { tokenCount } } pageInfo { hasNextPage } }
      myActivity { nodes { kind chain { logIndex } points { account } role { change } } } }`
    const response = await rig.get('/graphql', {
      method: 'POST',
      headers: { ...JSON_TYPE, ...by(token).headers },
      body: JSON.stringify({ query }),
    })
    const { data }: any = await response.json()
    expect(data.activity.pageInfo.hasNextPage).toBe(true)
    expect(data.myActivity.nodes.map(({ kind }: any) => kind.toLowerCase())).toEqual(
      items.map(({ kind }: any) => kind),
    )
  })

  test('has its roles kept under the eyes of an operator, and ends when it is told to', async () => {
    const port = await freePort()
    const { discord: section, ...rest } = JSON.parse(blocks('config')[0] ?? '') as {
      discord: object
    }
    const config = join(folder.path, 'follow.json')
    const secrets = {
      publicKey: discord.publicKey,
      clientSecret: CLIENT_SECRET,
      botToken: BOT_TOKEN,
    }
    writeFileSync(
      config,
      JSON.stringify({
        ...rest,
        discord: { ...section, ...secrets, apiUrl: discord.url, metricsPort: port },
        chain: { id: 31_337, rpc: ['http://127.0.0.1:9'] },
        store: 'sqlite:./none.db',
        records: 'sqlite:./follow.records.db',
        sources: [{ kind: 'erc721', address: WALLET }],
      }),
    )
    const { child, done } = spawnCli(['roles', 'follow', '--config', config])
    try {
      await eventually(async () => {
        const at = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
        expect((await at('/live')).status).toBe(200)
        expect((await at('/ready')).status).toBe(200)
        expect(await (await at('/metrics')).text()).toMatch(
          /^halyard_role_rounds_total\{chain="31337",outcome="done"\} [1-9]/m,
        )
      })
    } finally {
      child.kill('SIGTERM')
    }
    const { code, stderr } = await done
    expect(code, stderr).toBe(130)
  }, 60_000)

  test('says that it is not known while the chain is away, and changes nothing', async () => {
    isChainAway = true
    const answer = await send(asks.at(-2) ?? '')
    isChainAway = false
    expect(answer.body.data.content).toContain('Not known')
  })
})
