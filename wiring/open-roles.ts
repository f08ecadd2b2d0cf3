import { commandForms } from '#core/guild/commands.ts'
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

/** Proves that requests come from Discord. @param publicKey of the application, in hex */
export async function openInteractionVerifier(publicKey: string) {
  const { createInteractionVerifier } = await import('#adapters/discord/interaction-signature.ts')
  return createInteractionVerifier(publicKey)
}

/**
 * Registers the slash commands of the bot.
 *
 * @param guild null: everywhere
 * @throws AppError `invalid` where the configuration names no bot, or Discord does not take it; `unavailable`
 */
export async function registerBotCommands(
  discord: Settings['discord'],
  guild: string | null,
): Promise<void> {
  const { apiUrl, applicationId, botToken } = botOf(discord)
  const { registerCommands } = await import('#adapters/discord/register-commands.ts')
  await registerCommands({ apiUrl, applicationId, botToken }, guild, commandForms)
}

/** @throws AppError `invalid` where the configuration names no bot */
export async function openGuildClient(discord: Settings['discord']): Promise<GuildClient> {
  const { apiUrl, botToken } = botOf(discord)
  const { createDiscordGuildClient } = await import('#adapters/discord/guild-client.ts')
  return createDiscordGuildClient({ apiUrl, botToken }, systemClock)
}

function botOf(discord: Settings['discord']) {
  if (discord && discord.botToken !== null) return { ...discord, botToken: discord.botToken }
  throw new AppError(
    'invalid',
    'discord.botToken: the configuration names no bot; give the section discord with its token',
    { details: { field: 'discord.botToken' } },
  )
}
