import { AppError } from '#core/errors.ts'
import { describe, type FollowEvent, followHead } from '#core/indexing/follow-head.ts'
import type { Indexer } from '#indexer/wire.ts'

/** How the follower is doing, as its health endpoint tells it. */
export type Health = {
  /** When it last got through a round, by the monotonic clock. */
  progressAtMs: number
  /** When it last said anything, be it that it cannot get on. */
  heardAtMs: number
  /** Whether it has got through one at all. */
  hasBegun: boolean
  /** Whether it has read all that there is, and waits for the next block. */
  isIdle: boolean
  /** Blocks that an audit found stored otherwise than the chain proves them. */
  wrongBlocks: readonly number[]
  /** Why it does not get on; undefined while it does. */
  trouble: string | undefined
  /** The newest block in the store, and the newest of the chain, as far as they are known. */
  stored: number | undefined
  newest: number | undefined
}

/** Of a follower that begins now. @param nowMs by the monotonic clock */
export const newHealth = (nowMs: number): Health => ({
  progressAtMs: nowMs,
  heardAtMs: nowMs,
  hasBegun: false,
  isIdle: false,
  wrongBlocks: [],
  trouble: undefined,
  stored: undefined,
  newest: undefined,
})

/** A follower that has said nothing for so long hangs: whatever it asks for has a deadline far below. */
const HUNG_MS = 120_000

/**
 * Follows the head until cancelled. A follower that hangs is left and another one begun, to which the old one is at
 * worst another writer; where that one does not say anything at all, the process must be started again.
 *
 * @param hungMs how long it may say nothing, in milliseconds
 * @throws AppError `unavailable` where beginning anew did not help
 */
export async function followJob(
  indexer: Indexer,
  health: Health,
  cancel: AbortSignal,
  hungMs = HUNG_MS,
): Promise<void> {
  const { clock } = indexer.ports
  for (let attempt = 0; ; attempt++) {
    const over = new AbortController()
    const either = AbortSignal.any([cancel, over.signal])
    const startedAtMs = clock.monotonicMs()
    health.heardAtMs = startedAtMs
    const followed = follow(indexer, health, either)
    const isHung = await Promise.race([
      followed.then(() => false),
      silence(indexer, health, hungMs, either),
    ])
    over.abort()
    // Where it is to end, it is waited for as long as it takes.
    if (!isHung) return followed
    followed.catch(() => undefined)
    if (attempt > 0 && health.heardAtMs === startedAtMs) throw hung(hungMs)
    indexer.log.warn({ hungMs }, 'the follower hangs, and another one is begun')
  }
}

/** Resolves to true when the follower has said nothing for so long, and to false when it is to end. */
async function silence(
  { ports: { clock } }: Indexer,
  health: Health,
  hungMs: number,
  cancel: AbortSignal,
): Promise<boolean> {
  while (!cancel.aborted) {
    const left = health.heardAtMs + hungMs - clock.monotonicMs()
    if (left <= 0) return true
    await clock.sleep(left, cancel)
  }
  return false
}

const hung = (hungMs: number): AppError =>
  new AppError(
    'unavailable',
    `the follower has said nothing for ${hungMs / 1_000} s, and beginning anew did not help; the process ends, to be started again`,
  )

/** Keeps log, metrics and health up to date. */
async function follow(indexer: Indexer, health: Health, cancel: AbortSignal): Promise<void> {
  const { config, ports, log, metrics } = indexer
  const input = {
    chainId: config.chain.id,
    sources: config.sources,
    proof: config.chain.proof,
    commits: config.chain.commits,
    pollMs: config.chain.pollMs,
  }
  for await (const event of followHead(ports, input, cancel)) {
    metrics.record(event)
    health.heardAtMs = ports.clock.monotonicMs()
    health.isIdle = event.status === 'idle'
    if (event.status === 'degraded') {
      // What waits for the chain is given up when this process ends.
      if (cancel.aborted) return
      const reason = event.error.message
      // Told once, however often it is tried again.
      if (health.trouble !== reason) log.warn({ reason }, 'cannot get on for now')
      health.trouble = reason
      continue
    }
    health.stored = storedAt(event) ?? health.stored
    if (event.status !== 'reorg') health.newest = event.latest
    health.progressAtMs = ports.clock.monotonicMs()
    health.hasBegun = true
    health.trouble = undefined
    if (event.status === 'reorg') log.warn({ from: event.from, to: event.to }, describe(event))
    else if (event.status === 'appended') log.debug({ head: event.head }, describe(event))
  }
}

/** The newest block in the store after an event. */
function storedAt(event: Exclude<FollowEvent, { status: 'degraded' }>): number | null {
  switch (event.status) {
    case 'appended':
      return event.head.number
    case 'idle':
      return event.stored
    case 'reorg':
      return event.to.number
    default:
      return event satisfies never
  }
}
