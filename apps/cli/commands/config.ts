import { Command } from 'commander'
import type { Check } from '#cli/check-config.ts'
import { configOption } from '#cli/options.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { configJsonSchema, readSettings } from '#wiring/settings.ts'
import { systemClock } from '#wiring/system.ts'

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

type CheckOptions = { readonly config: string; readonly offline?: boolean; readonly json?: boolean }

const checkCommand = (): Command =>
  new Command('check')
    .description(
      'Read a configuration file and name every fault in it, then try what it names: each endpoint, its chain and what ' +
        'it is able to do, each source, and the store.',
    )
    .addOption(configOption())
    .option('--offline', 'only read the file')
    .option('--json', 'print what was found as one line of JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 all is well or only a warning, 69 something cannot be used now, 78 something cannot work like this.

Example:
  $ halyard config check --config halyard.json`,
    )
    .action(check)

async function check(options: CheckOptions): Promise<void> {
  const settings = readSettings(options.config)
  const { chain, sources, store } = settings
  if (options.json !== true)
    process.stdout.write(
      `${options.config} is fine: chain ${chain.id}, ${sources.length} sources, store ${store.kind}\n`,
    )
  if (options.offline === true) return
  const { checkConfig } = await import('#cli/check-config.ts')
  const checks = await checkConfig(settings, systemClock.nowMs())
  if (options.json === true) process.stdout.write(`${JSON.stringify(checks)}\n`)
  else process.stdout.write(table(checks))
  const has = (state: Check['state']): boolean => checks.some((each) => each.state === state)
  if (has('fault')) process.exitCode = exitCodes.configuration
  else if (has('away')) process.exitCode = exitCodes.unavailable
}

/** As wide as what stands in it. */
function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ what }) => what.length))
  return checks
    .map(({ what, state, detail }) => `${what.padEnd(width)}  ${state.padEnd(7)}  ${detail}\n`)
    .join('')
}
