import type { DeliverPorts } from '#core/webhooks/deliver.ts'
import { createHistoryFeed, type HistoryFeed } from '#core/history/feed.ts'
import { createViews } from '#core/history/view.ts'
import type { Address } from '#faces/listen.ts'
import { toldEvents } from '#resources/webhooks.ts'
import { openIfThere, openToRead } from '#wiring/open-chain-store.ts'
import { type OpenWebhooks, openWebhooks } from '#wiring/open-webhooks.ts'
import { readDeployment, readSettings, type Settings } from '#wiring/settings.ts'
import { sha256 } from '#wiring/system.ts'
import { tellWarnings, toStderr, type Warn } from './wire.ts'

/** What looking after webhooks takes. */
export const wireWebhooks = (config: string): Promise<OpenWebhooks> =>
  openWebhooks(readSettings(config))

/** What was committed of a chain; `feed` is undefined where nothing was ever stored. */
export async function wireFeed(
  { id }: Pick<Settings['chain'], 'id'>,
  setting: Settings['store'],
): Promise<AsyncDisposable & { readonly feed: HistoryFeed | undefined }> {
  const store = await openIfThere(setting)
  return {
    feed: store && createHistoryFeed({ ...store, views: createViews(store.heads, id) }),
    async [Symbol.asyncDispose]() {
      await store?.close()
    },
  }
}

/** What delivering takes, by the id of the chain. */
export type DeliveryApp = OpenWebhooks & {
  readonly chains: ReadonlyMap<number, DeliverPorts & { readonly name: string }>
  /** Where probes and metrics listen; undefined: nowhere. */
  readonly metricsAt: Address | undefined
}

/** @throws AppError `unavailable` where nothing is stored yet of a chain */
export async function wireDeliveries(config: string, warn: Warn = toStderr): Promise<DeliveryApp> {
  const deployment = readDeployment(config)
  await using stack = new AsyncDisposableStack()
  const { ports } = stack.use(await openWebhooks(deployment.byDefault))
  const chains = new Map<number, DeliverPorts & { readonly name: string }>()
  for (const { chain, store: setting } of deployment.chains) {
    // oxlint-disable-next-line no-await-in-loop -- opened one after the other
    const store = stack.adopt(await openToRead(setting), async (each) => each.close())
    tellWarnings(store, warn)
    const feed = createHistoryFeed({ ...store, views: createViews(store.heads, chain.id) })
    chains.set(chain.id, { ...ports, name: chain.name, feed, sha256, describe: toldEvents })
  }
  const all = stack.move()
  const { metricsHost, metricsPort } = deployment.byDefault.webhooks
  const metricsAt =
    metricsPort === null
      ? undefined
      : { host: metricsHost, port: metricsPort, field: 'webhooks.metricsPort' }
  return { ports, chains, metricsAt, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
