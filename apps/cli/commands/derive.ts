import { Command } from 'commander'
import { collectSetting } from '#cli/collect-setting.ts'
import { chainOption, configOption, toOption } from '#cli/options.ts'
import { printRebuild, showRebuild } from '#cli/print-rebuild.ts'
import { printReport, reportWarnings } from '#cli/print-report.ts'
import { showProgress } from '#cli/show-progress.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings } from '#cli/wire.ts'
import { type RebuildApp, wireRebuilding } from '#cli/wire-raw.ts'
import { AppError, invalidField } from '#core/errors.ts'
import { currentView } from '#core/history/at-head.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { createRawSource } from '#core/indexing/raw/raw-source.ts'
import { clearRebuilds } from '#core/indexing/rebuild/clear-rebuilds.ts'
import { rebuildHistory, type RebuildPorts } from '#core/indexing/rebuild/rebuild-history.ts'
import { firstStart } from '#core/indexing/source.ts'
import type { Settings } from '#wiring/settings.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly projection?: readonly string[]
  readonly clear?: boolean
  readonly to?: number
  readonly json?: boolean
}

export const deriveCommand = (): Command =>
  new Command('derive')
    .summary('make the history of logs that are kept, without a node')
    .description(
      'Makes the history in the store of the proven logs that earlier runs have kept, or brings it forward, and asks no ' +
        'node for anything. Ends where the first block is not kept.\n\n' +
        'Where the store has a history of other sources or of another version, or with --projection, what differs is made ' +
        'anew beside it and takes its place by one move, while others read and follow the chain: documents from the ' +
        'events that are stored, and where events themselves differ, these from the logs that are kept.',
    )
    .addOption(configOption())
    .addOption(chainOption())
    .addOption(toOption())
    .option(
      '--projection <name...>',
      'derive these anew though they are of this version, and those that they are read with',
    )
    .option('--clear', 'only remove what killed runs have left; while none is at work')
    .option('--json', 'print the report as one line of JSON at the end of stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard derive --config halyard.json
  $ halyard derive --to 19000000 --json
  $ halyard derive --projection trades holdings`,
    )
    .action((options: Options) => untilStopped((stop) => run(options, stop)))

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  await using app = await wireRebuilding(settings)
  if (options.clear === true) {
    await clear(app, options.json === true)
    return
  }
  const isEmpty = !(await app.ports.heads.latest(settings.chain.id))?.coverage.length
  const isDone = !isEmpty && (await rebuild(app, settings, options, stop))
  if (!isDone && !stop.aborted) await bringForward(app, settings, options, stop)
}

/** @returns false where nothing was to be made anew */
async function rebuild(
  { ports, raw }: RebuildApp,
  settings: Settings,
  { projection = [], to, json }: Options,
  stop: AbortSignal,
): Promise<boolean> {
  const startedAt = performance.now()
  const reading = async (from: number): ReturnType<RebuildPorts['reading']> => {
    if (!raw) throw rawIsOff()
    return { ...ports, raw, source: await createRawSource(raw, settings.chain.id, from) }
  }
  const input = { ...collectSetting(settings), projections: projection }
  const report = await showRebuild(() => rebuildHistory({ ...ports, reading }, input, stop))
  if (!report) return true
  if (!report.isChanged) return false
  if (to !== undefined)
    process.stderr.write('halyard: --to counts only where the history is brought forward\n')
  printRebuild(report, (performance.now() - startedAt) / 1_000, json === true)
  return true
}

const rawIsOff = (): AppError =>
  invalidField('raw', 'it is off, so no logs are kept of which events could be made anew')

async function bringForward(
  { ports, raw }: RebuildApp,
  settings: Settings,
  options: Options,
  stop: AbortSignal,
): Promise<void> {
  if (!raw)
    throw invalidField('raw', 'it is off, so no proven logs are kept; name a place for them')
  const start = firstStart(settings.sources)
  if (start === undefined)
    throw invalidField(
      'sources',
      'none has a startBlock, so there is no block to begin at; add one',
    )
  const startedAt = performance.now()
  const source = await createRawSource(raw, settings.chain.id, start)
  const input = {
    ...collectSetting(settings),
    ...(options.to !== undefined && { to: options.to }),
  }
  const report = await showProgress(
    () => backfill({ ...ports, raw, source }, input, stop),
    { headers: 0, logs: 0, receipts: 0 },
    ({ done, total, logs, number }) => ({ done, total, note: `${logs} logs, block ${number}` }),
  )
  for (const warning of reportWarnings(report)) process.stderr.write(`halyard: ${warning}\n`)
  printReport(report, Math.round(performance.now() - startedAt) / 1_000, options.json === true)
}

async function clear({ ports }: RebuildApp, asJson: boolean): Promise<void> {
  const cleared = await clearRebuilds(ports, await currentView(ports.views))
  process.stdout.write(
    asJson
      ? `${JSON.stringify(cleared)}\n`
      : `removed the documents of ${cleared.trees} projections and the rows of ${cleared.blocks} blocks that runs had left\n`,
  )
}
