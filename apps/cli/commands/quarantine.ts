import { Command, Option } from 'commander'
import { createFormatter, type ExportFormat, exportFormats } from '#cli/export/format.ts'
import { createItemPrinter } from '#cli/export/print-rows.ts'
import { chainOption, configOption } from '#cli/options.ts'
import { readSettings, wireHistory } from '#cli/wire.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { countQuarantine } from '#core/indexing/count-quarantine.ts'
import { listQuarantine } from '#core/indexing/list-quarantine.ts'
import { quarantineCount, quarantinedLog } from '#resources/quarantine.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly counts?: boolean
  readonly format: ExportFormat
}

export const quarantineCommand = (): Command =>
  new Command('quarantine')
    .summary('print logs that do not decode')
    .description(
      'Streams the logs of indexed contracts that do not have the shape of the event that their first topic names, with ' +
        'the reason, oldest first. They count for nothing; many of one contract mean that it is of another kind than ' +
        'sources says.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .option('--counts', 'only how many, for each contract and reason')
    .addOption(new Option('--format <format>', 'how').choices(exportFormats).default('ndjson'))
    .addHelpText(
      'after',
      `
Examples:
  $ halyard quarantine --counts
  $ halyard quarantine --format csv > quarantine.csv`,
    )
    .action(run)

/** How many are read at a time. */
const PAGE = 1_000

async function run(options: Options): Promise<void> {
  await using app = await wireHistory(readSettings(options.config, options.chain))
  const { history } = app
  const view = await currentView(history.views)
  if (options.counts) {
    const print = createItemPrinter(createFormatter(options.format, quarantineCount, {}))
    const { counts, isWhole } = await countQuarantine(history, view)
    for (const each of counts) if (!(await print(each))) return
    if (!isWhole) process.stderr.write('halyard: there are more; the oldest 100000 are counted\n')
    await refuseLeftView(history.views, view)
    return
  }
  const print = createItemPrinter(createFormatter(options.format, quarantinedLog, {}))
  let after: EventPlace | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await listQuarantine(history, view, { limit: PAGE, ...(after && { after }) })
    for (const each of page.items) if (!(await print(each))) return
    const last = page.items.at(-1)
    if (!last || !page.hasMore) break
    after = { number: last.block.number, logIndex: last.log.logIndex }
  }
  await refuseLeftView(history.views, view)
}
