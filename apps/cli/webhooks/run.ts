import { createFaults } from '#cli/operator-watch.ts'
import { wireDeliveries, wireFeed, wireSpendFeed, wireWebhooks } from '#cli/wire-webhooks.ts'
import { AppError, isAppError } from '#core/errors.ts'
import type { Address } from '#core/chain.ts'
import { deliverNext } from '#core/webhooks/deliver.ts'
import { deliverSpends } from '#core/webhooks/deliver-spends.ts'
import type { DeliverOutcome } from '#core/webhooks/deliver-step.ts'
import {
  addWebhook,
  readWebhook,
  removeWebhook,
  resumeWebhook,
  testWebhook,
} from '#core/webhooks/manage.ts'
import type { WebhookTopic } from '#core/webhooks/ports.ts'
import { isOfSpends } from '#core/webhooks/topics.ts'
import { toJson } from '#resources/json.ts'
import { newWebhook, webhook as resource } from '#resources/webhooks.ts'
import { readSettings } from '#wiring/settings.ts'
import { systemClock } from '#wiring/system.ts'
import { createMetrics } from '#wiring/telemetry.ts'
import { createDeliveryMetrics } from './delivery-metrics.ts'
import { watchDeliveries } from './watch-deliveries.ts'

export type Options = { readonly config: string }
export type AddOptions = Options & {
  readonly chain?: string
  readonly url: string
  readonly topics: readonly WebhookTopic[]
  readonly addresses?: readonly Address[]
}

/** Whose the webhooks of the command line are. */
const OPERATOR = 'operator'

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

export async function list({ config }: Options): Promise<void> {
  await using app = await wireWebhooks(config)
  const { webhooks } = app.ports
  // oxlint-disable-next-line no-await-in-loop -- few
  for (const each of await webhooks.list(null))
    print(toJson(resource, { webhook: each, progress: await webhooks.progress(each.id) }))
}

export async function add({ config, chain, url, topics, addresses }: AddOptions): Promise<void> {
  const settings = readSettings(config, chain)
  const { chain: of, store } = settings
  await using app = await wireWebhooks(config)
  await using history = await (isOfSpends({ topics })
    ? wireSpendFeed(settings)
    : wireFeed(of, store))
  const wanted = { owner: OPERATOR, url, chainId: of.id, topics, addresses: addresses ?? null }
  const webhook = await addWebhook(app.ports, wanted, history.feed)
  const progress = await app.ports.webhooks.progress(webhook.id)
  print(toJson(newWebhook, { webhook, progress }))
}

export async function remove(id: string, { config }: Options): Promise<void> {
  await using app = await wireWebhooks(config)
  await removeWebhook(app.ports, id, null)
  print({ id, state: 'removed' })
}

export async function resume(
  id: string,
  { config, anew = false }: Options & { readonly anew?: boolean },
): Promise<void> {
  await using app = await wireWebhooks(config)
  await resumeWebhook(app.ports, id, null, anew)
  print({ id, state: 'active' })
}

export async function test(id: string, { config }: Options): Promise<void> {
  await using app = await wireWebhooks(config)
  const webhook = await readWebhook(app.ports, id, null)
  const why = await testWebhook(app.ports, webhook)
  if (why !== null)
    throw new AppError('unavailable', `webhook: the receiver has not taken it: ${why}`, {
      details: { field: 'webhook' },
    })
  print({ id, state: 'taken' })
}

/** How often it is looked whether there is anything new. */
const POLL_MS = 250
const FAILED_MS = 5_000

/** Delivers to all of them side by side, so that one that is slow holds up none of the others. */
export async function deliver({ config }: Options, stop: AbortSignal): Promise<void> {
  await using app = await wireDeliveries(config)
  const { ports, chains, metricsAt } = app
  const metrics = createDeliveryMetrics(createMetrics())
  const faults = createFaults()
  const ended: Ended = (fault) => {
    metrics.stepEnded(fault === undefined)
    faults.note('stores', fault)
  }
  await using parts = new AsyncDisposableStack()
  if (metricsAt) parts.use(await faults.listen(metrics, metricsAt))
  const watching = metricsAt ? watchDeliveries(ports.webhooks, chains, metrics, stop) : undefined
  const busy = new Map<string, Promise<void>>()
  const start = (id: string, deliverOnce: () => Promise<DeliverOutcome>): void => {
    if (busy.has(id)) return
    busy.set(
      id,
      deliverAll(deliverOnce, stop, ended).finally(() => busy.delete(id)),
    )
  }
  while (!stop.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- round by round
    const webhooks = await tried(() => ports.webhooks.list(null), stop, ended)
    for (const webhook of webhooks ?? []) {
      const of = chains.get(webhook.chainId)
      if (!of) continue
      const { spends } = of
      if (!isOfSpends(webhook)) start(webhook.id, () => deliverNext(of, webhook, stop))
      else if (spends) start(webhook.id, () => deliverSpends(spends, webhook, stop))
    }
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await systemClock.sleep(webhooks ? POLL_MS : FAILED_MS, stop)
  }
  await Promise.all([...busy.values(), watching])
}

/** @param fault undefined: the stores could be used */
type Ended = (fault: string | undefined) => void

async function deliverAll(
  deliverOnce: () => Promise<DeliverOutcome>,
  stop: AbortSignal,
  ended: Ended,
): Promise<void> {
  let outcome: DeliverOutcome | undefined = 'more'
  while (outcome === 'more' && !stop.aborted)
    // oxlint-disable-next-line no-await-in-loop -- one behind the other
    outcome = await tried(deliverOnce, stop, ended)
}

/** Undefined where a store cannot be used now. */
async function tried<T>(
  step: () => Promise<T>,
  stop: AbortSignal,
  ended: Ended,
): Promise<T | undefined> {
  try {
    const done = await step()
    ended(undefined)
    return done
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    ended(error.message)
    if (!stop.aborted) process.stderr.write(`halyard: ${error.message}; it is tried again\n`)
    return undefined
  }
}
