import { Command } from 'commander'
import { configOption } from '#cli/options.ts'
import { readSettings, wireMigrations } from '#cli/wire.ts'
import { migrate, type MigrateOutcome } from '#core/operations/migrate.ts'
import { migrationName } from '#core/operations/migration.ts'
import type { RecordsIdentity } from '#core/operations/ports.ts'

type Options = { readonly config: string; readonly dryRun?: boolean; readonly json?: boolean }

export const migrateCommand = (): Command =>
  new Command('migrate')
    .summary('bring people’s records to the form of this version')
    .description(
      'Runs the migrations of people’s records that have not run yet, in their order; makes the records where there ' +
        'are none. Chain history has no part in it. Make a backup before: migrations go forward only. When several ' +
        'processes run it at once, one does the work and the others wait.',
    )
    .addOption(configOption())
    .option('--dry-run', 'only print what would be run, step by step')
    .option('--json', 'print the outcome as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard migrate --dry-run
  $ halyard migrate --config halyard.json`,
    )
    .action(run)

const say = (text: string): void => void process.stderr.write(`halyard: ${text}\n`)

async function run({ config, dryRun: isDryRun = false, json = false }: Options): Promise<void> {
  const { records } = readSettings(config)
  await using app = await wireMigrations(records)
  const outcome = await migrate(app, {
    isDryRun,
    onRun: (migration) => say(`running migration ${migrationName(migration)}`),
    onWait: () => say('another process migrates the records; waiting for it'),
  })
  const identity = await app.migrations.identity()
  process.stdout.write(json ? jsonOf(outcome, identity) : textOf(outcome, identity))
}

function jsonOf({ status, migrations }: MigrateOutcome, identity?: RecordsIdentity): string {
  const names = migrations.map(migrationName)
  return `${JSON.stringify({ status, migrations: names, records: identity ?? null })}\n`
}

function textOf({ status, migrations }: MigrateOutcome, identity?: RecordsIdentity): string {
  const whose = identity ? `records ${identity.id}` : 'records that are not there yet'
  switch (status) {
    case 'current':
      return `${whose}: nothing to migrate\n`
    case 'migrated':
      return `${whose}: ran ${migrations.map(migrationName).join(', ')}\n`
    case 'pending': {
      const parts = migrations.map(
        (migration) =>
          `${migrationName(migration)}\n${migration.steps.map((step) => `  ${step}\n`).join('')}`,
      )
      return `${whose}: halyard migrate would run\n${parts.join('')}`
    }
    default:
      return status satisfies never
  }
}
