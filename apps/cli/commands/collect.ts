import { Command } from 'commander'
import { collectSetting } from '#cli/collect-setting.ts'
import { chainOption, configOption, rangesOption, toOption } from '#cli/options.ts'
import { duration } from '#cli/progress.ts'
import { countReading } from '#cli/reading.ts'
import { showProgress } from '#cli/show-progress.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { wireCollecting } from '#cli/wire-raw.ts'
import type { BlockRange } from '#core/chain.ts'
import { collect } from '#core/indexing/collect.ts'
import { afterGrace } from '#faces/grace.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly ranges?: readonly BlockRange[]
  readonly to?: number
  readonly json?: boolean
}

export const collectCommand = (): Command =>
  new Command('collect')
    .summary('fetch and prove logs, and keep them for later')
    .description(
      'Fetches and proves the logs of final blocks and keeps them where the section raw says, without making history of ' +
        'them: any ranges, in any order, in any number of processes at once. `halyard backfill` and `halyard derive` then ' +
        'need not ask the chain for them. What is kept already is not asked for again.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .addOption(rangesOption())
    .addOption(toOption())
    .option('--json', 'print what was done as one line of JSON at the end of stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard collect --config halyard.json
  $ halyard collect --ranges 10000000-10100000`,
    )
    .action((options: Options) => untilStopped((stop) => run(options, stop)))

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using app = await wireCollecting(settings, afterGrace(stop))
  const startedAt = performance.now()
  const { source, reading } = countReading(app.ports.source)
  const input = {
    ...collectSetting(settings),
    ...(options.ranges && { ranges: options.ranges }),
    ...(options.to !== undefined && { to: options.to }),
  }
  const { done, logs } = await showProgress(
    () => collect({ ...app.ports, source }, input, stop),
    reading,
    (step) => ({ ...step, note: `${step.logs} logs, block ${step.number}` }),
  )
  const seconds = Math.round(performance.now() - startedAt) / 1_000
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify({ blocks: done, logs, seconds })}\n`
      : `kept ${done} blocks with ${logs} logs in ${duration(seconds)}\n`,
  )
}
