import type { Metrics } from '#wiring/telemetry.ts'
import type { FollowEvent } from '#core/indexing/follow-head.ts'
import type { ChainHead } from '#core/indexing/ports.ts'

/** What an indexer tells Prometheus. */
export type IndexerMetrics = {
  readonly contentType: string
  render(): Promise<string>
  /** Of one of its chains, by name. */
  ofChain(name: string): ChainMetrics
}

type OfChain = { readonly chain: string }

/** What following one chain tells. */
export type ChainMetrics = {
  /** Takes note of what the follower did. */
  record(event: FollowEvent): void
  /** The chain's newest block was asked for. */
  sawHead(head: ChainHead): void
  /** An answer of an endpoint could not be proven, or it serves another chain. */
  distrusted(): void
  /** A block was held against the chain, and so much of it does not agree. */
  audited(mismatches: number): void
  /** Whether nobody follows the chain now, since something about it failed. */
  stopped(isStopped: boolean): void
}

/** @param nowMs milliseconds since 1970 */
export function createIndexerMetrics(metrics: Metrics, nowMs: () => number): IndexerMetrics {
  const head = metrics.gauge<OfChain>({
    name: 'halyard_head_block',
    help: 'Number of the newest block in the store.',
    labels: ['chain'],
  })
  const chain = metrics.gauge<OfChain>({
    name: 'halyard_chain_block',
    help: 'Number of the newest block of the chain, as last seen.',
    labels: ['chain'],
  })
  const chainAge = metrics.gauge<OfChain>({
    name: 'halyard_chain_head_age_seconds',
    help: 'Age of the newest block of the chain, as last seen: grows where all endpoints stand still.',
    labels: ['chain'],
  })
  const final = metrics.gauge<OfChain>({
    name: 'halyard_chain_finalized_block',
    help: 'Number of the newest block of the chain that is final.',
    labels: ['chain'],
  })
  const lag = metrics.gauge<OfChain>({
    name: 'halyard_lag_blocks',
    help: 'How many blocks the store is behind the chain.',
    labels: ['chain'],
  })
  const delay = metrics.gauge<OfChain>({
    name: 'halyard_head_delay_seconds',
    help: 'From the timestamp of the newest block in the store until it could be read, where it was the chain’s newest.',
    labels: ['chain'],
  })
  const blocks = metrics.counter<OfChain>({
    name: 'halyard_indexed_blocks_total',
    help: 'Blocks committed by this process.',
    labels: ['chain'],
  })
  const logs = metrics.counter<OfChain>({
    name: 'halyard_indexed_logs_total',
    help: 'Logs of the sources in those blocks.',
    labels: ['chain'],
  })
  const reorgs = metrics.counter<OfChain>({
    name: 'halyard_reorgs_total',
    help: 'How often the head moved back.',
    labels: ['chain'],
  })
  const reverted = metrics.counter<OfChain>({
    name: 'halyard_reorged_blocks_total',
    help: 'Blocks taken back by reorgs.',
    labels: ['chain'],
  })
  const failures = metrics.counter<OfChain>({
    name: 'halyard_degraded_total',
    help: 'Times that the chain or the store could not be used.',
    labels: ['chain'],
  })
  const unproven = metrics.counter<OfChain>({
    name: 'halyard_distrusted_answers_total',
    help: 'Answers of endpoints that failed a proof.',
    labels: ['chain'],
  })
  const audits = metrics.counter<OfChain>({
    name: 'halyard_audited_blocks_total',
    help: 'Final blocks that were proven again and compared with what is stored of them.',
    labels: ['chain'],
  })
  const mismatched = metrics.counter<OfChain>({
    name: 'halyard_audit_mismatches_total',
    help: 'Rows of such blocks that are not stored as the chain proves them.',
    labels: ['chain'],
  })
  const stop = metrics.gauge<OfChain>({
    name: 'halyard_chain_stopped',
    help: '1 while the chain is not followed since something about it failed, else 0.',
    labels: ['chain'],
  })
  /** What is to be done before the metrics are read. */
  const refreshes: (() => void)[] = []

  function ofChain(name: string): ChainMetrics {
    const of = { chain: name }
    let newestSeconds: number | undefined
    let newest: number | undefined
    let stored: number | undefined
    // From the start, so that the first failure is an increase.
    for (const counter of [blocks, logs, reorgs, reverted, failures, unproven, audits, mismatched])
      counter(of, 0)

    function showLag(): void {
      head(of, stored)
      chain(of, newest)
      const behind = newest === undefined || stored === undefined ? undefined : newest - stored
      lag(of, behind === undefined ? undefined : Math.max(0, behind))
    }
    refreshes.push(() => {
      const age = newestSeconds === undefined ? undefined : nowMs() / 1_000 - newestSeconds
      chainAge(of, age === undefined ? undefined : Math.max(0, Math.floor(age)))
    })

    return {
      sawHead({ latest, finalized }) {
        newestSeconds = latest.timestamp
        newest = latest.number
        final(of, finalized.number < 0 ? undefined : finalized.number)
        showLag()
      },
      distrusted: () => unproven(of, 1),
      audited(mismatches) {
        audits(of, 1)
        mismatched(of, mismatches)
      },
      stopped: (isStopped) => stop(of, Number(isStopped)),
      record(event) {
        switch (event.status) {
          case 'appended':
            stored = event.head.number
            newest = event.latest
            if (stored === newest) delay(of, Math.max(0, nowMs() / 1_000 - event.head.timestamp))
            blocks(of, event.blocks)
            logs(of, event.logs)
            break
          case 'idle':
            newest = event.latest
            stored = event.stored ?? stored
            break
          case 'reorg':
            stored = event.to.number
            reorgs(of, 1)
            reverted(of, event.from.number - event.to.number)
            break
          case 'degraded':
            failures(of, 1)
            break
          default:
            event satisfies never
        }
        showLag()
      },
    }
  }

  return {
    contentType: metrics.contentType,
    render() {
      for (const refresh of refreshes) refresh()
      return metrics.render()
    },
    ofChain,
  }
}
