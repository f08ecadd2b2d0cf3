import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAppError } from '#core/errors.ts'
import { createAskingIdentityStore } from '#core/guild/asking-identity-store.ts'
import { findRoleFaults } from '#core/guild/preflight.ts'
import { sweepRoles } from '#core/guild/sweep-roles.ts'
import { createRandom } from '../../fakes/random.ts'
import { accountOf, CHAIN_ID, GUILD, openRolesWorld, ROLE, WALLETS } from './roles-world.ts'

type World = Awaited<ReturnType<typeof openRolesWorld>>
const shouldHave = (world: World): string[] =>
  WALLETS.filter((wallet) => world.holds(wallet))
    .map(accountOf)
    .toSorted()
const have = (world: World): string[] => [...world.holders].toSorted()

/** A world whose index and roles are as its chain, and whose sweep is behind it. */
async function settled(seed: number) {
  const world = await openRolesWorld(seed)
  await mineUntil(world, () => shouldHave(world).length >= 2)
  await world.index()
  const follower = world.follower()
  await follower.round()
  expect(have(world)).toEqual(shouldHave(world))
  return { world, follower }
}

async function mineUntil(world: World, isThere: () => boolean): Promise<void> {
  for (let blocks = 0; !isThere(); blocks++) {
    if (blocks > 300) throw new Error('it does not come about')
    await world.chain.mine(1)
  }
}

describe('roles of a guild', () => {
  test('are as the chain has it in the end, whatever is away, taken back or killed on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const random = createRandom(seed)
        const world = await openRolesWorld(seed)
        await world.chain.mine(5)
        await world.index()
        let follower = world.follower()
        for (let step = 0; step < 20; step++) {
          world.isNodeAway = random.chance(0.2)
          world.isDiscordAway = random.chance(0.2)
          // What is final stays.
          const depth = 1 + random.int(3)
          if (random.chance(0.3)) await world.chain.fork(depth, depth + random.int(3))
          else await world.chain.mine(random.int(3))
          // The node may be ahead of the index, and on a branch that is never indexed.
          if (random.chance(0.7)) await world.index(world.chain.blocks.length - 1 - random.int(2))
          const before = have(world)
          await follower.round().catch((error: unknown) => {
            if (!isAppError(error, 'unavailable')) throw error
          })
          if (world.isDiscordAway) expect(have(world)).toEqual(before)
          // Its process is killed, and another one goes on without a sweep that would mend everything.
          if (random.chance(0.1)) follower = world.follower()
          await world.clock.sleep(random.int(20_000))
        }
        world.isNodeAway = false
        world.isDiscordAway = false
        await world.index()
        for (let rounds = 0; rounds < 4; rounds++) {
          await world.clock.sleep(11_000)
          await follower.round()
        }
        expect(have(world)).toEqual(shouldHave(world))
        // Each change is recorded once, in turn. What was begun and never answered may be taken without having been given.
        for (const wallet of WALLETS) {
          const changes = await world.roles.changes({ account: accountOf(wallet), limit: 999 })
          const kinds = changes.map(({ change }) => change).toReversed()
          for (const [index, kind] of kinds.entries())
            if (kind === 'granted') expect(kinds[index - 1]).not.toBe('granted')
          if (world.holds(wallet)) expect(kinds.at(-1)).toBe('granted')
          for (const { evidence } of changes)
            expect(evidence?.block.hash).toMatch(/^0x[0-9a-f]{64}$/)
        }
      }),
      { numRuns: 10 },
    )
  })

  test('change in the round behind the block, and nobody else is asked about', async () => {
    const { world, follower } = await settled(3)
    const [first] = WALLETS
    const before = world.holds(first!)
    await mineUntil(world, () => world.holds(first!) !== before)
    await world.index()
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
    const newest = world.chain.blocks.at(-1)?.header
    const [change] = await world.roles.changes({ account: accountOf(first!), limit: 1 })
    expect(change?.evidence?.block).toMatchObject({ number: newest?.number, hash: newest?.hash })
    expect(JSON.parse(change?.evidence?.decision ?? '')).toHaveProperty('clauses')
  })

  test('that were given for a block which was taken back before it was indexed are taken again', async () => {
    const { world, follower } = await settled(5)
    const before = shouldHave(world)
    const at = world.chain.blocks.length
    // Only the node has these blocks. Somebody asks, and is given what they say.
    await mineUntil(world, () => shouldHave(world).join() !== before.join())
    for (const wallet of WALLETS) await world.roles.ask(accountOf(wallet), 1)
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
    // They are replaced by others, of which no event touches whoever the first ones touched.
    const top = world.chain.blocks.length
    await world.chain.fork(top - at, 0)
    await mineUntil(world, () => world.chain.blocks.length > top)
    await world.index()
    await follower.round()
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
  })

  test('are decided on again where the block of the decision was older than the event', async () => {
    const { world, follower } = await settled(3)
    const before = shouldHave(world)
    await mineUntil(world, () => shouldHave(world).join() !== before.join())
    await world.index()
    // As with a node that lags, or a rule that wants a block which is final.
    world.nodeLag = 3
    await follower.round()
    expect(have(world)).toEqual(before)
    world.nodeLag = 0
    await world.clock.sleep(500)
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
  })

  test('are decided on a few at a time where a rule asks too much for all at once', async () => {
    const world = await openRolesWorld(3)
    await mineUntil(world, () => shouldHave(world).length >= 2)
    await world.index()
    world.peopleMax = 1
    const follower = world.follower()
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
    // Where one alone is too many it is not known, and nothing is taken away.
    const before = have(world)
    world.peopleMax = 0
    for (const wallet of WALLETS) await world.roles.ask(accountOf(wallet), 1)
    await follower.round()
    expect(have(world)).toEqual(before)
  })

  test('stay while nobody can be asked, for however long, and are put right afterwards', async () => {
    const { world, follower } = await settled(7)
    const before = have(world)
    world.isNodeAway = true
    await mineUntil(world, () => shouldHave(world).join() !== before.join())
    await world.index()
    for (let rounds = 0; rounds < 5; rounds++) {
      await follower.round()
      await world.clock.sleep(86_400_000)
    }
    expect(have(world)).toEqual(before)
    world.isNodeAway = false
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
  })

  test('above the bot’s own are named and not tried, and given once that is mended', async () => {
    const world = await openRolesWorld(9)
    world.view = {
      ...world.view,
      roles: world.view.roles.map((each) => ({ ...each, position: 1 })),
    }
    world.view = { ...world.view, own: [] }
    await world.chain.mine(12)
    await world.index()
    const follower = world.follower()
    const { made, faults } = await follower.round()
    expect(made).toEqual([])
    expect(world.asked).toEqual([])
    expect(faults).toMatchObject([{ guild: GUILD, role: ROLE, fault: 'above-bot' }])
    world.view = {
      ...world.view,
      own: ['902'],
      roles: [
        { id: ROLE, name: 'holder', position: 1, isManaged: false },
        { id: '902', name: 'bot', position: 2, isManaged: true },
      ],
    }
    await world.clock.sleep(31_000)
    await follower.round()
    expect(have(world)).toEqual(shouldHave(world))
  })

  test('are not asked for again and again of who is not in the guild', async () => {
    const world = await openRolesWorld(3)
    world.members.clear()
    await world.chain.mine(12)
    await world.index()
    const follower = world.follower()
    for (let rounds = 0; rounds < 5; rounds++) await follower.round()
    expect(world.asked).toHaveLength(shouldHave(world).length)
  })

  test('are taken from whoever unlinks, at once, and from all where a rule is gone', async () => {
    const { world, follower } = await settled(3)
    const holder = WALLETS.find((wallet) => world.holds(wallet))
    const account = accountOf(holder!)
    const asking = createAskingIdentityStore(world.identity, world.roles, world.clock)
    await asking.unlinkDiscord(account, `p${account}`, 1)
    await follower.round()
    expect(have(world)).not.toContain(account)
    const [change] = await world.roles.changes({ account, limit: 1 })
    expect(change).toMatchObject({ change: 'removed', reason: 'not-linked', evidence: null })
    world.rules = [{ ...world.rule, role: '903' }]
    await world.follower().round()
    expect(
      (await world.roles.changes({ limit: 99 })).filter(({ reason }) => reason === 'no-rule'),
    ).not.toHaveLength(0)
  })

  test('that somebody gave or took by hand are put right by a sweep, and strangers left alone', async () => {
    const { world } = await settled(3)
    const [holder] = shouldHave(world)
    const other = WALLETS.map(accountOf).find((account) => account !== holder)
    world.holders.delete(holder!)
    world.holders.add('777')
    world.members.add('777')
    if (!shouldHave(world).includes(other!)) world.holders.add(other!)
    const dry = await sweepRoles(world.ports, CHAIN_ID, world.rules, true)
    expect(dry.map(({ account }) => account)).toContain(holder)
    const asked = world.asked.length
    // A dry run stores nothing and asks for no change.
    expect(world.asked).toHaveLength(asked)
    await world.follower().round()
    expect(have(world)).toEqual([...shouldHave(world), '777'].toSorted())
  })
})

describe('before anything is tried', () => {
  const role = (id: string, position: number, isManaged = false) => ({
    id,
    name: `r${id}`,
    position,
    isManaged,
  })
  const rules = ['1', '2', '3', '4', '5'].map((id) => ({ guild: '9', role: id }))
  const view = {
    roles: [role('1', 1), role('2', 3), role('3', 2), role('4', 1, true), role('10', 2)],
    own: ['10'],
    mayManageRoles: true,
  }
  const said = (of: Parameters<typeof findRoleFaults>[1]) =>
    findRoleFaults(rules, of).map((each) => `${each.role} ${each.fault}`)

  test('each role that the bot cannot manage is named with its reason', () => {
    // Of two roles in one place the one with the lower id ranks higher.
    expect(said(view)).toEqual(['2 above-bot', '3 above-bot', '4 managed', '5 no-role'])
    expect(said({ ...view, mayManageRoles: false })[0]).toBe('1 no-permission')
    expect(said(null)).toEqual(rules.map((each) => `${each.role} no-guild`))
  })
})
