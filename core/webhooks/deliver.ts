import type { BlockRef } from '#core/chain.ts'
import { hasReason } from '#core/errors.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { FeedCursor, FeedItem, HistoryFeed } from '#core/history/feed.ts'
import type { Sent, Webhook, WebhookProgress, WebhookStore } from './ports.ts'
import { isTaken, refusalText, type SendPorts, sendSigned } from './send.ts'
import { familiesOf, isTold, type ToldBody } from './topics.ts'

export type DeliverPorts = SendPorts & {
  readonly webhooks: Pick<WebhookStore, 'progress' | 'putProgress'>
  /** Of the chain of the webhook. */
  readonly feed: HistoryFeed
  readonly sha256: Sha256
  /** An event as receivers read it; of a batch several. */
  readonly describe: (event: ChainEvent<ToldBody>) => readonly object[]
}

/** `idle`: all was told. `waiting`: a delivery failed, or nobody resumes it. `more`: there is more to be told at once. */
export type DeliverOutcome = 'idle' | 'waiting' | 'more'

/** Events of one delivery at most. */
const EVENTS_MAX = 100
const RETRY_MS_FIRST = 1_000
const RETRY_MS_MAX = 3_600_000
/** With pauses of up to an hour these are some three days. */
const FAILURES_MAX = 80
/** How long a receiver may have itself waited for. */
const RETRY_AFTER_MS_MAX = 86_400_000

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
  let cursor = known.cursor ?? (await feed.newest())
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

/** One delivery. */
type Step = {
  readonly id: string
  readonly type: 'appended' | 'retracted'
  readonly block: BlockRef
  readonly events: readonly object[]
  /** Whether all of the item is told with it. */
  readonly isLast: boolean
}

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

/**
 * Sends one delivery and keeps what became of it. That events are sent is kept before they are, for the answer may not
 * come, and the history may change until they are sent again.
 *
 * @param at where the receiver stands when it has taken it
 * @returns undefined where it was not taken, or somebody else is at it
 */
async function deliverOne(
  ports: DeliverPorts,
  webhook: Webhook,
  before: WebhookProgress,
  { id, type, block, events }: Step,
  at: FeedCursor,
): Promise<WebhookProgress | undefined> {
  const { webhooks, clock } = ports
  const isBegun = type === 'appended' && before.tried !== id
  const begun = isBegun ? { ...next(before), tried: id } : before
  if (isBegun && !(await webhooks.putProgress(begun))) return undefined
  const { chainId } = webhook
  const content = { id, webhook: webhook.id, type, chainId, block, events }
  const sent = await sendSigned(ports, webhook, id, content)
  if (!isTaken(sent)) {
    await webhooks.putProgress(failed(begun, sent, clock.nowMs()))
    return undefined
  }
  const taken: WebhookProgress = {
    ...next(begun),
    cursor: at,
    toldTo: block.number,
    tried: null,
    failures: 0,
    retryAtMs: 0,
    lastError: null,
    deliveredAtMs: clock.nowMs(),
  }
  return (await webhooks.putProgress(taken)) ? taken : undefined
}

const next = (progress: WebhookProgress): WebhookProgress => ({
  ...progress,
  version: progress.version + 1,
})

const isSame = (a: FeedCursor | null, b: FeedCursor | null): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** The same for the same item of the same history, whenever it is read. */
function deliveryId(sha256: Sha256, { id }: Webhook, { type, cursor }: FeedItem): string {
  const { number, hash, commit, logIndex, move } = cursor
  const place =
    type === 'retracted' ? [number, hash, commit, move] : [number, hash, commit, logIndex]
  return messageId(sha256, [id, type, ...place])
}

const messageId = (sha256: Sha256, of: readonly unknown[]): string =>
  `msg_${sha256(JSON.stringify(of)).slice(2, 34)}`

/** Pauses double; a receiver that says when to come again is believed, and one that says that it is gone is left. */
function failed(progress: WebhookProgress, sent: Sent, nowMs: number): WebhookProgress {
  const failures = progress.failures + 1
  const own = Math.min(RETRY_MS_FIRST * 2 ** progress.failures, RETRY_MS_MAX)
  const said = sent.status === 'answered' ? (sent.retryAfterMs ?? 0) : 0
  const isGone = sent.status === 'answered' && sent.code === 410
  return {
    ...next(progress),
    failures,
    retryAtMs: nowMs + Math.max(own, Math.min(said, RETRY_AFTER_MS_MAX)),
    lastError: refusalText(sent),
    isPaused: isGone || failures >= FAILURES_MAX,
  }
}
