import { Command } from 'commander'
import { collectSetting, planIn } from '#cli/collect-setting.ts'
import { chainOption, configOption } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { wireWorking } from '#cli/wire-raw.ts'
import { openCollector } from '#core/indexing/collect.ts'
import { runWorker } from '#core/indexing/ranges/run-worker.ts'
import { afterGrace } from '#faces/grace.ts'

type Options = { readonly config: string; readonly chain?: string }

export const workCommand = (): Command =>
  new Command('work')
    .summary('collect ranges for a backfill that is shared')
    .description(
      'Fetches, proves and keeps the logs of ranges that `halyard backfill --share` has planned, until it is stopped: on ' +
        'any number of machines, with the same configuration. It may be killed at any time; its ranges then go to others.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .addHelpText(
      'after',
      `
Examples:
  $ halyard work --config halyard.json`,
    )
    .action((options: Options) => untilStopped((stop) => run(options, stop)))

async function run({ config, chain }: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(config, chain)
  const { concurrency } = settings.workers
  await using app = await wireWorking(settings, afterGrace(stop))
  const collector = await openCollector(app.ports, collectSetting(settings))
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  say(`${app.owner} works at up to ${concurrency} ranges at once`)
  await runWorker(
    app.ports,
    {
      plan: planIn(settings),
      owner: app.owner,
      concurrency,
      collector,
      onRange({ from, to }, failure) {
        say(failure === undefined ? `${from}-${to} kept` : `${from}-${to} failed: ${failure}`)
      },
    },
    stop,
  )
}
