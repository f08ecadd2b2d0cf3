import { Command } from 'commander'
import { configJsonSchema } from '#adapters/config-file/schema.ts'
import { configOption } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'

export const configCommand = (): Command =>
  new Command('config')
    .summary('look at the configuration')
    .description('Prints what a configuration file may hold, or checks one.')
    .addCommand(schemaCommand())
    .addCommand(checkCommand())

const schemaCommand = (): Command =>
  new Command('schema')
    .description('Print the JSON Schema of the configuration file.')
    .addHelpText(
      'after',
      `
Example:
  $ halyard config schema > halyard.schema.json`,
    )
    .action(() => {
      process.stdout.write(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`)
    })

const checkCommand = (): Command =>
  new Command('check')
    .description('Read a configuration file and name every fault in it.')
    .addOption(configOption())
    .addHelpText(
      'after',
      `
Example:
  $ halyard config check --config halyard.json`,
    )
    .action((options: { readonly config: string }) => {
      const settings = readSettings(options.config)
      const { chain, sources, store } = settings
      process.stdout.write(
        `${options.config} is fine: chain ${chain.id}, ${sources.length} sources, store ${store.kind}\n`,
      )
    })
