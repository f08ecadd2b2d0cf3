import { type BlockRange, mergeRanges } from '#core/chain.ts'
import { comparePools } from '#core/dex/compare-pools.ts'
import { poolsVersion } from '#core/dex/pool.ts'
import { ticksVersion } from '#core/dex/tick.ts'
import { invalidField } from '#core/errors.ts'
import { currentView } from '#core/history/at-head.ts'
import { type View, viewAt } from '#core/history/head.ts'
import { mendingCommand, mismatchText } from '#core/indexing/audit-blocks.ts'
import { type VerifiedBlocks, verifyBlocks } from '#core/indexing/verify-blocks.ts'
import { compareHoldings } from '#core/nft/compare-holdings.ts'
import { holdingsVersion } from '#core/nft/holding.ts'
import type { ComparedStates } from '#core/operations/chain-states.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { afterGrace } from '#faces/grace.ts'
import { showProgress } from './show-progress.ts'
import { readSettings } from './wire.ts'
import { type ChainVerifyApp, wireChainVerifying } from './wire-verify.ts'

export type VerifyChainOptions = {
  readonly config: string
  readonly chain?: string
  readonly ranges?: readonly BlockRange[]
  readonly block?: number
  readonly sample: number
  readonly all?: boolean
  readonly json?: boolean
}

/** What the states of pools and tokens were compared at, and what was found. */
type States = {
  readonly block: number
  readonly pools: ComparedStates
  readonly tokens: ComparedStates
}

/** Differences that are printed; the rest is counted. */
const PRINTED_MAX = 100

/** Holds what is stored against the chain, and prints what does not agree. */
export async function verifyChain(options: VerifyChainOptions, stop: AbortSignal): Promise<void> {
  await using app = await wireChainVerifying(
    readSettings(options.config, options.chain),
    afterGrace(stop),
  )
  const view = await currentView(app.history.views)
  const at = stateView(view, options.block)
  const blocks = await blocksOf(app, view, options, stop)
  // Ranges name what was stored of blocks, and no state.
  const states =
    options.ranges === undefined && !stop.aborted
      ? await statesOf(app, at, options, stop)
      : undefined
  if (stop.aborted) return
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ blocks, ...(states && { states }) })}\n`)
  else
    for (const line of [...blockLines(blocks), ...(states ? stateLines(states) : [])])
      process.stdout.write(`${line}\n`)
  const differences =
    (states?.pools.differences.length ?? 0) + (states?.tokens.differences.length ?? 0)
  if (blocks.mismatchCount + differences > 0) process.exitCode = exitCodes.internal
}

/** The history as of the block whose states are compared. */
function stateView(view: View, block: number | undefined): View {
  if (block === undefined) return view
  const at = block <= view.head.number ? viewAt(view, block) : undefined
  if (at?.head.number === block) return at
  throw invalidField(
    '--block',
    `the store has its states as of the blocks from ${view.floor.number} to ${view.head.number} at which a commit ended, ` +
      `and ${block} is none of them; name ${at?.head.number ?? view.head.number}, or leave it out for the newest`,
  )
}

function blocksOf(
  app: ChainVerifyApp,
  view: View,
  { ranges, all, sample }: VerifyChainOptions,
  stop: AbortSignal,
): Promise<VerifiedBlocks> {
  const isWhole = all === true || ranges !== undefined
  const input = {
    random: Math.random,
    ...(ranges && { ranges: mergeRanges(ranges) }),
    ...(!isWhole && { sample }),
  }
  return showProgress(
    () => verifyBlocks(app.auditor, view, input, stop),
    app.reading,
    ({ done, total, number }) => ({ done, total, note: `block ${number}` }),
  )
}

async function statesOf(
  { history, readers, collections, reading }: ChainVerifyApp,
  view: View,
  { all, sample }: VerifyChainOptions,
  stop: AbortSignal,
): Promise<States> {
  const ports = { ...history, ...readers }
  const choice = { sample: all === true ? undefined : sample, random: Math.random }
  const pools = await showProgress(
    () => comparePools(ports, view, choice, stop),
    reading,
    ({ done, total }) => ({ done, total, note: 'pools' }),
  )
  const tokens = await showProgress(
    () => compareHoldings(ports, view, collections, choice, stop),
    reading,
    ({ done, total }) => ({ done, total, note: 'owners and balances' }),
  )
  return { block: view.head.number, pools, tokens }
}

function blockLines({ blocks, rows, level, mismatches, mismatchCount }: VerifiedBlocks): string[] {
  const looked = `${blocks} final blocks with ${rows} rows were proven again (${level ?? 'none'})`
  if (mismatchCount === 0) return [`${looked}: what is stored of them is what the chain has`]
  const wrong = mergeRanges(mismatches.map(({ block }) => ({ from: block, to: block })))
  return [
    `${looked}: ${mismatchCount} mismatches`,
    ...some(mismatches.map((each) => `differs: ${mismatchText(each)}`)),
    ...some(wrong.map((range) => `mend it: ${mendingCommand(range)}`)),
  ]
}

function stateLines({ block, pools, tokens }: States): string[] {
  const summary = (what: string, { compared, differences }: ComparedStates): string =>
    `${compared} ${what} were compared with the chain at block ${block}: ${differences.length} values differ`
  const all = [...pools.differences, ...tokens.differences]
  return [
    summary('pools', pools),
    summary('owners and balances', tokens),
    ...some(
      [...pools.unanswered, ...tokens.unanswered].map(
        (each) => `not compared: ${each}: its contract does not answer as it should`,
      ),
    ),
    ...some(
      all.map(
        ({ of, field, stored, chain }) =>
          `differs: ${of}: ${field} is stored as ${stored}, the chain has ${chain}`,
      ),
    ),
    ...(all.length > 0
      ? [
          `make them anew of the events that are stored: halyard derive --projection ${projectionsOf({ pools, tokens }).join(' ')}`,
          'where they differ again, the contract changes without an event that is read, or events are missing: ' +
            'halyard verify --against-chain --all',
        ]
      : []),
  ]
}

/** The projections whose documents differ. */
const projectionsOf = ({ pools, tokens }: Pick<States, 'pools' | 'tokens'>): string[] => [
  ...(pools.differences.length > 0 ? [poolsVersion.name, ticksVersion.name] : []),
  ...(tokens.differences.length > 0 ? [holdingsVersion.name] : []),
]

const some = (lines: readonly string[]): string[] =>
  lines.length > PRINTED_MAX
    ? [...lines.slice(0, PRINTED_MAX), `and ${lines.length - PRINTED_MAX} more`]
    : [...lines]
