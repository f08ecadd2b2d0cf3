import { Command, Option } from 'commander'
import { chainOption, configOption, parseBlock, parseWhole, rangesOption } from '#cli/options.ts'
import { showProgress } from '#cli/show-progress.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { verifyChain, type VerifyChainOptions } from '#cli/verify-chain.ts'
import { readSettings, wireHistory } from '#cli/wire.ts'
import { catalogueOf } from '#core/catalogue.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import { type Damage, verifyStore } from '#core/indexing/verify-store.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { sha256 } from '#wiring/system.ts'

type Options = VerifyChainOptions & { readonly againstChain?: boolean }

const SAMPLE = 100

export const verifyCommand = (): Command =>
  new Command('verify')
    .summary('hold what is stored against the digests of the history, or against the chain')
    .description(
      'Reads every event and every document of the store, and holds them against the digests that each commit left in ' +
        'the head log: bits that rotted on a disk are found, and rows that were removed or edited by hand. Needs no node, ' +
        'and may run while others write and read. With --against-chain it proves final blocks again and compares what is stored of ' +
        'them with the chain, row by row; and what pools and NFTs are stored as with what their contracts say. Ends with 70 where something does not agree.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .option('--against-chain', 'hold it against the chain')
    .addOption(rangesOption())
    .addOption(
      new Option(
        '--block <number>',
        'with --against-chain: compare states as of this block, not the newest',
      ).argParser(parseBlock),
    )
    .addOption(
      new Option(
        '--sample <count>',
        'with --against-chain: so many blocks, pools and tokens, chosen at random',
      )
        .argParser(parseWhole(1, 1_000_000_000))
        .default(SAMPLE),
    )
    .option('--all', 'with --against-chain: all final blocks, pools and tokens')
    .option('--json', 'print what was found as one line of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard verify --config halyard.json
  $ halyard verify --json
  $ halyard verify --against-chain --sample 1000
  $ halyard verify --against-chain --ranges 10000000-10100000`,
    )
    .action((options: Options, command: Command) => {
      refuseWithoutChain(options, command)
      return untilStopped((stop) =>
        options.againstChain === true ? verifyChain(options, stop) : run(options, stop),
      )
    })

/** What chooses blocks is of no use where all that is stored is read. */
function refuseWithoutChain({ againstChain }: Options, command: Command): void {
  if (againstChain === true) return
  for (const name of ['ranges', 'block', 'sample', 'all'])
    if (command.getOptionValueSource(name) === 'cli')
      command.error(`error: --${name} goes with --against-chain: add it, or leave --${name} out`)
}

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using app = await wireHistory(settings)
  const { history } = app
  const catalogue = catalogueOf(settings.chain)
  const view = await currentView(history.views)
  const damages = await showProgress(
    () => verifyStore({ ...history, catalogue, sha256 }, view, stop),
    { headers: 0, logs: 0, receipts: 0 },
    ({ done, total, number }) => ({ done, total, note: `block ${number}` }),
  )
  if (stop.aborted) return
  // What was left or swept meanwhile would look like damage.
  await refuseLeftView(history.views, view)
  const { number, hash } = view.head
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ block: { number, hash }, damages })}\n`)
  else for (const line of linesOf(damages, number, catalogue)) process.stdout.write(`${line}\n`)
  if (damages.length > 0) process.exitCode = exitCodes.internal
}

function linesOf(damages: readonly Damage[], number: number, catalogue: Catalogue): string[] {
  if (damages.length === 0)
    return [`all that is stored up to block ${number} is as it was committed`]
  return [
    ...damages.map((damage) =>
      damage.what === 'events'
        ? `damaged: blocks ${damage.range.from}-${damage.range.to}: ${damage.reason}`
        : `damaged: ${damage.projection ? `${damage.projection}: ` : ''}${damage.reason}`,
    ),
    ...(damages.some(({ what }) => what === 'events')
      ? ['mend events with `halyard reindex --from F --to T --apply`, and then look again']
      : [
          `mend documents with \`halyard derive --projection ${damagedIn(damages, catalogue).join(' ')}\``,
        ]),
  ]
}

/** The projections that have damaged documents; all where it is not known which. */
function damagedIn(damages: readonly Damage[], { projections }: Catalogue): string[] {
  const named = damages.flatMap((damage) => ('projection' in damage ? [damage.projection] : []))
  return named.length > 0
    ? named.filter((name) => name !== undefined)
    : projections.map(({ name }) => name)
}
