import { countLevels, PROOF_LEVELS, type ProofLevel } from '#core/history/proof.ts'
import type { Metrics } from '#wiring/telemetry.ts'
import type { Status } from './status.ts'

/** Seconds: from an answer out of memory to one that a client would no longer wait for. */
const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** Clients choose the names of their operations; those after the first so many share one. */
const OPERATION_NAMES_MAX = 100
const OPERATION_NAME_LENGTH_MAX = 64

type RequestLabels = {
  /** The pattern of the route, never the path that was asked for. */
  readonly route: string
  readonly method: string
  readonly status: number
}

/** What the API counts and measures. */
export type ApiMetrics = {
  readonly contentType: string
  request(labels: RequestLabels, seconds: number): void
  /** @param name as the client calls it; undefined where it does not */
  operation(name: string | undefined, outcome: 'ok' | 'error', seconds: number): void
  /** Everything as text; the status of a chain is undefined where it cannot be read. */
  render(chains: readonly ChainStatus[]): Promise<string>
}

type OfChain = { readonly chain: string }

/** Where a chain's history stands. */
type ChainStatus = { readonly name: string; readonly status: Status | undefined }

export function createApiMetrics(metrics: Metrics): ApiMetrics {
  const request = metrics.histogram<RequestLabels>({
    name: 'http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labels: ['route', 'method', 'status'],
    buckets: SECONDS_BUCKETS,
  })
  const operation = metrics.histogram<{ readonly operation: string; readonly outcome: string }>({
    name: 'graphql_operation_duration_seconds',
    help: 'Time that a GraphQL operation took to execute.',
    labels: ['operation', 'outcome'],
    buckets: SECONDS_BUCKETS,
  })
  const head = metrics.gauge<OfChain>({
    name: 'halyard_head_block',
    help: 'The newest block indexed.',
    labels: ['chain'],
  })
  const newest = metrics.gauge<OfChain>({
    name: 'halyard_chain_block',
    help: 'The newest block of the chain, as last seen; absent while the chain cannot be asked.',
    labels: ['chain'],
  })
  const lagBlocks = metrics.gauge<OfChain>({
    name: 'halyard_lag_blocks',
    help: 'Blocks between the two; absent while the chain cannot be asked.',
    labels: ['chain'],
  })
  const lagSeconds = metrics.gauge<OfChain>({
    name: 'halyard_lag_seconds',
    help: 'Age of the newest block indexed; 0 while it is the newest of the chain.',
    labels: ['chain'],
  })
  const chainAge = metrics.gauge<OfChain>({
    name: 'halyard_chain_head_age_seconds',
    help: 'Age of the newest block of the chain, as last seen; absent while the chain cannot be asked.',
    labels: ['chain'],
  })
  const orphaned = metrics.gauge<OfChain>({
    name: 'halyard_head_orphaned',
    help: '1 while the chain has another block in place of the newest one indexed, else 0.',
    labels: ['chain'],
  })
  const proven = metrics.gaugeBy<OfChain, ProofLevel>({
    name: 'halyard_proven_blocks',
    help: 'Indexed blocks by what stands for their logs, see proofLevel of the status.',
    labels: ['chain'],
    by: 'level',
    words: PROOF_LEVELS,
  })
  const names = new Set<string>()

  function boundedName(name: string | undefined): string {
    if (name === undefined) return 'anonymous'
    if (names.has(name)) return name
    if (names.size >= OPERATION_NAMES_MAX || name.length > OPERATION_NAME_LENGTH_MAX) return 'other'
    names.add(name)
    return name
  }

  return {
    contentType: metrics.contentType,
    request,
    operation: (name, outcome, seconds) =>
      operation({ operation: boundedName(name), outcome }, seconds),
    render(chains) {
      for (const { name, status } of chains) {
        const chain = { chain: name }
        head(chain, status?.view.head.number)
        newest(chain, status?.newest?.number)
        lagBlocks(chain, status?.lag.blocks ?? undefined)
        lagSeconds(chain, status?.lag.seconds)
        chainAge(chain, status?.chainAgeSeconds ?? undefined)
        orphaned(
          chain,
          status && Number(status.branch === 'orphaned' || status.branch === 'other-chain'),
        )
        proven(chain, status && countLevels(status.view.head.proof))
      }
      return metrics.render()
    },
  }
}
