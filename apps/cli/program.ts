import { Command } from 'commander'
import { exitCodes, exitCodesHelp } from '#faces/exit-code.ts'

/** Each command by its name. The code of one is loaded where it is called, and of all where none is: for their help. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  dev: async () => (await import('./commands/dev.ts')).devCommand(),
  backfill: async () => (await import('./commands/backfill.ts')).backfillCommand(),
  work: async () => (await import('./commands/work.ts')).workCommand(),
  ranges: async () => (await import('./commands/ranges.ts')).rangesCommand(),
  queue: async () => (await import('./commands/queue.ts')).queueCommand(),
  collect: async () => (await import('./commands/collect.ts')).collectCommand(),
  derive: async () => (await import('./commands/derive.ts')).deriveCommand(),
  reindex: async () => (await import('./commands/reindex.ts')).reindexCommand(),
  raw: async () => (await import('./commands/raw.ts')).rawCommand(),
  status: async () => (await import('./commands/status.ts')).statusCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  export: async () => (await import('./commands/export.ts')).exportCommand(),
  quarantine: async () => (await import('./commands/quarantine.ts')).quarantineCommand(),
  tokens: async () => (await import('./commands/tokens.ts')).tokensCommand(),
  activity: async () => (await import('./commands/activity.ts')).activityCommand(),
  owners: async () => (await import('./commands/owners.ts')).ownersCommand(),
  metadata: async () => (await import('./commands/metadata.ts')).metadataCommand(),
  persons: async () => (await import('./commands/persons.ts')).personsCommand(),
  roles: async () => (await import('./commands/roles.ts')).rolesCommand(),
  discord: async () => (await import('./commands/discord.ts')).discordCommand(),
  webhooks: async () => (await import('./commands/webhooks.ts')).webhooksCommand(),
  quote: async () => (await import('./commands/quote.ts')).quoteCommand(),
  points: async () => (await import('./commands/points.ts')).pointsCommand(),
  relay: async () => (await import('./commands/relay.ts')).relayCommand(),
  ops: async () => (await import('./commands/ops.ts')).opsCommand(),
  sender: async () => (await import('./commands/sender.ts')).senderCommand(),
  signer: async () => (await import('./commands/signer.ts')).signerCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  config: async () => (await import('./commands/config.ts')).configCommand(),
}

/**
 * The command line.
 *
 * @param named the command that is called; where it is none of these, as with `--help`, the program has all
 */
export async function createProgram(named?: string): Promise<Command> {
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

  const known = Object.entries(commands).filter(([name]) => name === named)
  const loads = (known.length > 0 ? known : Object.entries(commands)).map(([, load]) => load)
  for (const command of await Promise.all(loads.map((load) => load()))) program.addCommand(command)
  return program
}
