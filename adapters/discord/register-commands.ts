import { AppError } from '#core/errors.ts'
import type { CommandForm } from '#core/guild/commands.ts'
import { callDiscord, noAnswer } from './call.ts'

/** Types of Discord: a command that is typed, and options that are text or a role. */
const CHAT_INPUT = 1
const OPTION_TYPES = { text: 3, role: 8 } as const
/** Commands are about a guild, and not for direct messages; of those of one guild nothing else may be said. */
const IN_GUILDS = { contexts: [0] }

/**
 * Puts the commands of an application in the place of those that it had in a guild, or everywhere.
 *
 * @param guild null: everywhere, which Discord shows within an hour
 * @throws AppError `invalid` where Discord does not take the bot's token or the guild; `unavailable` where it gives no
 *   answer
 */
export async function registerCommands(
  of: { readonly apiUrl: string; readonly applicationId: string; readonly botToken: string },
  guild: string | null,
  forms: readonly CommandForm[],
): Promise<void> {
  const where = guild === null ? '' : `/guilds/${guild}`
  const { status } = await callDiscord(of.apiUrl, {
    method: 'PUT',
    path: `/applications/${of.applicationId}${where}/commands`,
    headers: { authorization: `Bot ${of.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(
      forms.map(({ name, description, options }) => ({
        name,
        description,
        type: CHAT_INPUT,
        ...(guild === null && IN_GUILDS),
        options: options.map(({ kind, ...option }) => ({ ...option, type: OPTION_TYPES[kind] })),
      })),
    ),
  })
  if (status === 200) return
  if (status === 401 || status === 403 || status === 404)
    throw new AppError(
      'invalid',
      `discord: it does not let the bot register commands (HTTP ${status}); check discord.botToken, discord.applicationId, and that the bot was invited with the scope applications.commands`,
      { details: { field: 'discord.botToken' } },
    )
  throw noAnswer(`HTTP ${status}`)
}
