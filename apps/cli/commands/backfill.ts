import { Command } from 'commander'
import { createProgressBar, duration } from '#cli/progress.ts'
import { configOption, parseBlock, parseRanges } from '#cli/options.ts'
import { countReading } from '#cli/reading.ts'
import { readSettings, wireIndexing } from '#cli/wire.ts'
import type { BlockRange } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { backfill, type BackfillPlan, type BackfillReport } from '#core/indexing/backfill.ts'
import { afterGrace } from '#faces/grace.ts'

type Options = {
  readonly config: string
  readonly ranges?: readonly BlockRange[]
  readonly to?: number
  readonly json?: boolean
}

export const backfillCommand = (): Command =>
  new Command('backfill')
    .summary('index past blocks into the store')
    .description(
      'Fetches, proves and stores blocks: the ranges named, or all from the first startBlock to the head of the ' +
        'chain. What is indexed already is left as it is, so a run that was stopped is continued by running it again.',
    )
    .addOption(configOption())
    .option(
      '--ranges <list>',
      'only these blocks, both ends included, e.g. 100-200,300',
      parseRanges,
    )
    .option('--to <block>', 'nothing above this block', parseBlock)
    .option('--json', 'print the report as one line of JSON at the end of stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard backfill --config halyard.json
  $ halyard backfill --ranges 10000000-10100000 --json
  $ halyard backfill --to 19000000`,
    )
    .action(run)

/** A run that has committed nothing for so long says what it reads. */
const QUIET_MS = 5_000

async function run(options: Options): Promise<void> {
  // Before anything is opened: a store or a chain that keeps us waiting can be given up.
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    await index(options, stop.signal)
  } catch (error) {
    // What was waited for when it was stopped failed because of that.
    if (!stop.signal.aborted || !isAppError(error, 'unavailable')) throw error
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
  if (!stop.signal.aborted) return
  process.stderr.write('halyard: stopped; run the same command again to go on\n')
  process.exitCode = 130
}

async function index(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config)
  await using app = await wireIndexing(settings, afterGrace(stop))
  const startedAt = performance.now()
  const bar = createProgressBar(process.stderr, 'blocks')
  const input = {
    chainId: settings.chain.id,
    sources: settings.sources,
    proof: settings.chain.proof,
    commits: settings.chain.commits,
    ...(options.ranges && { ranges: options.ranges }),
    ...(options.to !== undefined && { to: options.to }),
    onPlan(plan: BackfillPlan) {
      bar.say(`${plan.blocks} blocks to index; the chain is at block ${plan.head}`)
      if (plan.holes.length > 0) bar.say(holesText(plan.holes))
    },
  }
  const { source, reading } = countReading(app.ports.source)
  let newsAt = performance.now()
  const quiet = setInterval(() => {
    if (performance.now() - newsAt < QUIET_MS) return
    const { headers, logs, receipts } = reading
    bar.say(`reading the chain: ${headers} headers, ${logs} logs, ${receipts} receipts so far`)
  }, QUIET_MS)
  try {
    const steps = backfill({ ...app.ports, source }, input, stop)
    let step = await steps.next()
    while (!step.done) {
      newsAt = performance.now()
      const { done, total, logs, number } = step.value
      bar.update(done, total, `${logs} logs, block ${number}`)
      step = await steps.next()
    }
    bar.end()
    for (const [reason, count] of Object.entries(step.value.quarantineReasons))
      bar.say(`${count} logs are set apart, not indexed: ${reason}`)
    if (step.value.quarantined > 0)
      bar.say('list them with `halyard quarantine`; is the contract of the kind that sources says?')
    const seconds = Math.round(performance.now() - startedAt) / 1_000
    print(step.value, seconds, options.json === true)
  } finally {
    clearInterval(quiet)
    bar.end()
  }
}

const HOLES_SHOWN_MAX = 5

function holesText(holes: readonly BlockRange[]): string {
  const shown = holes.slice(0, HOLES_SHOWN_MAX).map(({ from, to }) => `${from}-${to}`)
  const more = holes.length > HOLES_SHOWN_MAX ? ` and ${holes.length - HOLES_SHOWN_MAX} more` : ''
  return (
    `--ranges leaves out blocks ${shown.join(', ')}${more}, and no later run can add them, since a history only grows ` +
    'at its end; to have them, stop now and index all of it into a fresh store'
  )
}

function print(report: BackfillReport, seconds: number, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ ...report, seconds })}\n`)
    return
  }
  const events = Object.entries(report.events).map(([type, count]) => `${count} ${type}`)
  const at = report.watermark
    ? `block ${report.watermark.number} ${report.watermark.hash}`
    : 'no block'
  const lines = [
    `indexed ${report.blocks} blocks with ${report.logs} logs in ${duration(seconds)}`,
    ...(events.length > 0 ? [`events      ${events.join(', ')}`] : []),
    ...(report.quarantined > 0 ? [`quarantined ${report.quarantined} malformed logs`] : []),
    `stands at   ${at}`,
    `digest      ${report.digest}`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
