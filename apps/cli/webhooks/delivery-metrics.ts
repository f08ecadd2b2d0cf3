import type { FeedCursor } from '#core/history/feed.ts'
import type { WebhookProgress } from '#core/webhooks/ports.ts'
import type { Metrics } from '#wiring/telemetry.ts'

type State = 'active' | 'failing' | 'paused'

/** What the delivery of webhooks tells Prometheus. */
export function createDeliveryMetrics(metrics: Metrics) {
  const rounds = metrics.counter<{ readonly outcome: string }>({
    name: 'halyard_webhook_rounds_total',
    help: 'Steps of delivering, by whether the stores could be used.',
    labels: ['outcome'],
  })
  const webhooks = metrics.gauge<{ readonly state: State }>({
    name: 'halyard_webhooks',
    help: 'Webhooks: those whose newest delivery was not taken are failing, those that nobody delivers to are paused.',
    labels: ['state'],
  })
  const lag = metrics.gauge<{ readonly chain: string }>({
    name: 'halyard_webhook_lag_blocks',
    help: 'Blocks of the history that the webhook which is furthest behind was not told of; paused ones do not count.',
    labels: ['chain'],
  })
  return {
    contentType: metrics.contentType,
    render: () => metrics.render(),
    stepEnded: (isDone: boolean): void => rounds({ outcome: isDone ? 'done' : 'failed' }, 1),
    counted(all: readonly WebhookProgress[]): void {
      const counts: Record<State, number> = { active: 0, failing: 0, paused: 0 }
      for (const { isPaused, failures } of all)
        counts[isPaused ? 'paused' : failures > 0 ? 'failing' : 'active']++
      for (const state of ['active', 'failing', 'paused'] as const)
        webhooks({ state }, counts[state])
    },
    /** @param newest of the history; undefined where there is none, or it cannot be read now */
    compared(chain: string, newest: FeedCursor | undefined, all: readonly WebhookProgress[]): void {
      const behind = all.flatMap(({ cursor, isPaused }) =>
        cursor && 'number' in cursor && !isPaused && newest
          ? [Math.max(0, newest.number - cursor.number)]
          : [],
      )
      lag({ chain }, newest ? Math.max(0, ...behind) : undefined)
    },
  }
}
