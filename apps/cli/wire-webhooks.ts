import type { DeliverPorts } from '#core/webhooks/deliver.ts'
import { ledgerFeed, type SpendDeliverPorts } from '#core/webhooks/deliver-spends.ts'
import { createHistoryFeed, type HistoryFeed } from '#core/history/feed.ts'
import { createViews } from '#core/history/view.ts'
import type { Address } from '#faces/listen.ts'
import { toldEvents, toldSpend } from '#resources/webhooks.ts'
import { openIfThere, openToRead } from '#wiring/open-chain-store.ts'
import { openSpends } from '#wiring/open-spends.ts'
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

/** The log of the ledger that spends on a chain are of. @throws AppError `invalid` where it has no points contract */
export async function wireSpendFeed(
  settings: Settings,
): Promise<AsyncDisposable & { readonly feed: ReturnType<typeof ledgerFeed> }> {
  const spends = await openSpends(settings)
  return {
    feed: ledgerFeed(spends.ports.store, sha256, spends.policy.ledger),
    [Symbol.asyncDispose]: () => spends[Symbol.asyncDispose](),
  }
}

/** What delivering takes of one chain; `spends` is undefined where it has no points contract. */
type ChainDeliveries = DeliverPorts & {
  readonly name: string
  readonly spends: SpendDeliverPorts | undefined
}

/** What delivering takes, by the id of the chain. */
export type DeliveryApp = OpenWebhooks & {
  readonly chains: ReadonlyMap<number, ChainDeliveries>
  /** Where probes and metrics listen; undefined: nowhere. */
  readonly metricsAt: Address | undefined
}

/** @throws AppError `unavailable` where nothing is stored yet of a chain */
export async function wireDeliveries(config: string, warn: Warn = toStderr): Promise<DeliveryApp> {
  const deployment = readDeployment(config)
  await using stack = new AsyncDisposableStack()
  const { ports } = stack.use(await openWebhooks(deployment.byDefault))
  const chains = new Map<number, ChainDeliveries>()
  for (const settings of deployment.chains) {
    const { chain, store: setting } = settings
    // oxlint-disable-next-line no-await-in-loop -- opened one after the other
    const store = stack.adopt(await openToRead(setting), async (each) => each.close())
    tellWarnings(store, warn)
    const feed = createHistoryFeed({ ...store, views: createViews(store.heads, chain.id) })
    // oxlint-disable-next-line no-await-in-loop -- likewise
    const spends = settings.relay ? stack.use(await openSpends(settings)) : undefined
    chains.set(chain.id, {
      ...ports,
      name: chain.name,
      feed,
      sha256,
      describe: toldEvents,
      spends: spends && {
        ...ports,
        ...spends.ports,
        ledger: spends.policy.ledger,
        describe: toldSpend,
      },
    })
  }
  const all = stack.move()
  const { metricsHost, metricsPort } = deployment.byDefault.webhooks
  const metricsAt =
    metricsPort === null
      ? undefined
      : { host: metricsHost, port: metricsPort, field: 'webhooks.metricsPort' }
  return { ports, chains, metricsAt, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
