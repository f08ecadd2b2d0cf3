import { Command } from 'commander'
import type { Check } from '#cli/check-config.ts'
import { configOption } from '#cli/options.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { configJsonSchema, InvalidConfig, readDeployment } from '#wiring/settings.ts'
import { systemClock } from '#wiring/system.ts'

export const configCommand = (): Command =>
  new Command('config')
    .summary('look at the configuration')
    .description('Prints what a configuration file may hold, or checks one.')
    .addCommand(schemaCommand())
    .addCommand(checkCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ halyard config schema > halyard.schema.json
  $ halyard config check --config halyard.json`,
    )

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
        'it is able to do, each source and every other contract, the store and the records.',
    )
    .addOption(configOption())
    .option('--offline', 'only read the file')
    .option('--json', 'print what was found, faults of the file included, as one line of JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 all is well or only a warning, 69 something cannot be used now, 78 something cannot work like this.

Examples:
  $ halyard config check --config halyard.json
  $ halyard config check --offline --json`,
    )
    .action(check)

async function check(options: CheckOptions): Promise<void> {
  const checks = options.json === true ? await allChecks(options) : await checksOrError(options)
  process.stdout.write(options.json === true ? `${JSON.stringify(checks)}\n` : table(checks))
  const has = (state: Check['state']): boolean => checks.some((each) => each.state === state)
  if (has('fault')) process.exitCode = exitCodes.configuration
  else if (has('away')) process.exitCode = exitCodes.unavailable
}

/** @throws InvalidConfig where the file itself is faulty */
async function checksOrError({ config, offline }: CheckOptions): Promise<readonly Check[]> {
  const { chains } = readDeployment(config)
  const read = chains.map(
    ({ chain, sources, store }) =>
      `chain ${chain.id}, ${sources.length} sources, store ${store.kind}`,
  )
  const file: Check = { what: config, state: 'ok', detail: `it reads well: ${read.join('; ')}` }
  if (offline === true) return [file]
  const { checkConfig } = await import('#cli/check-config.ts')
  return [file, ...(await checkConfig(chains, systemClock.nowMs()))]
}

/** The same, where each fault of the file is a check of its own: a program reads one form, whatever is wrong. */
async function allChecks(options: CheckOptions): Promise<readonly Check[]> {
  try {
    return await checksOrError(options)
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error
    return error.faults.map((detail) => ({ what: options.config, state: 'fault', detail }))
  }
}

/** As wide as what stands in it. */
function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ what }) => what.length))
  return checks
    .map(({ what, state, detail }) => `${what.padEnd(width)}  ${state.padEnd(7)}  ${detail}\n`)
    .join('')
}
