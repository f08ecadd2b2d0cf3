import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { AppError, invalidField } from '#core/errors.ts'
import type {
  OutsideSender,
  Webhook,
  WebhookProgress,
  WebhookSigner,
  WebhookStore,
  WebhookTopic,
} from './ports.ts'
import { isOfSpends } from './topics.ts'
import { isTaken, refusalText, type SendPorts, sendSigned } from './send.ts'

export type ManagePorts = {
  readonly webhooks: WebhookStore
  readonly sender: Pick<OutsideSender, 'faultOf'>
  readonly signer: WebhookSigner
  readonly clock: Pick<Clock, 'nowMs'>
  readonly newId: () => string
}

export type NewWebhook = {
  readonly owner: string
  readonly url: string
  readonly chainId: number
  readonly topics: readonly WebhookTopic[]
  readonly addresses: readonly Address[] | null
}

const URL_LENGTH_MAX = 2_000
const ADDRESSES_MAX = 100
const OF_OWNER_MAX = 20

/**
 * Adds a webhook, which is told of what is committed from now on. Its secret is told now, and to nobody again.
 *
 * @param feed of the webhook's chain, or of the ledger where it is told of spends; undefined where nothing is there yet
 * @throws AppError `invalid` naming `url`, `topics` or `addresses`; `conflict` where the owner has too many;
 *   `unavailable` where the history cannot be read
 */
export async function addWebhook(
  ports: ManagePorts,
  wanted: NewWebhook,
  feed: { newest(): Promise<WebhookProgress['cursor'] | undefined> } | undefined,
): Promise<Webhook> {
  const { webhooks, sender, signer, clock, newId } = ports
  if (wanted.url.length > URL_LENGTH_MAX)
    throw invalidField('url', `more than ${URL_LENGTH_MAX} letters`)
  const fault = sender.faultOf(wanted.url)
  if (fault !== null) throw invalidField('url', fault, { reason: 'forbidden-url' })
  if (wanted.topics.length === 0) throw invalidField('topics', 'it names none')
  if (isOfSpends(wanted) && wanted.topics.length > 1)
    throw invalidField(
      'topics',
      'points-spends has an order of its own; add a webhook for it alone',
    )
  if (wanted.addresses?.length === 0) throw invalidField('addresses', 'it names none')
  if ((wanted.addresses?.length ?? 0) > ADDRESSES_MAX)
    throw invalidField('addresses', `more than ${ADDRESSES_MAX}`)
  const webhook = {
    ...wanted,
    id: newId(),
    secret: signer.newSecret(),
    createdAtMs: clock.nowMs(),
  }
  const cursor = (await feed?.newest()) ?? null
  if (await webhooks.add(webhook, OF_OWNER_MAX, cursor)) return webhook
  throw new AppError(
    'conflict',
    `webhooks: there are ${OF_OWNER_MAX} of this owner; remove one first`,
    { details: { field: 'webhooks' }, audience: 'client' },
  )
}

/** @throws AppError `not-found` where the owner has none of that id; `owner` null: whoever's */
export async function removeWebhook(
  { webhooks }: Pick<ManagePorts, 'webhooks'>,
  id: string,
  owner: string | null,
): Promise<void> {
  if (!(await webhooks.remove(id, owner))) throw notThere()
}

/** @throws AppError `not-found` as `removeWebhook` does */
export async function readWebhook(
  { webhooks }: Pick<ManagePorts, 'webhooks'>,
  id: string,
  owner: string | null,
): Promise<Webhook> {
  const found = (await webhooks.list(owner)).find((each) => each.id === id)
  if (!found) throw notThere()
  return found
}

/**
 * Goes on with a webhook that failed or was paused, at once.
 *
 * @param isAnew not from where it stopped, but from the newest block of the history
 * @throws AppError `not-found` as `removeWebhook` does; `conflict` where a delivery was made at the same moment
 */
export async function resumeWebhook(
  { webhooks }: Pick<ManagePorts, 'webhooks'>,
  id: string,
  owner: string | null,
  isAnew: boolean,
): Promise<void> {
  await readWebhook({ webhooks }, id, owner)
  const progress = await webhooks.progress(id)
  if (!progress) throw notThere()
  const isDone = await webhooks.putProgress({
    ...progress,
    version: progress.version + 1,
    failures: 0,
    retryAtMs: 0,
    lastError: null,
    isPaused: false,
    ...(isAnew && { cursor: null, toldTo: -1, tried: null }),
  })
  if (!isDone)
    throw new AppError('conflict', 'webhook: a delivery was made meanwhile; try again', {
      details: { field: 'webhook' },
      audience: 'client',
    })
}

/** Sends a delivery of type `test`. @returns why it was not taken; null where it was */
export async function testWebhook(
  ports: SendPorts & { readonly newId: () => string },
  webhook: Webhook,
): Promise<string | null> {
  const id = `msg_${ports.newId()}`
  const { chainId } = webhook
  const content = { id, webhook: webhook.id, type: 'test', chainId, block: null, events: [] }
  const sent = await sendSigned(ports, webhook, id, content)
  return isTaken(sent) ? null : refusalText(sent)
}

const notThere = (): AppError =>
  new AppError('not-found', 'webhook: there is none of that id', {
    details: { field: 'webhook' },
    audience: 'client',
  })
