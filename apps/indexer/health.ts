import type { Listener } from '#faces/listen.ts'
import { type OperatorAnswer, startOperatorServer } from '#faces/operator-server.ts'
import { remedyFor } from './jobs/audit-blocks.ts'
import type { Health } from './jobs/follow-head.ts'
import type { Indexer } from './wire.ts'

/** A follower that has not got through a round for so long is stuck. */
const STALLED_MS = 120_000

/**
 * Serves `/live`, `/ready`, `/endpoints` and `/metrics`.
 *
 * @throws AppError `unavailable` when the port is taken
 */
export function startHealthServer(indexer: Indexer, health: Health): Promise<Listener> {
  const { config, ports, metrics, endpoints, log } = indexer
  const { host, metricsPort } = config.indexer
  return startOperatorServer(
    {
      '/live': () => liveness(ports.clock.monotonicMs() - health.progressAtMs, health),
      '/ready': () => readiness(health),
      '/endpoints': () => ({ status: 200, body: endpoints() }),
      '/metrics': async () => ({
        contentType: metrics.contentType,
        text: await metrics.render(),
      }),
    },
    { host, port: metricsPort, field: 'indexer.metricsPort' },
    (error, path) => log.error({ err: error, path }, 'the operator gets no answer'),
  )
}

/** A follower that tells of trouble is not stuck: a restart would not help it. */
const liveness = (stalledMs: number, { trouble }: Health): OperatorAnswer =>
  stalledMs < STALLED_MS || trouble !== undefined
    ? { status: 200, body: { status: 'live' } }
    : { status: 503, body: { status: 'stalled', stalledMs: Math.round(stalledMs) } }

function readiness({ trouble, hasBegun, wrongBlocks }: Health): OperatorAnswer {
  if (trouble !== undefined) return { status: 503, body: { status: 'degraded', reason: trouble } }
  // It goes on: what is wrong there was so before, and is not mended by a restart.
  if (hasBegun && wrongBlocks.length > 0)
    return {
      status: 200,
      body: {
        status: 'degraded',
        reason: `blocks ${wrongBlocks.join(', ')} are not stored as the chain proves them: ${remedyFor(wrongBlocks)}`,
      },
    }
  return hasBegun
    ? { status: 200, body: { status: 'ready' } }
    : { status: 503, body: { status: 'starting' } }
}
