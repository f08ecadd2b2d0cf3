import type { BlockRef } from '#core/chain.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { Sent, Webhook, WebhookProgress, WebhookStore } from './ports.ts'
import { isTaken, refusalText, type SendPorts, sendSigned } from './send.ts'

export type DeliverPorts = SendPorts & {
  readonly webhooks: Pick<WebhookStore, 'progress' | 'putProgress'>
}

/** `idle`: all was told. `waiting`: a delivery failed, or nobody resumes it. `more`: there is more to be told at once. */
export type DeliverOutcome = 'idle' | 'waiting' | 'more'

const RETRY_MS_FIRST = 1_000
const RETRY_MS_MAX = 3_600_000
/** With pauses of up to an hour these are some three days. */
const FAILURES_MAX = 80
/** How long a receiver may have itself waited for. */
const RETRY_AFTER_MS_MAX = 86_400_000

/** One delivery. */
export type Step = {
  readonly id: string
  readonly type: 'appended' | 'retracted'
  /** Null: it is of no block. */
  readonly block: BlockRef | null
  readonly events: readonly object[]
  /** Whether all of the item is told with it. */
  readonly isLast: boolean
}

/**
 * Sends one delivery and keeps what became of it. That events are sent is kept before they are, for the answer may not
 * come, and the history may change until they are sent again.
 *
 * @param at where the receiver stands when it has taken it
 * @returns undefined where it was not taken, or somebody else is at it
 */
export async function deliverOne(
  ports: DeliverPorts,
  webhook: Webhook,
  before: WebhookProgress,
  { id, type, block, events }: Step,
  at: NonNullable<WebhookProgress['cursor']>,
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
    toldTo: block?.number ?? begun.toldTo,
    tried: null,
    failures: 0,
    retryAtMs: 0,
    lastError: null,
    deliveredAtMs: clock.nowMs(),
  }
  return (await webhooks.putProgress(taken)) ? taken : undefined
}

export const next = (progress: WebhookProgress): WebhookProgress => ({
  ...progress,
  version: progress.version + 1,
})

export const messageId = (sha256: Sha256, of: readonly unknown[]): string =>
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
