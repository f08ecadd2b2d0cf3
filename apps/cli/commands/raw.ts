import { Command } from 'commander'
import { chainOption, configOption, parseRanges } from '#cli/options.ts'
import { readSettings } from '#cli/wire.ts'
import { wireRaw } from '#cli/wire-raw.ts'
import type { BlockRange } from '#core/chain.ts'
import { listKept, removeKept } from '#core/indexing/raw/list-kept.ts'

type Options = { readonly config: string; readonly chain?: string; readonly json?: boolean }
type RemoveOptions = Options & { readonly ranges: readonly BlockRange[] }

export const rawCommand = (): Command =>
  new Command('raw')
    .summary('look after the proven logs that are kept')
    .description(
      'Proven logs are kept where the section raw says: the history can be made of them without a node.',
    )
    .addCommand(listCommand())
    .addCommand(removeCommand())
    .addHelpText(
      'after',
      `
Examples:
  $ halyard raw list --config halyard.json
  $ halyard raw remove --ranges 10000000-10001999`,
    )

const listCommand = (): Command =>
  new Command('list')
    .summary('print which blocks are kept')
    .description('Prints the blocks of which logs are kept, and how many logs and segments.')
    .addOption(configOption())
    .addOption(chainOption())
    .option('--json', 'one line of JSON a range')
    .addHelpText(
      'after',
      `
Example:
  $ halyard raw list --config halyard.json`,
    )
    .action(list)

const removeCommand = (): Command =>
  new Command('remove')
    .summary('remove what is kept of some blocks')
    .description(
      'Removes every segment that has one of these blocks, whole. The history stays as it is; the next run that needs ' +
        'the logs fetches them again.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .requiredOption(
      '--ranges <list>',
      'these blocks, both ends included, e.g. 100-200,300',
      parseRanges,
    )
    .option('--json', 'one line of JSON a range')
    .addHelpText(
      'after',
      `
Example:
  $ halyard raw remove --ranges 10000000-10001999`,
    )
    .action(remove)

async function list(options: Options): Promise<void> {
  const { chain, ...settings } = readSettings(options.config, options.chain)
  await using app = await wireRaw({ ...settings, chain })
  const kept = await listKept(app.raw.store, chain.id)
  for (const each of kept)
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(each)}\n`
        : `${each.from}-${each.to}  ${each.logs} logs in ${each.segments} segments, of ${each.scopes} scopes, proof ${each.levels.join(' and ')}\n`,
    )
  if (kept.length === 0) process.stderr.write('halyard: no logs are kept yet\n')
}

async function remove(options: RemoveOptions): Promise<void> {
  const { chain, ...settings } = readSettings(options.config, options.chain)
  await using app = await wireRaw({ ...settings, chain })
  for (const range of options.ranges)
    for (const removed of await removeKept(app.raw.store, chain.id, range))
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify(removed)}\n`
          : `removed what was kept of blocks ${removed.from}-${removed.to}\n`,
      )
}
