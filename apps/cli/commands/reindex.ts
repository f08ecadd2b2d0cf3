import { Command } from 'commander'
import { collectSetting } from '#cli/collect-setting.ts'
import { chainOption, configOption, parseBlock } from '#cli/options.ts'
import { printRebuild, showRebuild } from '#cli/print-rebuild.ts'
import { countReading } from '#cli/reading.ts'
import { showProgress } from '#cli/show-progress.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { wireReindexing } from '#cli/wire-raw.ts'
import { currentView, refuseLeftView } from '#core/history/at-head.ts'
import { viewAt } from '#core/history/head.ts'
import { compareRows, type Comparison } from '#core/indexing/rebuild/compare-rows.ts'
import type { ComparedRow, Difference } from '#core/indexing/row-differences.ts'
import { rebuildHistory } from '#core/indexing/rebuild/rebuild-history.ts'
import { removeKept } from '#core/indexing/raw/list-kept.ts'
import { afterGrace } from '#faces/grace.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly from: number
  readonly to?: number
  readonly newBranch?: boolean
  readonly apply?: boolean
  readonly json?: boolean
}

export const reindexCommand = (): Command =>
  new Command('reindex')
    .summary('read blocks again, tell what differs, and mend it')
    .description(
      'Reads final blocks from the chain again, proven by their receipts, and prints what would be added, removed and ' +
        'changed in the store. With --apply the events of these blocks are stored anew, the documents that they change are ' +
        'derived anew beside those that are read, and all of it takes its place by one move, while others read and ' +
        'follow the chain. Blocks that were never indexed come in the same way.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .requiredOption('--from <block>', 'the first block', parseBlock)
    .option(
      '--to <block>',
      'the last block; the newest that is settled where it is left out',
      parseBlock,
    )
    .option(
      '--new-branch',
      'the chain has left final blocks of the history for others: take those from --from on in their place',
    )
    .option('--apply', 'change the store')
    .option('--json', 'print what differs, and what was done, as lines of JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard reindex --from 19000000 --to 19000999
  $ halyard reindex --from 19000000 --to 19000999 --apply
  $ halyard reindex --from 19000000 --new-branch --apply`,
    )
    .action((options: Options) => untilStopped((stop) => run(options, stop)))

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using app = await wireReindexing(settings, afterGrace(stop))
  const { ports, node, raw } = app
  const startedAt = performance.now()
  const { source, reading } = countReading(node.source)
  const proving = { ...node, source }
  const setting = collectSetting(settings)
  const isNewBranch = options.newBranch === true
  const view = await currentView(ports.views)
  const range = { from: options.from, to: options.to ?? view.floor.number }
  const compared = await showProgress(
    () =>
      compareRows({ ...ports, reading: proving }, view, range, { ...setting, isNewBranch }, stop),
    reading,
    ({ done, total, number, differences }) => ({
      done,
      total,
      note: `${differences} differences, block ${number}`,
    }),
  )
  if (stop.aborted) return
  // Only final rows were compared: a head that was reorganised meanwhile takes nothing of that back.
  await refuseLeftView(ports.views, viewAt(view, view.floor.number) ?? view)
  if (options.json === true) process.stdout.write(`${JSON.stringify(compared)}\n`)
  else
    for (const line of linesOf(compared, options.apply === true)) process.stdout.write(`${line}\n`)
  if (options.apply !== true || compared.ranges.length === 0) return
  // What is kept of these blocks may be what was wrong: they are fetched and kept anew.
  if (raw) for (const each of compared.ranges) await removeKept(raw.store, settings.chain.id, each)
  const input = {
    ...setting,
    proof: setting.proof === 'bloom' ? ('auto' as const) : setting.proof,
    changed: { ...compared, isNewBranch },
  }
  const rebuilding = { ...ports, reading: async () => ({ ...proving, raw }) }
  const report = await showRebuild(() => rebuildHistory(rebuilding, input, stop), reading)
  if (report) printRebuild(report, (performance.now() - startedAt) / 1_000, options.json === true)
}

const SHOWN_MAX = 50

function linesOf(compared: Comparison, isApplied: boolean): string[] {
  const { blocks, added, removed, changed, uncovered, damaged, replaced, differences } = compared
  if (compared.ranges.length === 0) return [`${blocks} blocks are stored as the chain has them`]
  const more = added + removed + changed - Math.min(differences.length, SHOWN_MAX)
  return [
    ...differences.slice(0, SHOWN_MAX).map(lineOf),
    ...(more > 0 ? [`... and ${more} more`] : []),
    `of ${blocks} blocks: ${added} logs are missing, ${removed} are too many, ${changed} differ` +
      (uncovered > 0 ? `; ${uncovered} blocks were never indexed` : '') +
      (damaged > 0 ? `; ${damaged} blocks are damaged` : '') +
      (replaced > 0 ? `; ${replaced} blocks have others in their place` : ''),
    ...(compared.isOfContracts && replaced === 0
      ? [
          'contracts were created here that the history did not know, or such that do not exist: the rows of all blocks ' +
            `from ${compared.ranges[0]?.from} on are made anew, up to the newest that is settled`,
        ]
      : []),
    ...(isApplied ? [] : ['nothing was changed; --apply mends it']),
  ]
}

const SIGNS = { added: '+', removed: '-', changed: '!' } as const

function lineOf({ block, logIndex, what, stored, chain }: Difference): string {
  // Of two that say the same, the transactions differ.
  const isMoved = stored && chain && textOf(stored) === textOf(chain)
  const rows = [stored, chain]
    .filter((row) => row !== null)
    .map((row) => (isMoved ? `${textOf(row)} of ${row.transactionHash}` : textOf(row)))
  return `${SIGNS[what]} block ${block} log ${logIndex}: ${rows.join(' -> ')}`
}

const textOf = ({ kind, address, body }: ComparedRow): string =>
  [kind, address, body].filter((part) => part !== null).join(' ')
