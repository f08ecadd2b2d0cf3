import type { GuildClient, RoleRule, RoleStore } from '#core/guild/ports.ts'
import { AppError } from '#core/errors.ts'
import { chosenChain } from '#core/chain-choice.ts'
import { refuseOldRecords } from './open-ledger.ts'
import type { Settings, StoreSetting } from './settings.ts'
import { systemClock } from './system.ts'

/** @throws AppError `conflict` where the records wait for a migration; `unavailable` where they cannot be used */
export async function openRoleStore(setting: StoreSetting): Promise<RoleStore> {
  await refuseOldRecords(setting)
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteRoleStore } = await import('#adapters/sqlite/role-store.ts')
      return openSqliteRoleStore(setting.path)
    }
    case 'mongodb': {
      const { openMongoRoleStore } = await import('#adapters/mongo/role-store.ts')
      return openMongoRoleStore(setting.url)
    }
    default:
      return setting satisfies never
  }
}

/** The rules of a configuration, each with its chain. @throws AppError `invalid` for a chain that there is not */
export const roleRulesOf = (
  discord: Settings['discord'],
  chains: readonly Pick<Settings, 'chain'>[],
  byDefault: Pick<Settings, 'chain'>,
): RoleRule[] =>
  (discord?.roles ?? []).map(({ chain, ...rule }, index) => {
    const of =
      chain === undefined ? byDefault : chosenChain(chains, chain, `discord.roles[${index}].chain`)
    return { ...rule, chainId: of.chain.id }
  })

/** @throws AppError `invalid` where the configuration names no bot */
export async function openGuildClient(discord: Settings['discord']): Promise<GuildClient> {
  if (!discord || discord.botToken === null)
    throw new AppError(
      'invalid',
      'discord.botToken: the configuration names no bot; give the section discord with its token',
      { details: { field: 'discord.botToken' } },
    )
  const { createDiscordGuildClient } = await import('#adapters/discord/guild-client.ts')
  return createDiscordGuildClient(
    { apiUrl: discord.apiUrl, botToken: discord.botToken },
    systemClock,
  )
}
