import { Command } from 'commander'
import { collectSetting } from '#cli/collect-setting.ts'
import { configOption, toOption } from '#cli/options.ts'
import { printReport, reportWarnings } from '#cli/print-report.ts'
import { showProgress } from '#cli/show-progress.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { wireDeriving } from '#cli/wire-raw.ts'
import { invalidField } from '#core/errors.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { firstStart } from '#core/indexing/source.ts'
import { createRawSource } from '#core/indexing/raw/raw-source.ts'

type Options = { readonly config: string; readonly to?: number; readonly json?: boolean }

export const deriveCommand = (): Command =>
  new Command('derive')
    .summary('make the history of logs that are kept, without a node')
    .description(
      'Makes the history in the store of the proven logs that earlier runs have kept, or brings it forward, and asks no ' +
        'node for anything: into a fresh store after the form of the history or the sources have changed. Ends where the ' +
        'first block is not kept.',
    )
    .addOption(configOption())
    .addOption(toOption())
    .option('--json', 'print the report as one line of JSON at the end of stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard derive --config halyard.json
  $ halyard derive --to 19000000 --json`,
    )
    .action((options: Options) => untilStopped((stop) => run(options, stop)))

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config)
  const start = firstStart(settings.sources)
  if (start === undefined)
    throw invalidField(
      'sources',
      'none has a startBlock, so there is no block to begin at; add one',
    )
  await using app = await wireDeriving(settings)
  const startedAt = performance.now()
  const source = await createRawSource(app.ports.raw, settings.chain.id, start)
  const input = {
    ...collectSetting(settings),
    ...(options.to !== undefined && { to: options.to }),
  }
  const report = await showProgress(
    () => backfill({ ...app.ports, source }, input, stop),
    { headers: 0, logs: 0, receipts: 0 },
    ({ done, total, logs, number }) => ({ done, total, note: `${logs} logs, block ${number}` }),
  )
  for (const warning of reportWarnings(report)) process.stderr.write(`halyard: ${warning}\n`)
  printReport(report, Math.round(performance.now() - startedAt) / 1_000, options.json === true)
}
