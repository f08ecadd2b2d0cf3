import { Command } from 'commander'
import { exitCodes, exitCodesHelp } from '#faces/exit-code.ts'
import { activityCommand } from './commands/activity.ts'
import { backfillCommand } from './commands/backfill.ts'
import { collectCommand } from './commands/collect.ts'
import { configCommand } from './commands/config.ts'
import { deriveCommand } from './commands/derive.ts'
import { devCommand } from './commands/dev.ts'
import { discordCommand } from './commands/discord.ts'
import { exportCommand } from './commands/export.ts'
import { metadataCommand } from './commands/metadata.ts'
import { migrateCommand } from './commands/migrate.ts'
import { opsCommand } from './commands/ops.ts'
import { ownersCommand } from './commands/owners.ts'
import { pointsCommand } from './commands/points.ts'
import { personsCommand } from './commands/persons.ts'
import { quarantineCommand } from './commands/quarantine.ts'
import { queueCommand } from './commands/queue.ts'
import { quoteCommand } from './commands/quote.ts'
import { rangesCommand } from './commands/ranges.ts'
import { rawCommand } from './commands/raw.ts'
import { reindexCommand } from './commands/reindex.ts'
import { relayCommand } from './commands/relay.ts'
import { senderCommand } from './commands/sender.ts'
import { rolesCommand } from './commands/roles.ts'
import { signerCommand } from './commands/signer.ts'
import { statusCommand } from './commands/status.ts'
import { tokensCommand } from './commands/tokens.ts'
import { verifyCommand } from './commands/verify.ts'
import { webhooksCommand } from './commands/webhooks.ts'
import { workCommand } from './commands/work.ts'

/** The command line, with a line for each command. */
export function createProgram(): Command {
  const program = new Command('halyard')
    .description(
      'The operator’s tool of Halyard: index a chain, look at what is stored, run it all locally.',
    )
    .version('0.1.0')
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
${exitCodesHelp(Object.keys(exitCodes) as (keyof typeof exitCodes)[])}

Examples:
  $ halyard dev
  $ halyard backfill --config halyard.json
  $ halyard export swaps --config halyard.json --format csv
  $ halyard quote --in 0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2 \\
      --out 0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48 --amount 1000000000000000000`,
    )

  for (const command of [
    devCommand(),
    backfillCommand(),
    workCommand(),
    rangesCommand(),
    queueCommand(),
    collectCommand(),
    deriveCommand(),
    reindexCommand(),
    rawCommand(),
    statusCommand(),
    verifyCommand(),
    exportCommand(),
    quarantineCommand(),
    tokensCommand(),
    activityCommand(),
    ownersCommand(),
    metadataCommand(),
    personsCommand(),
    rolesCommand(),
    discordCommand(),
    webhooksCommand(),
    quoteCommand(),
    pointsCommand(),
    relayCommand(),
    opsCommand(),
    senderCommand(),
    signerCommand(),
    migrateCommand(),
    configCommand(),
  ])
    program.addCommand(command)
  return program
}
