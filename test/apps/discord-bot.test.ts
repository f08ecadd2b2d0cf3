import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
import { temporaryFolder } from '../servers/programs.ts'
import { openRig, type Rig } from './api-rig.ts'

const NOW = Date.UTC(2026, 10, 26, 10)
const HASH = `0x${'19'.repeat(32)}` as const
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
    identity: {
      domains: ['example.org'],
      uris: ['https://example.org'],
      secret: 'a secret of thirty-two letters..',
      sessionMs: 1,
      unlinkCoolDownMs: 1,
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
  const response = await rig.get('/v1/discord/interactions', {
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

  test('says that it is not known while the chain is away, and changes nothing', async () => {
    isChainAway = true
    const answer = await send(asks.at(-2) ?? '')
    isChainAway = false
    expect(answer.body.data.content).toContain('Not known')
  })
})
