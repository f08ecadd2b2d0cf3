import { hasReason } from '#core/errors.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { FeedCursor, FeedItem, HistoryFeed } from '#core/history/feed.ts'
import {
  type DeliverOutcome,
  type DeliverPorts as StepPorts,
  deliverOne,
  messageId,
  next,
  type Step,
} from './deliver-step.ts'
import type { Webhook, WebhookProgress } from './ports.ts'
import { familiesOf, isTold, type ToldBody } from './topics.ts'

export type DeliverPorts = StepPorts & {
  /** Of the chain of the webhook. */
  readonly feed: HistoryFeed
  readonly sha256: Sha256
  /** An event as receivers read it; of a batch several. */
  readonly describe: (event: ChainEvent<ToldBody>) => readonly object[]
}

/** Events of one delivery at most. */
const EVENTS_MAX = 100

/**
 * Tells a webhook what comes next in the history, from exactly where the receiver has taken the last delivery. A delivery
 * that is not taken is sent again, with the same id, until it is: none is left out, and none comes before it.
 *
 * @throws AppError `unavailable` where a store cannot be used
 */
export async function deliverNext(
  ports: DeliverPorts,
  webhook: Webhook,
  stop: { readonly aborted: boolean } = { aborted: false },
): Promise<DeliverOutcome> {
  const { webhooks, feed, clock } = ports
  const known = await webhooks.progress(webhook.id)
  if (!known || known.isPaused || known.retryAtMs > clock.nowMs()) return 'waiting'
  let cursor = chainCursor(known) ?? (await feed.newest())
  if (!cursor) return 'idle'
  const query = { families: familiesOf(webhook.topics), limit: EVENTS_MAX }
  const items = await feed.read<ToldBody>(cursor, query).catch((error: unknown) => {
    if (!hasReason(error, 'other-branch')) throw error
    return undefined
  })
  if (!items) {
    const lastError = 'the history was begun anew; compare, and resume from its newest block'
    await webhooks.putProgress({ ...next(known), lastError, isPaused: true })
    return 'waiting'
  }
  let stored = known
  for (const item of items) {
    if (stop.aborted) break
    for (const step of stepsOf(ports, webhook, stored, cursor, item)) {
      const at = step.isLast ? item.cursor : cursor
      // oxlint-disable-next-line no-await-in-loop -- one behind the other
      const after = await deliverOne(ports, webhook, { ...stored, cursor }, step, at)
      if (!after) return 'waiting'
      stored = after
    }
    // What is not for this webhook is passed over, and stored with the next delivery or at the end.
    ;({ cursor } = item)
  }
  if (!isSame(cursor, stored.cursor)) await webhooks.putProgress({ ...next(stored), cursor })
  return items.length > 1 ? 'more' : 'idle'
}

/** Of a webhook that is told of a chain, it is nothing else. */
const chainCursor = ({ cursor }: WebhookProgress): FeedCursor | null =>
  cursor && 'move' in cursor ? cursor : null

/**
 * The deliveries that an item comes to. Where the receiver may have read other events behind its cursor than these, since
 * its answer was lost and the history changed meanwhile, it is told first that they are not so.
 */
function* stepsOf(
  { describe, sha256 }: DeliverPorts,
  webhook: Webhook,
  { toldTo, tried }: WebhookProgress,
  cursor: FeedCursor,
  item: FeedItem<ToldBody>,
): Generator<Step> {
  if (item.type === 'finalized') return
  const id = deliveryId(sha256, webhook, item)
  if (item.type === 'retracted') {
    // Whoever was told of nothing above it has nothing to take back.
    if (toldTo > item.to.number || tried !== null)
      yield { id, type: 'retracted', block: item.to, events: [], isLast: true }
    return
  }
  if (tried !== null && tried !== id) {
    const { number, hash } = cursor
    const ofTried = messageId(sha256, [webhook.id, 'retracted', tried])
    yield { id: ofTried, type: 'retracted', block: { number, hash }, events: [], isLast: false }
  }
  const events = item.events
    .filter(({ address, body }) => isTold(body) && (webhook.addresses?.includes(address) ?? true))
    .flatMap(describe)
  if (events.length > 0) yield { id, type: 'appended', block: item.block, events, isLast: true }
}

const isSame = (a: FeedCursor | null, b: WebhookProgress['cursor']): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** The same for the same item of the same history, whenever it is read. */
function deliveryId(sha256: Sha256, { id }: Webhook, { type, cursor }: FeedItem): string {
  const { number, hash, commit, logIndex, move } = cursor
  const place =
    type === 'retracted' ? [number, hash, commit, move] : [number, hash, commit, logIndex]
  return messageId(sha256, [id, type, ...place])
}
