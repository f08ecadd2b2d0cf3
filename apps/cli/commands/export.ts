import { Argument, Command, Option } from 'commander'
import {
  createFormatter,
  type ExportFormat,
  exportFormats,
  type Front,
} from '#cli/export/format.ts'
import { createItemPrinter } from '#cli/export/print-rows.ts'
import { exportSubjects, type ExportSubject } from '#cli/export/read-rows.ts'
import { configOption, parseAddressOption, parseBlock } from '#cli/options.ts'
import { readSettings, wireHistory } from '#cli/wire.ts'
import type { Address, BlockRef } from '#core/chain.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { AppError } from '#core/errors.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import { indexedCollections, refuseUnindexed } from '#core/nft/indexed-collections.ts'

type Options = {
  readonly config: string
  readonly from?: number
  readonly to?: number
  readonly pool?: Address
  readonly collection?: Address
  readonly format: ExportFormat
}

export const exportCommand = (): Command =>
  new Command('export')
    .summary('print what is stored')
    .description(
      'Streams items to stdout as of the newest indexed block: events ordered by block and log index, the rest by what ' +
        'names it. NDJSON has them in the form of the REST API; CSV is flat, so that block.number is blockNumber. ' +
        'Amounts are raw token units. The chain is not asked: what tokens say of themselves is null.',
    )
    .addArgument(new Argument('<subject>', 'what to print').choices(Object.keys(exportSubjects)))
    .addOption(configOption())
    .option('--from <block>', 'events from this block on', parseBlock)
    .option('--to <block>', 'events up to this block', parseBlock)
    .option(
      '--pool <address>',
      `only this pool (${namesOf(({ contract }) => contract === 'pool')})`,
      parseAddressOption,
    )
    .option(
      '--collection <address>',
      `only this collection (${namesOf(({ contract }) => contract === 'collection')})`,
      parseAddressOption,
    )
    .addOption(new Option('--format <format>', 'how').choices(exportFormats).default('ndjson'))
    .addHelpText(
      'after',
      `
Examples:
  $ halyard export swaps --format csv > swaps.csv
  $ halyard export swaps --pool 0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc --from 19000000
  $ halyard export holdings --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d`,
    )
    .action(run)

async function run(name: string, options: Options): Promise<void> {
  const subject = exportSubjects[name] as ExportSubject
  refuseMisplaced(name, subject, options)
  const settings = readSettings(options.config)
  const contract = options.pool ?? options.collection
  const query = {
    ...(options.from !== undefined && { from: options.from }),
    ...(options.to !== undefined && { to: options.to }),
    ...(contract !== undefined && { contract }),
  }
  await using app = await wireHistory(settings)
  const { views } = app.history
  refuseUnindexed(indexedCollections(settings.sources), options.collection)
  await views.asOneAnswer(async () => {
    const view = await currentView(views)
    if (options.pool) await readPool(app.history, view, options.pool)
    const print = createItemPrinter(
      createFormatter(options.format, subject.resource, { chainId: view.chainId }, (item) =>
        frontOf(subject.blockOf?.(item)),
      ),
    )
    for await (const item of subject.read(app.history, view, query))
      if (!(await print(item))) return
    await refuseLeftView(views, view)
  })
}

const frontOf = (block: BlockRef | undefined): Front =>
  block ? { blockNumber: block.number, blockHash: block.hash } : {}

/** The names of the subjects that are so. */
const namesOf = (is: (subject: ExportSubject) => boolean): string =>
  Object.keys(exportSubjects)
    .filter((name) => is(exportSubjects[name] as ExportSubject))
    .join(', ')

/** An option that would silently mean nothing is a mistake. */
function refuseMisplaced(name: string, subject: ExportSubject, options: Options): void {
  const refuse = (field: string, message: string): never => {
    throw new AppError('invalid', `--${field}: ${message}`, { details: { field: `--${field}` } })
  }
  for (const field of ['from', 'to'] as const)
    if (options[field] !== undefined && !subject.isEvents)
      refuse(
        field,
        `${name} are as of the newest block; it goes with ${namesOf(({ isEvents }) => isEvents)}`,
      )
  const { from, to, pool, collection } = options
  if (from !== undefined && to !== undefined && from > to)
    refuse('from', `block ${from} lies behind --to ${to}`)
  if (pool !== undefined && subject.contract !== 'pool')
    refuse('pool', `${name} have none; use --collection`)
  if (collection !== undefined && subject.contract !== 'collection')
    refuse('collection', `${name} have none; use --pool`)
}
