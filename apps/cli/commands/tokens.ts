import { Command, InvalidArgumentError, Option } from 'commander'
import { createFormatter, type ExportFormat, exportFormats } from '#cli/export/format.ts'
import { createItemPrinter } from '#cli/export/print-rows.ts'
import { chainOption, configOption, parseAddressOption } from '#cli/options.ts'
import { readSettings, wireHistory, wireTokens } from '#cli/wire.ts'
import type { Address } from '#core/chain.ts'
import { listTokens } from '#core/dex/list-tokens.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import { refreshTokens } from '#core/tokens/refresh-tokens.ts'
import { storedToken } from '#resources/tokens.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly refresh?: readonly Address[]
  readonly format: ExportFormat
}

/** Tokens asked for in one call. */
const REFRESH_MAX = 100
/** How many are read at a time. */
const PAGE = 500

export const tokensCommand = (): Command =>
  new Command('tokens')
    .summary('print the tokens of the pools, and read them anew')
    .description(
      'Prints every token that has a pool with its symbol, name and decimals as they are stored. The indexer and ' +
        'backfill read them once, since they seldom change; a token whose contract was upgraded is read again with ' +
        '--refresh.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .option(
      '--refresh <addresses>',
      'ask the contracts of these tokens anew, store and print what they tell; separated by commas',
      parseAddresses,
    )
    .addOption(new Option('--format <format>', 'how').choices(exportFormats).default('ndjson'))
    .addHelpText(
      'after',
      `
Examples:
  $ halyard tokens --config halyard.json
  $ halyard tokens --format csv > tokens.csv
  $ halyard tokens --refresh 0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2`,
    )
    .action(run)

function parseAddresses(text: string): Address[] {
  const addresses = text.split(',').map((part) => parseAddressOption(part.trim()))
  if (addresses.length > REFRESH_MAX)
    throw new InvalidArgumentError(
      `more than ${REFRESH_MAX} addresses; name them in several calls.`,
    )
  return [...new Set(addresses)]
}

async function run({ config, chain, refresh, format }: Options): Promise<void> {
  const settings = readSettings(config, chain)
  const { id: chainId } = settings.chain
  const print = createItemPrinter(createFormatter(format, storedToken, {}))
  if (refresh) {
    await using app = await wireTokens(settings)
    const stored = await refreshTokens(app.tokens, chainId, refresh)
    for (const [index, each] of stored.entries())
      await print({ address: refresh[index] as Address, stored: each })
    return
  }
  await using app = await wireHistory(settings)
  const { history } = app
  const view = await currentView(history.views)
  let after: Address | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await listTokens(history, view, settings.quotes.pools, {
      limit: PAGE,
      ...(after && { after }),
    })
    const stored = await history.tokens.read(chainId, page.items)
    for (const [index, address] of page.items.entries())
      if (!(await print({ address, stored: stored[index] }))) return
    after = page.items.at(-1)
    if (!after || !page.hasMore) break
  }
  await refuseLeftView(history.views, view)
}
