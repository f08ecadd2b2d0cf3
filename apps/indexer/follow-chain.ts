import { exitCodeOf } from '#faces/exit-code.ts'
import { endForSure } from '#faces/grace.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { systemClock } from '#wiring/system.ts'
import type { Logger } from '#wiring/telemetry.ts'
import type { Config } from './config.ts'
import { auditJob } from './jobs/audit-blocks.ts'
import { startCollecting } from './jobs/collect-tokens.ts'
import { followJob, type Health, newHealth } from './jobs/follow-head.ts'
import { reviewJob } from './jobs/review-sources.ts'
import type { ChainMetrics } from './metrics.ts'
import { type Indexer, wire } from './wire.ts'

/** A chain that this process is to follow, and how that goes. */
export type FollowedChain = {
  readonly config: Config
  readonly log: Logger
  readonly metrics: ChainMetrics
  health: Health
  /** Undefined until everything is open, and while it is opened again. */
  indexer: Indexer | undefined
}

/** How long what is under way may take to end well. */
export type Ending = {
  readonly stop: AbortSignal
  /** Aborted some seconds after `stop`: what still waits for the chain is given up. */
  readonly late: AbortSignal
  /** Told when something hangs, and the process ends without it. */
  readonly hangs: () => void
}

/** Follows a chain until it is told to stop. @throws AppError where it cannot go on */
async function followChain(chain: FollowedChain, ending: Ending): Promise<void> {
  const { config, log, metrics, health } = chain
  const { stop } = ending
  await using indexer = await wire(config, log, metrics, ending.late)
  chain.indexer = indexer
  log.info(
    { endpoints: config.chain.rpc.length, sources: config.sources.length },
    'asking the chain',
  )
  using collecting = startCollecting(indexer)
  const over = new AbortController()
  const ended = AbortSignal.any([stop, over.signal])
  const reviewed = reviewJob(indexer, ended)
  const audited = auditJob(indexer, health, ended)
  try {
    await followJob(indexer, health, stop)
  } finally {
    chain.indexer = undefined
    over.abort()
    collecting[Symbol.dispose]()
    await Promise.all([reviewed, audited])
  }
}

/** The same where it is the only one: when it fails, so does the process. */
export async function followAlone(chain: FollowedChain, ending: Ending): Promise<void> {
  try {
    await followChain(chain, ending)
  } catch (error) {
    endForSure(exitCodeOf(error), ending.hangs)
    throw error
  }
}

/** The pause before a chain is begun anew doubles from the first up to this. */
const PAUSE_MS_FIRST = 1_000
const PAUSE_MS_MAX = 60_000

/**
 * The same where there are others, which its failure must not stop. Where another time may be better it is begun anew,
 * from opening its store on; else it stays as it is, for somebody to look at.
 *
 * @returns why it is not followed any longer; undefined where that is since it was told to stop
 */
export async function followBesideOthers(chain: FollowedChain, ending: Ending): Promise<unknown> {
  const { stop } = ending
  chain.metrics.stopped(false)
  for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
    const beganAtMs = systemClock.monotonicMs()
    try {
      // oxlint-disable-next-line no-await-in-loop -- begun anew where it failed
      await followChain(chain, ending)
      return undefined
    } catch (error) {
      if (stop.aborted) return undefined
      const isOver = !isAppError(error, 'unavailable')
      tellFailure(chain, error, isOver)
      if (isOver) return error
    }
    if (systemClock.monotonicMs() - beganAtMs > PAUSE_MS_MAX) pauseMs = PAUSE_MS_FIRST
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await systemClock.sleep(pauseMs, stop)
    if (stop.aborted) return undefined
    const { trouble } = chain.health
    chain.health = { ...newHealth(systemClock.monotonicMs()), trouble }
  }
}

function tellFailure(
  { log, metrics, health }: FollowedChain,
  error: unknown,
  isOver: boolean,
): void {
  health.trouble = messageOf(error)
  metrics.stopped(isOver)
  const what = isOver
    ? 'the chain is not followed any longer; the others are'
    : 'the chain cannot be followed now, and is begun anew; the others are not touched'
  if (isAppError(error)) log.error({ reason: error.message }, what)
  else log.error({ err: error }, what)
}
