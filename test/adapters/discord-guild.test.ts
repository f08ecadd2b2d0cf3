import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDiscordGuildClient } from '#adapters/discord/guild-client.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { BOT_TOKEN, type FakeDiscord, startFakeDiscord } from '../fakes/fake-discord.ts'

const [GUILD, HOLDER, WHALE, OURS] = ['5', '51', '52', '53']
let discord: FakeDiscord
beforeAll(async () => {
  discord = await startFakeDiscord()
})
afterAll(() => discord?.[Symbol.asyncDispose]())
beforeEach(() => {
  const role = (id: string, name: string, position: number, permissions = '0') => ({
    id,
    name,
    position,
    permissions,
    managed: false,
  })
  discord.guilds.set(GUILD, {
    roles: [
      role(GUILD, '@everyone', 0),
      role(HOLDER, 'holder', 1),
      role(WHALE, 'whale', 3),
      role(OURS, 'halyard', 2, String(1 << 28)),
    ],
    members: new Map([
      [discord.bot.id, new Set([OURS])],
      ...Array.from({ length: 30 }, (_, index) => [`${100 + index}`, new Set<string>()] as const),
    ]),
  })
  discord.limit.count = 100
  discord.limit.windowMs = 1_000
  discord.fillBuckets()
})

const client = (botToken = BOT_TOKEN) =>
  createDiscordGuildClient({ apiUrl: discord.url, botToken }, systemClock)
const key = (account: string, role = HOLDER) => ({ guild: GUILD, role, account })
const rolesOf = (account: string) => [...(discord.guilds.get(GUILD)?.members.get(account) ?? [])]

describe('the guild of a bot', () => {
  test('is seen with its roles, those of the bot, and what it may do', async () => {
    const view = await client().view(GUILD)
    expect(view).toMatchObject({ own: [OURS], mayManageRoles: true })
    expect(view.roles.map(({ id, position }) => [id, position])).toEqual([
      [GUILD, 0],
      [HOLDER, 1],
      [WHALE, 3],
      [OURS, 2],
    ])
    await expect(client().view('6')).rejects.toMatchObject({ kind: 'forbidden' })
    discord.outage = 502
    await expect(client().view(GUILD)).rejects.toMatchObject({ kind: 'unavailable' })
    discord.outage = undefined
  })

  test('tells its members page by page', async () => {
    const first = await client().members(GUILD, null, 20)
    const rest = await client().members(GUILD, first.at(-1)?.account ?? null, 20)
    expect([...first, ...rest]).toHaveLength(31)
  })

  test('has roles given and taken; of strangers and of roles above the bot it is said why not', async () => {
    const guild = client()
    expect(await guild.setRole(key('100'), true, 'met at block 7')).toBe('done')
    expect(rolesOf('100')).toEqual([HOLDER])
    expect(await guild.setRole(key('100'), true, 'again')).toBe('done')
    expect(await guild.setRole(key('100'), false, 'too-few')).toBe('done')
    expect(rolesOf('100')).toEqual([])
    expect(await guild.setRole(key('999'), true, 'met')).toBe('not-a-member')
    expect(await guild.setRole(key('100', WHALE), true, 'met')).toBe('forbidden')
  })

  test('is not asked more than it allows: a bucket that is empty is waited for', async () => {
    discord.limit.count = 5
    discord.limit.windowMs = 150
    discord.refusals = 0
    const guild = client()
    const accounts = Array.from({ length: 15 }, (_, index) => `${100 + index}`)
    await Promise.all(accounts.map((account) => guild.setRole(key(account), true, 'met')))
    for (const account of accounts) expect(rolesOf(account)).toEqual([HOLDER])
    expect(discord.refusals).toBe(0)
  })

  test('that says to come later is asked later, and a long wait is for whoever asks', async () => {
    discord.limit.count = 1
    discord.limit.windowMs = 100
    const [one, other] = [client(), client()]
    // The other one has used up what this one knows nothing of.
    await one.setRole(key('100'), true, 'met')
    expect(await other.setRole(key('101'), true, 'met')).toBe('done')
    discord.limit.windowMs = 60_000
    await expect(one.setRole(key('102'), true, 'met')).rejects.toMatchObject({
      kind: 'rate-limited',
      details: { retryMs: expect.any(Number) },
    })
    const before = discord.requests.length
    await expect(one.setRole(key('103'), true, 'met')).rejects.toMatchObject({
      kind: 'rate-limited',
    })
    expect(discord.requests).toHaveLength(before)
  })
})
