import { Command } from 'commander'
import { planIn } from '#cli/collect-setting.ts'
import { chainOption, configOption } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import { wireRanges } from '#cli/wire-raw.ts'
import { invalidField } from '#core/errors.ts'
import { reopenRanges } from '#core/indexing/ranges/reopen-ranges.ts'
import { openBullQueue } from '#wiring/open-range-queue.ts'
import type { Settings } from '#wiring/settings.ts'

type Options = { readonly config: string; readonly chain?: string; readonly json?: boolean }

export const queueCommand = (): Command =>
  new Command('queue')
    .summary('look after the hints in Redis')
    .description(
      'BullMQ on the Redis of workers.redis tells processes which ranges there are. It holds hints only: what is to be ' +
        'done is in the table of ranges, see `halyard ranges`.',
    )
    .addCommand(
      new Command('list')
        .summary('print how many hints wait and are being worked on')
        .description('Prints how many hints there are in each state.')
        .addOption(configOption())
        .addOption(chainOption())
        .option('--json', 'one line of JSON')
        .addHelpText('after', '\nExamples:\n  $ halyard queue list --config halyard.json')
        .action(list),
    )
    .addCommand(
      new Command('retry')
        .summary('let ranges that failed be tried again, and tell of all that are open')
        .description('As `halyard ranges reopen`; tells the queue of every range that is open.')
        .addOption(configOption())
        .addOption(chainOption())
        .addHelpText('after', '\nExamples:\n  $ halyard queue retry --config halyard.json')
        .action(retry),
    )
    .addCommand(
      new Command('drain')
        .summary('forget the hints that nobody has taken')
        .description(
          'Forgets the hints that wait. Ranges stay as they are; a process that shares a backfill tells of them again.',
        )
        .addOption(configOption())
        .addOption(chainOption())
        .addHelpText('after', '\nExamples:\n  $ halyard queue drain --config halyard.json')
        .action(drain),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard queue list --config halyard.json
  $ halyard queue drain`,
    )

/** @returns the URL of the Redis that has the queue */
function refuseNoQueue({ workers: { redis } }: Settings): string {
  if (redis !== null) return redis
  throw invalidField('workers.redis', 'it is not set, so there is no queue; name a Redis')
}

const openQueue = (settings: Settings) => openBullQueue(refuseNoQueue(settings), () => undefined)

async function list(options: Options): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using opened = await openQueue(settings)
  const counts = await opened.queue.counts(planIn(settings))
  const lines = Object.entries(counts).map(([state, count]) => `${count} ${state}`)
  process.stdout.write(`${options.json === true ? JSON.stringify(counts) : lines.join(', ')}\n`)
}

async function retry(options: Options): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  refuseNoQueue(settings)
  await using app = await wireRanges(settings)
  const { count, open } = await reopenRanges(app, planIn(settings))
  process.stdout.write(`${count} ranges are open again; the queue was told of ${open}\n`)
}

async function drain(options: Options): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using opened = await openQueue(settings)
  await opened.queue.drain(planIn(settings))
  process.stdout.write('the hints that waited are forgotten\n')
}
