import { Argument, Command, Option } from 'commander'
import {
  createFormatter,
  type ExportFormat,
  exportFormats,
  type Front,
} from '#cli/export/format.ts'
import { createItemPrinter } from '#cli/export/print-rows.ts'
import { exportSubjects, type ExportSubject } from '#cli/export/read-rows.ts'
import {
  chainOption,
  configOption,
  parseAddressOption,
  parseBlock,
  parsePoolOption,
} from '#cli/options.ts'
import { withWords } from '#cli/export/with-words.ts'
import { readSettings, toStderr, wireHistory } from '#cli/wire.ts'
import type { Address, BlockRef } from '#core/chain.ts'
import { readPool } from '#core/dex/read-pool.ts'
import { AppError } from '#core/errors.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import { declaredContracts, expectDeclared } from '#core/events/declared-contracts.ts'
import { expectIndexed, indexedTokens } from '#core/tokens/indexed-tokens.ts'
import { indexedCollections, refuseUnindexed } from '#core/nft/indexed-collections.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly from?: number
  readonly to?: number
  readonly pool?: Address
  readonly collection?: Address
  readonly token?: Address
  readonly contract?: Address
  readonly format: ExportFormat
  readonly units?: 'raw' | 'whole'
}

/** So many tokens without decimals are named. */
const MISSING_NAMED = 5

export const exportCommand = (): Command =>
  new Command('export')
    .summary('print what is stored')
    .description(
      'Streams items to stdout as of the newest indexed block: events ordered by block and log index, the rest by what ' +
        'names it. NDJSON has them in the form of the REST API; CSV is flat, so that block.number is blockNumber. ' +
        'Amounts are raw token units and prices of candles in whole tokens, as the API has them, unless --units says ' +
        'otherwise. The chain is not asked: what tokens say of themselves is as it is stored, see halyard tokens.',
    )
    .addArgument(new Argument('<subject>', 'what to print').choices(Object.keys(exportSubjects)))
    .addOption(configOption())
    .addOption(chainOption())
    .option('--from <block>', 'events from this block on', parseBlock)
    .option('--to <block>', 'events up to this block', parseBlock)
    .option(
      '--pool <address>',
      `only this pool (${namesOf(({ contract }) => contract === 'pool')})`,
      parsePoolOption,
    )
    .option(
      '--collection <address>',
      `only this collection (${namesOf(({ contract }) => contract === 'collection')})`,
      parseAddressOption,
    )
    .option(
      '--token <address>',
      `only this token (${namesOf(({ contract }) => contract === 'token')})`,
      parseAddressOption,
    )
    .option(
      '--contract <address>',
      `only this contract (${namesOf(({ contract }) => contract === 'contract')})`,
      parseAddressOption,
    )
    .addOption(new Option('--format <format>', 'how').choices(exportFormats).default('ndjson'))
    .addOption(
      new Option(
        '--units <units>',
        'raw: amounts and prices in raw units; whole: both in whole tokens, exact, null where decimals are not stored ' +
          `(${namesOf(({ poolOf }) => poolOf !== undefined)})`,
      ).choices(['raw', 'whole']),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ halyard export swaps --format csv > swaps.csv
  $ halyard export swaps --pool 0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc --from 19000000
  $ halyard export candles --units whole --format csv > candles.csv
  $ halyard export holdings --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d`,
    )
    .action(run)

async function run(name: string, options: Options): Promise<void> {
  const subject = exportSubjects[name] as ExportSubject
  refuseMisplaced(name, subject, options)
  const settings = readSettings(options.config, options.chain)
  const contract = options.pool ?? options.collection ?? options.token ?? options.contract
  const query = {
    ...(options.from !== undefined && { from: options.from }),
    ...(options.to !== undefined && { to: options.to }),
    ...(contract !== undefined && { contract }),
  }
  await using app = await wireHistory(settings)
  const { heads, views } = app.history
  refuseUnindexed(indexedCollections(settings.sources), options.collection)
  if (options.token) expectIndexed(indexedTokens(settings.sources), options.token)
  if (options.contract)
    expectDeclared(declaredContracts(settings.declarations), options.contract, undefined)
  await heads.asOneView(settings.chain.id, async () => {
    const view = await currentView(views)
    if (options.pool) await readPool(app.history, view, options.pool)
    const { units } = options
    const front = { chainId: view.chainId, ...(units && { units }) }
    const print = createItemPrinter(
      createFormatter(options.format, subject.resource, front, (item) =>
        frontOf(subject.blockOf?.(item)),
      ),
    )
    const missing = new Set<Address>()
    const items = subject.read(app.history, view, query)
    for await (const { item, words } of withWords(
      app.history,
      view,
      subject,
      units ?? 'as-api',
      items,
      (token) => missing.add(token),
    ))
      if (!(await print(item, words))) return
    await refuseLeftView(views, view)
    if (missing.size > 0) toStderr(withoutDecimals(missing, units === 'whole'))
  })
}

function withoutDecimals(tokens: ReadonlySet<Address>, isWhole: boolean): string {
  const named = [...tokens].slice(0, MISSING_NAMED).join(',')
  const more = tokens.size > MISSING_NAMED ? ` and of ${tokens.size - MISSING_NAMED} more` : ''
  const written = isWhole
    ? 'their amounts are null and prices with them are'
    : 'prices with them are'
  return (
    `the decimals of ${named}${more} are not stored, so that ${written} in raw units; ` +
    'to ask their contracts: halyard tokens --refresh <addresses>'
  )
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
  const { from, to, units } = options
  if (units !== undefined && !subject.poolOf)
    refuse('units', `${name} are no tokens of pools; leave it out`)
  if (from !== undefined && to !== undefined && from > to)
    refuse('from', `block ${from} lies behind --to ${to}`)
  for (const field of ['pool', 'collection', 'token', 'contract'] as const)
    if (options[field] !== undefined && subject.contract !== field)
      refuse(field, `${name} have none; use --${subject.contract}`)
}
