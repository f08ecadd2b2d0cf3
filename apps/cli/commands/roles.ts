import { Command, Option } from 'commander'
import { configOption, parseSnowflake, parseWhole } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'

/** What talks to a chain is loaded when it is asked for. */
const loaded = () => import('#cli/roles/run.ts')

export const rolesCommand = (): Command =>
  new Command('roles')
    .summary('give roles of Discord guilds to whoever owns what their rules say')
    .description(
      'Keeps the roles of section discord as their rules say: whoever owns enough has the role, others have it not, and ' +
        'where that cannot be known now nothing is changed.',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard roles plan
  $ halyard roles follow --config halyard.json`,
    )
    .addCommand(planCommand())
    .addCommand(applyCommand())
    .addCommand(followCommand())
    .addCommand(historyCommand())

type Options = { readonly config: string }
type HistoryOptions = Options & { readonly account?: string; readonly limit: number }

const planCommand = (): Command =>
  new Command('plan')
    .summary('print what would be changed')
    .description(
      'Decides on every linked account, asks Discord who has which role, and prints a line of JSON for each change that ' +
        'would be made and for each role that the bot cannot manage. Nothing is changed or stored.',
    )
    .addOption(configOption())
    .addHelpText('after', '\nExamples:\n  $ halyard roles plan --config halyard.json')
    .action(async (options: Options) => (await loaded()).planAll(options.config))

const applyCommand = (): Command =>
  new Command('apply')
    .summary('make the changes once')
    .description(
      'Does what `halyard roles plan` prints, and prints a line of JSON for each change that was made, with its evidence.',
    )
    .addOption(configOption())
    .addHelpText('after', '\nExamples:\n  $ halyard roles apply --config halyard.json')
    .action((options: Options) =>
      untilStopped(async (stop) => (await loaded()).applyAll(options.config, stop)),
    )

const followCommand = (): Command =>
  new Command('follow')
    .summary('keep roles as they should be, until it is stopped')
    .description(
      'Follows what the indexer commits and changes the roles of whoever it touches, within two seconds of the block; looks ' +
        'at everybody now and then, and decides again where a block was taken back. Prints a line of JSON for each change. ' +
        'It may be killed at any time, and goes on where it stopped.',
    )
    .addOption(configOption())
    .addOption(
      new Option('--sweep <seconds>', 'how often everybody is looked at')
        .argParser(parseWhole(10, 86_400))
        .default(600),
    )
    .addHelpText('after', '\nExamples:\n  $ halyard roles follow --config halyard.json')
    .action((options: Options & { readonly sweep: number }) =>
      untilStopped(async (stop) =>
        (await loaded()).followAll(options.config, options.sweep * 1_000, stop),
      ),
    )

const historyCommand = (): Command =>
  new Command('history')
    .summary('print what was given and taken, and why')
    .description(
      'Prints one line of JSON for each role that was given or taken, newest first, with the block and the whole decision ' +
        'that it stood on.',
    )
    .addOption(configOption())
    .addOption(
      new Option('--account <id>', 'only of this Discord account').argParser(parseSnowflake),
    )
    .addOption(
      new Option('--limit <lines>', 'at most so many')
        .argParser(parseWhole(1, 1_000_000))
        .default(100),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ halyard roles history --account 80351110224678912 --limit 5',
    )
    .action(async (options: HistoryOptions) => (await loaded()).printHistory(options))
