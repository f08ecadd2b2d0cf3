import type { Cancel } from '#core/clock.ts'
import { isAppError } from '#core/errors.ts'
import type { DeliverPorts } from '#core/webhooks/deliver.ts'
import type { WebhookStore } from '#core/webhooks/ports.ts'
import { systemClock } from '#wiring/system.ts'
import type { createDeliveryMetrics } from './delivery-metrics.ts'

/** How long it rests between two looks at all webhooks. */
const LOOK_MS = 15_000

/** Of one chain. */
type OfChain = Pick<DeliverPorts, 'feed'> & { readonly name: string }

/** Looks at webhooks and how far each has got, until it is told to stop. */
export async function watchDeliveries(
  webhooks: Pick<WebhookStore, 'list' | 'progress'>,
  chains: ReadonlyMap<number, OfChain>,
  metrics: ReturnType<typeof createDeliveryMetrics>,
  stop: Cancel,
): Promise<void> {
  while (!stop.aborted) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await look()
    } catch (error) {
      // Delivering says so itself.
      if (!isAppError(error, 'unavailable')) throw error
    }
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await systemClock.sleep(LOOK_MS, stop)
  }

  async function look(): Promise<void> {
    const all = await webhooks.list(null)
    const found = await Promise.all(
      all.map(async ({ id, chainId }) => ({ chainId, progress: await webhooks.progress(id) })),
    )
    const known = found.flatMap(({ chainId, progress }) =>
      progress ? [{ chainId, progress }] : [],
    )
    metrics.counted(known.map(({ progress }) => progress))
    for (const [chainId, { name, feed }] of chains) {
      const own = known.filter((each) => each.chainId === chainId)
      // oxlint-disable-next-line no-await-in-loop -- few chains
      const newest = await feed.newest()
      metrics.compared(
        name,
        newest,
        own.map(({ progress }) => progress),
      )
    }
  }
}
