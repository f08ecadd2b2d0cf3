import { Command, Option } from 'commander'
import { createFormatter, type ExportFormat, exportFormats } from '#cli/export/format.ts'
import { createItemPrinter } from '#cli/export/print-rows.ts'
import {
  chainOption,
  configOption,
  parseAddressOption,
  parseBlock,
  parseWhole,
} from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import { crossCheckSnapshot } from '#core/ownership/cross-check.ts'
import type { Snapshot } from '#core/ownership/snapshot-holders.ts'
import { provenHolder, snapshotHolder } from '#resources/snapshots.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly collection: Address
  readonly at?: number
  readonly check: number
  readonly format: ExportFormat
}

/** Asked about in one or a few requests. */
const CHECK_MAX = 10_000

export const snapshotCommand = (): Command =>
  new Command('snapshot')
    .summary('print who held a collection at a block, with Merkle proofs')
    .description(
      'Folds the indexed transfers of a collection up to a block and prints its holders by address, each with what it held ' +
        'and the proof of it, in the format that MerkleProof of OpenZeppelin verifies. The block, its hash and the root go ' +
        'to stderr. Some holdings are then compared with what the contract says at that block, for which the node has to ' +
        'have its state; where one differs, the command fails.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .requiredOption('--collection <address>', 'the collection', parseAddressOption)
    .addOption(
      new Option('--at <block>', 'the block; the newest final one unless given').argParser(
        parseBlock,
      ),
    )
    .addOption(
      new Option('--check <count>', 'how many holdings to compare; 0 asks no node')
        .argParser(parseWhole(0, CHECK_MAX))
        .default(100),
    )
    .addOption(new Option('--format <format>', 'how').choices(exportFormats).default('ndjson'))
    .addHelpText(
      'after',
      `
Examples:
  $ halyard owners snapshot --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d --at 19000000
  $ halyard owners snapshot --collection 0xbc4ca0eda7647a8ab7c2061c2e118a18a936f13d --format csv > holders.csv`,
    )
    .action(run)

async function run({ config, chain, collection, at, check, format }: Options): Promise<void> {
  const { wireSnapshots } = await import('#cli/wire-ownership.ts')
  await using app = await wireSnapshots(readSettings(config, chain))
  const view = await currentView(app.views)
  const taken = await app.snapshots.take(view, { collection, ...(at !== undefined && { at }) })
  await refuseLeftView(app.views, view)
  const { block, holders, tree } = taken
  tell(
    `block ${block.number} ${block.hash}, ${holders.length} holders, root ${tree?.root ?? 'none'}`,
  )
  const print = createItemPrinter(createFormatter(format, snapshotHolder, {}))
  // oxlint-disable-next-line no-await-in-loop -- no faster than it is read
  for (const index of holders.keys()) if (!(await print(provenHolder(taken, index)))) return
  if (check > 0) await compare(app, taken, check)
}

async function compare(
  { owners }: { readonly owners: Parameters<typeof crossCheckSnapshot>[0] },
  taken: Snapshot,
  count: number,
): Promise<void> {
  const outcome = await crossCheckSnapshot(owners, taken, count, Math.random)
  if (outcome.status === 'unavailable') {
    tell(`not compared with the contract: ${outcome.why}`)
    return
  }
  const [first] = outcome.differing
  if (first)
    throw new AppError(
      'conflict',
      `${outcome.differing.length} of ${outcome.count} holdings are not as the contract says, the first is token ` +
        `${first.tokenId} of ${first.owner}; run \`halyard verify --chain\``,
    )
  tell(`${outcome.count} holdings are as the contract says`)
}

const tell = (line: string): void => void process.stderr.write(`halyard: ${line}\n`)
