import { Command, Option } from 'commander'
import { configOption, parseSnowflake } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import { commandForms } from '#core/guild/commands.ts'

export const discordCommand = (): Command =>
  new Command('discord')
    .summary('set up the bot in Discord')
    .description('Tells Discord what the bot of section discord can do.')
    .addHelpText('after', '\nExamples:\n  $ halyard discord register --guild 613425648685547541')
    .addCommand(
      new Command('register')
        .summary('register the slash commands of the bot')
        .description(
          'Puts /verify, /points and /why in the place of the commands that the application had, in one guild or in all of ' +
            'them. It does no harm to do it again.',
        )
        .addOption(configOption())
        .addOption(
          new Option('--guild <id>', 'only in this guild, where they are there at once').argParser(
            parseSnowflake,
          ),
        )
        .addHelpText(
          'after',
          '\nExamples:\n  $ halyard discord register --guild 613425648685547541',
        )
        .action(register),
    )

async function register({
  config,
  guild,
}: {
  readonly config: string
  readonly guild?: string
}): Promise<void> {
  const { registerBotCommands } = await import('#wiring/open-roles.ts')
  await registerBotCommands(readSettings(config).discord, guild ?? null)
  const names = commandForms.map(({ name }) => `/${name}`).join(', ')
  process.stdout.write(`${names} ${guild === undefined ? 'everywhere' : `in guild ${guild}`}\n`)
}
