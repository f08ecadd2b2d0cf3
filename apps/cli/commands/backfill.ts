import { Command } from 'commander'
import { besideTokens } from '#cli/beside-tokens.ts'
import { collectSetting } from '#cli/collect-setting.ts'
import { chainOption, configOption, rangesOption, toOption } from '#cli/options.ts'
import { printReport, reportWarnings } from '#cli/print-report.ts'
import { countReading } from '#cli/reading.ts'
import { showProgress } from '#cli/show-progress.ts'
import { untilStopped } from '#cli/until-stopped.ts'
import { readSettings, wireIndexing } from '#cli/wire.ts'
import type { BlockRange } from '#core/chain.ts'
import {
  backfill,
  type BackfillInput,
  type BackfillPlan,
  type BackfillReport,
  type IndexPorts,
  type Progress,
} from '#core/indexing/backfill.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { shareBackfill } from '#core/indexing/ranges/share-backfill.ts'
import type { TokenCollector } from '#core/tokens/collect-tokens.ts'
import { afterGrace } from '#faces/grace.ts'
import { claimForBackfill } from '#wiring/open-chain-store.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly ranges?: readonly BlockRange[]
  readonly to?: number
  readonly share?: boolean
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
    .addOption(chainOption())
    .addOption(rangesOption())
    .addOption(toOption())
    .option(
      '--share',
      'put the ranges up for other processes too: further ones of this command, and `halyard work`',
    )
    .option('--json', 'print the report as one line of JSON at the end of stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ halyard backfill --config halyard.json
  $ halyard backfill --ranges 10000000-10100000 --json
  $ halyard backfill --to 19000000
  $ halyard backfill --share`,
    )
    .action(run)

const run = (options: Options): Promise<void> => untilStopped((stop) => index(options, stop))

async function index(options: Options, stop: AbortSignal): Promise<void> {
  const settings = readSettings(options.config, options.chain)
  // Those that share the work know of each other.
  await using held = new AsyncDisposableStack()
  if (options.share !== true) held.use(await claimForBackfill(settings.store, settings.chain.id))
  await using app = await open(settings, options, afterGrace(stop))
  const startedAt = performance.now()
  const { source, reading } = countReading(app.ports.source)
  let say: (line: string) => void = () => undefined
  const input = {
    ...collectSetting(settings),
    ...(options.ranges && { ranges: options.ranges }),
    ...(options.to !== undefined && { to: options.to }),
    onPlan(plan: BackfillPlan) {
      say(`${plan.blocks} blocks to index; the chain is at block ${plan.head}`)
      if (plan.holes.length > 0) say(holesText(plan.holes))
    },
  }
  await using review = reviewBeside(settings, stop)
  const report = await besideTokens(app.tokens, stop, async () => {
    const done = await showProgress(
      (tell) => {
        say = tell
        review.tell((line) => say(line))
        return app.start(source, input, stop, tell)
      },
      reading,
      (step) => ({ ...step, note: `${step.logs} logs, block ${step.number}` }),
    )
    review.hurry()
    return done
  })
  const sourceWarnings = await review.warnings
  for (const warning of [...sourceWarnings, ...reportWarnings(report)])
    process.stderr.write(`halyard: ${warning}\n`)
  const seconds = Math.round(performance.now() - startedAt) / 1_000
  printReport({ ...report, sourceWarnings }, seconds, options.json === true)
}

type Review = AsyncDisposable & {
  readonly warnings: Promise<readonly string[]>
  /** Has the warnings said as soon as they are known. */
  tell(say: (line: string) => void): void
  /** The run has ended: what is not known soon stays unknown. */
  hurry(): void
}

/** A run that has ended does not wait for longer for what is told beside it. */
const HURRY_MS = 2_000

/** What talks to a chain is loaded by the run that does, not by every command. */
async function reviewTexts(
  settings: ReturnType<typeof readSettings>,
  stop: AbortSignal,
): Promise<string[]> {
  const { findSourceWarnings, sourceWarningText } = await import('#wiring/review-sources.ts')
  return (await findSourceWarnings(settings, stop)).map(sourceWarningText)
}

/** Looks whether the sources can be right while they are indexed; ends with the run. */
function reviewBeside(settings: ReturnType<typeof readSettings>, stop: AbortSignal): Review {
  const over = new AbortController()
  const warnings = reviewTexts(settings, AbortSignal.any([stop, over.signal]))
  let told: Promise<void> = Promise.resolve()
  return {
    warnings,
    tell(say) {
      told = warnings.then((lines) => lines.forEach((line) => say(`warning: ${line}`)))
    },
    hurry() {
      const timer = setTimeout(() => over.abort(), HURRY_MS)
      void warnings.finally(() => clearTimeout(timer))
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await told
    },
  }
}

/** A backfill, alone or with other processes, that is about to begin. */
type Backfill = AsyncDisposable & {
  readonly ports: Pick<IndexPorts, 'source'>
  readonly tokens: TokenCollector
  start(
    source: BlockSource,
    input: BackfillInput,
    stop: AbortSignal,
    say: (line: string) => void,
  ): AsyncGenerator<Progress, BackfillReport>
}

async function open(
  settings: ReturnType<typeof readSettings>,
  { share }: Options,
  late: AbortSignal,
): Promise<Backfill> {
  if (share !== true) {
    const app = await wireIndexing(settings, late)
    return {
      ports: app.ports,
      tokens: app.tokens,
      start: (source, input, stop) => backfill({ ...app.ports, source }, input, stop),
      [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
    }
  }
  const { wireSharing } = await import('#cli/wire-raw.ts')
  const app = await wireSharing(settings, late)
  const { owner, history } = app
  return {
    ports: app.ports,
    tokens: app.tokens,
    start: (source, input, stop, say) =>
      shareBackfill(
        { ...app.ports, source },
        {
          ...input,
          owner,
          history,
          ...settings.workers,
          onRole: ({ isWriter, writer }) =>
            say(
              isWriter
                ? `${owner} makes the history, and collects ranges for it with whoever helps`
                : `${writer} makes the history; ${owner} helps it to collect ranges`,
            ),
        },
        stop,
      ),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
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
