import { Command } from 'commander'
import { configOption } from '#cli/options.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { wireWorking } from '#cli/wire-raw.ts'
import { openCollector } from '#core/indexing/collect.ts'
import { planOf } from '#core/indexing/ranges/plan-of.ts'
import { runWorker } from '#core/indexing/ranges/run-worker.ts'
import { sha256 } from '#wiring/system.ts'
import { afterGrace } from '#faces/grace.ts'

export const workCommand = (): Command =>
  new Command('work')
    .summary('collect ranges for a backfill that is shared')
    .description(
      'Fetches, proves and keeps the logs of ranges that `halyard backfill --share` has planned, until it is stopped: on ' +
        'any number of machines, with the same configuration. It may be killed at any time; its ranges then go to others.',
    )
    .addOption(configOption())
    .addHelpText(
      'after',
      `
Examples:
  $ halyard work --config halyard.json`,
    )
    .action((options: { readonly config: string }) => untilStopped((stop) => run(options, stop)))

async function run({ config }: { readonly config: string }, stop: AbortSignal): Promise<void> {
  const settings = readSettings(config)
  const { rangeBlocks, concurrency } = settings.workers
  await using app = await wireWorking(settings, afterGrace(stop))
  const setting = {
    chainId: settings.chain.id,
    sources: settings.sources,
    proof: settings.chain.proof,
    commits: settings.chain.commits,
  }
  const collector = await openCollector(app.ports, setting)
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  say(`${app.owner} works at up to ${concurrency} ranges at once`)
  await runWorker(
    app.ports,
    {
      plan: planOf(sha256, { ...setting, rangeBlocks }),
      owner: app.owner,
      concurrency,
      async collect(range, cancel) {
        for await (const _ of collector.collect(range, cancel));
      },
      onRange({ from, to }, failure) {
        say(failure === undefined ? `${from}-${to} kept` : `${from}-${to} failed: ${failure}`)
      },
    },
    stop,
  )
}
