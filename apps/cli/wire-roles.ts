import { AppError } from '#core/errors.ts'
import type { FollowRolesPorts } from '#core/guild/follow-roles.ts'
import type { GuildClient, RoleRule, RoleStore } from '#core/guild/ports.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import type { IdentityStore } from '#core/identity/ports.ts'
import type { MetadataTable } from '#core/nft/metadata/ports.ts'
import { createViews } from '#core/history/view.ts'
import type { Address } from '#faces/listen.ts'
import { openEmpty, openIfThere } from '#wiring/open-chain-store.ts'
import { openIdentityStore } from '#wiring/open-identity.ts'
import { openMetadataIfKept } from '#wiring/open-metadata.ts'
import { openNode } from '#wiring/open-node.ts'
import { openOwnership } from '#wiring/open-ownership.ts'
import { openGuildClient, openRoleStore, roleRulesOf } from '#wiring/open-roles.ts'
import { readDeployment, type Settings } from '#wiring/settings.ts'
import { systemClock } from '#wiring/system.ts'
import { tellWarnings, toStderr, type Warn } from './wire.ts'

/** The rules of one chain, and what keeping their roles takes. */
export type ChainRoles = {
  readonly name: string
  readonly chainId: number
  readonly rules: readonly RoleRule[]
  readonly ports: FollowRolesPorts
}

/** What keeping roles takes. */
export type RolesApp = AsyncDisposable & {
  readonly chains: readonly ChainRoles[]
  /** Where probes and metrics listen; undefined: nowhere. */
  readonly metricsAt: Address | undefined
}

/** A follower has time, and goes on by itself. */
const NODE = { timeoutMs: 5_000, rounds: 1 } as const
/** Whoever decides on an event wants the block that has it. */
const BLOCK_MS = 100

/**
 * @throws AppError `invalid` where the configuration names no bot or no role; `unavailable` where records or the store
 *   cannot be used
 */
export async function wireRoles(path: string, warn: Warn = toStderr): Promise<RolesApp> {
  const { chains, byDefault } = readDeployment(path)
  const { discord, records } = byDefault
  const guild = await openGuildClient(discord)
  const rules = roleRulesOf(discord, chains, byDefault)
  if (rules.length === 0)
    throw new AppError('invalid', 'discord.roles: there is no rule; name a role and its rule', {
      details: { field: 'discord.roles' },
    })
  await using stack = new AsyncDisposableStack()
  const identity = stack.adopt(await openIdentityStore(records), async (each) => each.close())
  const roles = stack.adopt(await openRoleStore(records), async (each) => each.close())
  const kept = await openMetadataIfKept(byDefault)
  const metadata = kept && stack.adopt(kept, async (each) => each.close())
  const opened: ChainRoles[] = []
  for (const settings of chains) {
    const ofChain = rules.filter(({ chainId }) => chainId === settings.chain.id)
    if (ofChain.length === 0) continue
    // oxlint-disable-next-line no-await-in-loop -- opened one after the other
    const ports = await openChain(settings, { guild, identity, roles, metadata }, stack, warn)
    opened.push({ name: settings.chain.name, chainId: settings.chain.id, rules: ofChain, ports })
  }
  const all = stack.move()
  return {
    chains: opened,
    metricsAt: metricsAtOf(discord),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

const metricsAtOf = (discord: Settings['discord']): Address | undefined =>
  discord?.metricsPort == null
    ? undefined
    : { host: discord.metricsHost, port: discord.metricsPort, field: 'discord.metricsPort' }

async function openChain(
  settings: Settings,
  shared: {
    readonly guild: GuildClient
    readonly identity: IdentityStore
    readonly roles: RoleStore
    readonly metadata: MetadataTable | undefined
  },
  stack: AsyncDisposableStack,
  warn: Warn,
): Promise<FollowRolesPorts> {
  const { chain } = settings
  // Before anything is indexed, what the contracts say is enough for most rules.
  const store = stack.adopt(
    (await openIfThere(settings.store)) ?? (await openEmpty()),
    async (each) => each.close(),
  )
  tellWarnings(store, warn)
  const node = stack.use(openNode(chain, { ...NODE, warn }))
  const views = createViews(store.heads, chain.id)
  const history = { ...store, views, clock: systemClock }
  return {
    ...shared,
    ...history,
    ownership: openOwnership(node, { ...history, metadata: shared.metadata }, settings, BLOCK_MS),
    feed: createHistoryFeed(history),
  }
}

/** The record of what was done, which needs no chain and no Discord. */
export const openRoleHistory = (path: string): Promise<RoleStore> =>
  openRoleStore(readDeployment(path).byDefault.records)
