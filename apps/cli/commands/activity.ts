import { Argument, Command, Option } from 'commander'
import { createFormatter } from '#cli/export/format.ts'
import { createItemPrinter } from '#cli/export/print-rows.ts'
import { chainOption, configOption, parseAddressOption, parseWhole } from '#cli/options.ts'
import { readSettings, wireHistory } from '#cli/wire.ts'
import {
  activityKinds,
  type ChainActivity,
  listChainActivity,
} from '#core/activity/list-chain-activity.ts'
import type { Address } from '#core/chain.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { chainActivity } from '#resources/activity.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly kind?: ChainActivity['kind']
  readonly limit: number
}

export const activityCommand = (): Command =>
  new Command('activity')
    .summary('print what an account did with pools and NFTs')
    .description(
      'Prints a line of JSON for each swap, change of liquidity or of a position, and transfer of NFTs that an account took part in, newest first.',
    )
    .addArgument(new Argument('<address>', 'of the account').argParser(parseAddressOption))
    .addOption(configOption())
    .addOption(chainOption())
    .addOption(new Option('--kind <kind>', 'only what is of this kind').choices(activityKinds))
    .addOption(
      new Option('--limit <rows>', 'at most so many')
        .argParser(parseWhole(1, 1_000_000))
        .default(100),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ halyard activity 0x46efbaedc92067e6d60e84ed6395099723252496 --limit 20',
    )
    .action(run)

/** How many are read at a time. */
const PAGE = 500

async function run(account: Address, options: Options): Promise<void> {
  await using app = await wireHistory(readSettings(options.config, options.chain))
  const { history } = app
  const view = await currentView(history.views)
  const print = createItemPrinter(createFormatter('ndjson', chainActivity, {}))
  let after: EventPlace | undefined
  for (let left = options.limit; left > 0;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await listChainActivity(history, view, {
      accounts: [account],
      ...(options.kind && { kind: options.kind }),
      limit: Math.min(PAGE, left),
      ...(after && { after }),
    })
    for (const each of page.items) if (!(await print(each))) return
    if (!page.next) break
    after = page.next
    left -= page.items.length
  }
  await refuseLeftView(history.views, view)
}
