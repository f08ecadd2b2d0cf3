import type { Metrics } from '#wiring/telemetry.ts'
import type { FollowEvent } from '#core/indexing/follow-head.ts'
import type { ChainHead } from '#core/indexing/ports.ts'

/** What an indexer tells Prometheus. */
export type IndexerMetrics = {
  /** Takes note of what the follower did. */
  record(event: FollowEvent): void
  /** The chain's newest block was asked for. */
  sawHead(head: ChainHead): void
  /** An answer of an endpoint could not be proven, or it serves another chain. */
  distrusted(): void
  /** A block was held against the chain, and so much of it does not agree. */
  audited(mismatches: number): void
  readonly contentType: string
  render(): Promise<string>
}

/** @param nowMs milliseconds since 1970 */
export function createIndexerMetrics(metrics: Metrics, nowMs: () => number): IndexerMetrics {
  const head = metrics.gauge({
    name: 'halyard_head_block',
    help: 'Number of the newest block in the store.',
  })
  const chain = metrics.gauge({
    name: 'halyard_chain_block',
    help: 'Number of the newest block of the chain, as last seen.',
  })
  const chainAge = metrics.gauge({
    name: 'halyard_chain_head_age_seconds',
    help: 'Age of the newest block of the chain, as last seen: grows where all endpoints stand still.',
  })
  const final = metrics.gauge({
    name: 'halyard_chain_finalized_block',
    help: 'Number of the newest block of the chain that is final.',
  })
  const lag = metrics.gauge({
    name: 'halyard_lag_blocks',
    help: 'How many blocks the store is behind the chain.',
  })
  const delay = metrics.gauge({
    name: 'halyard_head_delay_seconds',
    help: 'From the timestamp of the newest block in the store until it could be read, where it was the chain’s newest.',
  })
  const blocks = metrics.counter({
    name: 'halyard_indexed_blocks_total',
    help: 'Blocks committed by this process.',
  })
  const logs = metrics.counter({
    name: 'halyard_indexed_logs_total',
    help: 'Logs of the sources in those blocks.',
  })
  const reorgs = metrics.counter({
    name: 'halyard_reorgs_total',
    help: 'How often the head moved back.',
  })
  const reverted = metrics.counter({
    name: 'halyard_reorged_blocks_total',
    help: 'Blocks taken back by reorgs.',
  })
  const failures = metrics.counter({
    name: 'halyard_degraded_total',
    help: 'Times that the chain or the store could not be used.',
  })
  const unproven = metrics.counter({
    name: 'halyard_distrusted_answers_total',
    help: 'Answers of endpoints that failed a proof.',
  })
  const audits = metrics.counter({
    name: 'halyard_audited_blocks_total',
    help: 'Final blocks that were proven again and compared with what is stored of them.',
  })
  const mismatched = metrics.counter({
    name: 'halyard_audit_mismatches_total',
    help: 'Rows of such blocks that are not stored as the chain proves them.',
  })
  let newestSeconds: number | undefined
  let newest: number | undefined
  let stored: number | undefined

  function showLag(): void {
    head(stored)
    chain(newest)
    lag(newest === undefined || stored === undefined ? undefined : Math.max(0, newest - stored))
  }

  return {
    contentType: metrics.contentType,
    render() {
      const age = newestSeconds === undefined ? undefined : nowMs() / 1_000 - newestSeconds
      chainAge(age === undefined ? undefined : Math.max(0, Math.floor(age)))
      return metrics.render()
    },
    sawHead({ latest, finalized }) {
      newestSeconds = latest.timestamp
      newest = latest.number
      final(finalized.number < 0 ? undefined : finalized.number)
      showLag()
    },
    distrusted: () => unproven(1),
    audited(mismatches) {
      audits(1)
      mismatched(mismatches)
    },
    record(event) {
      switch (event.status) {
        case 'appended':
          stored = event.head.number
          newest = event.latest
          if (stored === newest) delay(Math.max(0, nowMs() / 1_000 - event.head.timestamp))
          blocks(event.blocks)
          logs(event.logs)
          break
        case 'idle':
          newest = event.latest
          stored = event.stored ?? stored
          break
        case 'reorg':
          stored = event.to.number
          reorgs(1)
          reverted(event.from.number - event.to.number)
          break
        case 'degraded':
          failures(1)
          break
        default:
          event satisfies never
      }
      showLag()
    },
  }
}
