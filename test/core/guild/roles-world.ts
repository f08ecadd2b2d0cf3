import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { createRoleFollower, type FollowRolesPorts } from '#core/guild/follow-roles.ts'
import type { GuildView, RoleRule, RoleStore } from '#core/guild/ports.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import { waypointsOf } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { Decision } from '#core/ownership/decision.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import {
  createFakeChain,
  fakeErc721,
  fakeSources,
  provenOf,
  refAt,
} from '../../fakes/fake-chain.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createMemoryIdentityStore } from '../../fakes/identity-store.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { createMemoryRoleStore } from '../../fakes/role-store.ts'

export const CHAIN_ID = 31_337
const FINALITY = 4
export const GUILD = '900'
export const ROLE = '901'
/** The accounts of the fake chain. */
export const WALLETS = Array.from({ length: 6 }, (_, index) => addressOf(0xa0 + index))
export const accountOf = (wallet: Address): string => `10${WALLETS.indexOf(wallet)}`
const away = (what: string): never => {
  throw new AppError('unavailable', `${what} is away`)
}

/** A chain with its index, people who have its wallets, a guild, and who keeps the roles of the guild. */
export async function openRolesWorld(seed: number) {
  const clock = createFakeClock()
  const tables = createMemoryTables()
  const store = createMemoryChainStore(tables)
  const views = createViews(store.heads, CHAIN_ID)
  const chain = createFakeChain(seed, { maxLogs: 6 })
  let ids = 0
  const appender = createChainAppender(
    { ...commitPorts(store, clock, CHAIN_ID), sha256, newId: () => `c${(ids += 1)}` },
    CHAIN_ID,
    fakeSources,
  )
  await appender.open()
  const identity = createMemoryIdentityStore()
  for (const wallet of WALLETS) {
    const person = `p${accountOf(wallet)}`
    await identity.linkWallet(wallet, person, person, 0)
    await identity.linkDiscord({ id: accountOf(wallet), name: person }, person, 0)
  }
  const roles: RoleStore = createMemoryRoleStore()
  const rule: RoleRule = {
    guild: GUILD,
    role: ROLE,
    chainId: CHAIN_ID,
    rule: parseRule({ erc721: { collection: fakeErc721 } }),
    finality: 'latest',
  }
  const world = {
    clock,
    chain,
    identity,
    roles,
    rule,
    rules: [rule] as readonly RoleRule[],
    /** Who has the role, as Discord knows it. */
    holders: new Set<string>(),
    members: new Set(WALLETS.map(accountOf)),
    /** Every change that Discord was asked for. */
    asked: [] as string[],
    isNodeAway: false,
    /** People that one request may ask about. */
    peopleMax: 1_000,
    /** By how many blocks the node is behind the chain. */
    nodeLag: 0,
    isDiscordAway: false,
    view: {
      roles: [
        { id: ROLE, name: 'holder', position: 1, isManaged: false },
        { id: '902', name: 'bot', position: 2, isManaged: true },
      ],
      own: ['902'],
      mayManageRoles: true,
    } as GuildView,
    holds,
    index,
    follower: () => createRoleFollower(ports, CHAIN_ID, world.rules, Number.MAX_SAFE_INTEGER),
    ports: undefined as unknown as FollowRolesPorts,
  }

  /** Whether more of the collection came to a wallet than went from it, up to the newest block or some before it. */
  function holds(wallet: Address, lag = 0): boolean {
    let count = 0
    for (const { acts } of chain.blocks.slice(0, chain.blocks.length - lag))
      for (const act of acts)
        if (act.act === 'transfer721' && act.collection === fakeErc721)
          count += Number(act.to === wallet) - Number(act.from === wallet)
    return count > 0
  }

  /** Brings the index to the chain's newest block, going back where that is on another branch. */
  async function index(upTo = chain.blocks.length - 1): Promise<void> {
    const view = appender.view()
    const waypoint =
      view &&
      waypointsOf(view)
        .filter(({ number, hash }) => number <= upTo && chain.blocks[number]?.header.hash === hash)
        .toSorted((a, b) => b.number - a.number)[0]
    if (waypoint && waypoint.number < view.head.number) await appender.moveBack(waypoint)
    const from = (appender.view()?.head.number ?? -1) + 1
    for (const block of chain.blocks.slice(from, upTo + 1)) {
      await appender.take([provenOf(block)])
      await appender.commit(refAt(chain, Math.max(block.header.number - FINALITY, -1)))
    }
  }

  const decide = (wallets: readonly Address[]): Decision => {
    const { number, hash, timestamp } = chain.blocks.at(-1 - world.nodeLag)!.header
    const block = { number, hash, timestamp }
    const base = { finality: 'latest', clauses: [] } as const
    if (world.isNodeAway) return { ...base, answer: 'unknown', reason: 'unavailable', block: null }
    return wallets.some((wallet) => holds(wallet, world.nodeLag))
      ? { ...base, answer: 'yes', reason: 'met', block }
      : { ...base, answer: 'no', reason: 'too-few', block }
  }

  const ports: FollowRolesPorts = {
    roles,
    identity,
    clock,
    views,
    heads: store.heads,
    feed: createHistoryFeed({ ...store, views }),
    ownership: {
      async check({ people }) {
        if (people.length > world.peopleMax)
          throw new AppError('invalid', 'too many', { details: { reason: 'too-costly' } })
        return people.map(decide)
      },
    },
    guild: {
      view: async () => (world.isDiscordAway ? away('discord') : world.view),
      members: async () => {
        if (world.isDiscordAway) away('discord')
        return [...world.members].map((account) => ({
          account,
          roles: world.holders.has(account) ? [ROLE] : [],
        }))
      },
      async setRole({ account }, isHeld) {
        if (world.isDiscordAway) away('discord')
        world.asked.push(`${isHeld ? '+' : '-'}${account}`)
        if (!world.members.has(account)) return 'not-a-member'
        if (isHeld) world.holders.add(account)
        else world.holders.delete(account)
        return 'done'
      },
    },
  }
  world.ports = ports
  return world
}
