import type { Cancel } from '#core/clock.ts'
import { describe, followHead } from '#core/indexing/follow-head.ts'
import type { Indexer } from '#indexer/wire.ts'

/** How the follower is doing, as its health endpoint tells it. */
export type Health = {
  /** When it last got through a round, by the monotonic clock. */
  progressAtMs: number
  /** Whether it has got through one at all. */
  hasBegun: boolean
  /** Whether it has read all that there is, and waits for the next block. */
  isIdle: boolean
  /** Blocks that an audit found stored otherwise than the chain proves them. */
  wrongBlocks: readonly number[]
  /** Why it does not get on; undefined while it does. */
  trouble: string | undefined
}

/** Follows the head until cancelled, and keeps log, metrics and health up to date. */
export async function followJob(indexer: Indexer, health: Health, cancel: Cancel): Promise<void> {
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
    health.progressAtMs = ports.clock.monotonicMs()
    health.hasBegun = true
    health.trouble = undefined
    if (event.status === 'reorg') log.warn({ from: event.from, to: event.to }, describe(event))
    else if (event.status === 'appended') log.debug({ head: event.head }, describe(event))
  }
}
