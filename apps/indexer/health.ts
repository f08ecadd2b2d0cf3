import type { Listener } from '#faces/listen.ts'
import { type OperatorAnswer, startOperatorServer } from '#faces/operator-server.ts'
import { systemClock } from '#wiring/system.ts'
import type { Logger } from '#wiring/telemetry.ts'
import type { Config } from './config.ts'
import type { FollowedChain } from './follow-chain.ts'
import { remedyFor } from './jobs/audit-blocks.ts'
import type { IndexerMetrics } from './metrics.ts'

/** A follower that has not got through a round for so long is stuck. */
const STALLED_MS = 120_000

/**
 * Serves `/live`, `/ready`, `/status`, `/endpoints` and `/metrics`. With several chains each answer tells of each; it is
 * 200 where it would be for all of them.
 *
 * @throws AppError `unavailable` when the port is taken
 */
export function startHealthServer(
  chains: readonly FollowedChain[],
  { host, metricsPort }: Config['indexer'],
  metrics: IndexerMetrics,
  log: Logger,
): Promise<Listener> {
  return startOperatorServer(
    {
      '/live': () => together(chains, liveness),
      '/ready': () => together(chains, readiness),
      '/status': () => ({ status: 200, body: { chains: chains.map(statusOf) } }),
      '/endpoints': () => ({ status: 200, body: endpointsOf(chains) }),
      '/metrics': async () => ({
        contentType: metrics.contentType,
        text: await metrics.render(),
      }),
    },
    { host, port: metricsPort, field: 'indexer.metricsPort' },
    (error, path) => log.error({ err: error, path }, 'the operator gets no answer'),
  )
}

/** How one chain is. */
type Verdict = {
  readonly status: number
  readonly body: { readonly status: string; readonly reason?: string; readonly stalledMs?: number }
}

/** The verdict on the only chain, or that on all: the first that is not well names it. */
function together(
  chains: readonly FollowedChain[],
  judge: (chain: FollowedChain) => Verdict,
): OperatorAnswer {
  const verdicts = chains.map((chain) => ({ chain, ...judge(chain) }))
  const [only] = verdicts
  if (only && verdicts.length === 1) return { status: only.status, body: only.body }
  const worst = verdicts.find(({ status }) => status !== 200)
  return {
    status: worst?.status ?? 200,
    body: {
      status: (worst ?? only)?.body.status,
      chains: verdicts.map(({ chain, body }) => ({ ...nameOf(chain), ...body })),
    },
  }
}

const nameOf = ({ config: { chain } }: FollowedChain) => ({ name: chain.name, id: chain.id })

function statusOf(chain: FollowedChain): object {
  const { stored = null, newest = null } = chain.health
  const lag = stored === null || newest === null ? null : Math.max(0, newest - stored)
  return { ...nameOf(chain), ...readiness(chain).body, block: stored, newest, lag }
}

/** Of the only chain a list, else one for each. */
function endpointsOf(chains: readonly FollowedChain[]): object {
  const [only] = chains
  if (only && chains.length === 1) return only.indexer?.endpoints() ?? []
  return {
    chains: chains.map((each) => ({
      ...nameOf(each),
      endpoints: each.indexer?.endpoints() ?? [],
    })),
  }
}

/** A follower that tells of trouble is not stuck: a restart would not help it. */
function liveness({ health: { progressAtMs, trouble } }: FollowedChain): Verdict {
  const stalledMs = systemClock.monotonicMs() - progressAtMs
  return stalledMs < STALLED_MS || trouble !== undefined
    ? { status: 200, body: { status: 'live' } }
    : { status: 503, body: { status: 'stalled', stalledMs: Math.round(stalledMs) } }
}

function readiness({ config, health }: FollowedChain): Verdict {
  const { trouble, hasBegun, wrongBlocks } = health
  if (trouble !== undefined) return { status: 503, body: { status: 'degraded', reason: trouble } }
  // It goes on: what is wrong there was so before, and is not mended by a restart.
  if (hasBegun && wrongBlocks.length > 0)
    return {
      status: 200,
      body: {
        status: 'degraded',
        reason: `blocks ${wrongBlocks.join(', ')} are not stored as the chain proves them: ${remedyFor(wrongBlocks, config.chain)}`,
      },
    }
  return hasBegun
    ? { status: 200, body: { status: 'ready' } }
    : { status: 503, body: { status: 'starting' } }
}
