import { Command } from 'commander'
import { planIn } from '#cli/collect-setting.ts'
import { chainOption, configOption } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import { wireRanges } from '#cli/wire-raw.ts'
import { reopenRanges } from '#core/indexing/ranges/reopen-ranges.ts'
import type { WorkRange } from '#core/indexing/ranges/ports.ts'

type Options = { readonly config: string; readonly chain?: string; readonly json?: boolean }

export const rangesCommand = (): Command =>
  new Command('ranges')
    .summary('look after the ranges of a backfill that is shared')
    .description(
      'The ranges that `halyard backfill --share` has planned with this configuration, and who collects them.',
    )
    .addCommand(
      new Command('list')
        .summary('print which ranges there are, who holds them, and why some failed')
        .description(
          'Prints every range that is not done, with who holds or held it last, how often it was tried and why that ' +
            'failed, and how many ranges there are in each state.',
        )
        .addOption(configOption())
        .addOption(chainOption())
        .option('--json', 'one line of JSON a range, those that are done too')
        .addHelpText('after', '\nExamples:\n  $ halyard ranges list --config halyard.json')
        .action(list),
    )
    .addCommand(
      new Command('reopen')
        .summary('let ranges that failed be tried again at once')
        .description('Ranges that failed, or pause after a failure, are open again at once.')
        .addOption(configOption())
        .addOption(chainOption())
        .addHelpText('after', '\nExamples:\n  $ halyard ranges reopen --config halyard.json')
        .action(reopen),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard ranges list --config halyard.json
  $ halyard ranges reopen`,
    )

async function list(options: Options): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using app = await wireRanges(settings)
  const ranges = await app.ranges.list(planIn(settings))
  if (options.json === true) {
    for (const range of ranges) process.stdout.write(`${JSON.stringify(range)}\n`)
    return
  }
  const counts = new Map<WorkRange['state'], number>()
  for (const range of ranges) {
    counts.set(range.state, (counts.get(range.state) ?? 0) + 1)
    if (range.state !== 'done') process.stdout.write(`${lineOf(range)}\n`)
  }
  const sums = [...counts].map(([state, count]) => `${count} ${state}`)
  process.stdout.write(`${sums.length > 0 ? sums.join(', ') : 'no ranges are planned'}\n`)
}

function lineOf({ from, to, state, owner, until, tries, reason }: WorkRange): string {
  const by = owner === null ? '' : ` by ${owner}`
  const time = until === null ? '' : ` until ${new Date(until).toISOString()}`
  const failed = reason === null ? '' : `; ${tries} tries, the last one: ${reason}`
  return `${from}-${to}  ${state}${by}${state === 'failed' ? '' : time}${failed}`
}

async function reopen(options: Options): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using app = await wireRanges(settings)
  const { count } = await reopenRanges(app, planIn(settings))
  process.stdout.write(`${count} ranges are open again\n`)
}
