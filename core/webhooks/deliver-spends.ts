import type { Sha256 } from '#core/history/digest.ts'
import { type Entry, openEntry, type OperationRecord, originOf } from '#core/ledger/entry.ts'
import { operationId, type OperationId } from '#core/ledger/operation.ts'
import type { LedgerReader } from '#core/ledger/ports.ts'
import type { Intent } from '#core/relay/intent.ts'
import type { IntentStore } from '#core/relay/ports.ts'
import {
  type DeliverOutcome,
  type DeliverPorts,
  deliverOne,
  messageId,
  next,
  type Step,
} from './deliver-step.ts'
import type { LedgerCursor, Webhook, WebhookProgress } from './ports.ts'

/** What has become of a spend, as the ledger has it. */
export type SpendChange = 'held' | 'refused' | 'settled' | 'voided'

export type SpendDeliverPorts = DeliverPorts & {
  readonly store: Pick<LedgerReader, 'newest' | 'entries'>
  readonly intents: Pick<IntentStore, 'intent'>
  /** The ledger that spends are of. */
  readonly ledger: string
  readonly sha256: Sha256
  /** A change as receivers read it. @param atMs when the ledger wrote it down */
  readonly describe: (intent: Intent, change: SpendChange, atMs: number) => object
}

/** Entries that are read at once; each has as many changes as operations. */
const ENTRIES_MAX = 50

/** The newest entry of a ledger; before the first, where its log begins. */
export const ledgerFeed = (
  store: Pick<LedgerReader, 'newest'>,
  sha256: Sha256,
  ledger: string,
): { newest(): Promise<LedgerCursor> } => ({
  async newest() {
    const { sequence, hash } = (await store.newest(ledger)) ?? originOf(sha256, ledger)
    return { ledger, sequence, hash }
  },
})

/**
 * Tells a webhook what became of spends on its chain, from where the receiver has taken the last delivery. What it follows
 * is the log of the ledger, of which nothing is ever taken back: an entry is told once, in its order, and none is left out.
 *
 * @throws AppError `unavailable` where records cannot be used
 */
export async function deliverSpends(
  ports: SpendDeliverPorts,
  webhook: Webhook,
  stop: { readonly aborted: boolean } = { aborted: false },
): Promise<DeliverOutcome> {
  const { webhooks, store, ledger, sha256, clock } = ports
  const known = await webhooks.progress(webhook.id)
  if (!known || known.isPaused || known.retryAtMs > clock.nowMs()) return 'waiting'
  let cursor = cursorOf(known, ledger) ?? (await ledgerFeed(store, sha256, ledger).newest())
  // With the entry that was told last, which shows whether the log is the same.
  const from = Math.max(1, cursor.sequence)
  const stored = await store.entries(ledger, from, ENTRIES_MAX)
  const isSame =
    cursor.sequence === 0 ||
    (stored[0]?.sequence === cursor.sequence && stored[0].hash === cursor.hash)
  if (!isSame) {
    const lastError = 'the ledger was restored to before what was told; compare, and resume anew'
    await webhooks.putProgress({ ...next(known), lastError, isPaused: true })
    return 'waiting'
  }
  let progress = known
  for (const entry of stored.filter(({ sequence }) => sequence > cursor.sequence).map(openEntry)) {
    if (stop.aborted) break
    const at: LedgerCursor = { ledger, sequence: entry.sequence, hash: entry.hash }
    // oxlint-disable-next-line no-await-in-loop -- one behind the other
    const step = await stepOf(ports, webhook, entry)
    if (step) {
      // oxlint-disable-next-line no-await-in-loop -- likewise
      const after = await deliverOne(ports, webhook, { ...progress, cursor }, step, at)
      if (!after) return 'waiting'
      progress = after
    }
    cursor = at
  }
  if (cursorOf(progress, ledger)?.sequence !== cursor.sequence)
    await webhooks.putProgress({ ...next(progress), cursor })
  return stored.length === ENTRIES_MAX ? 'more' : 'idle'
}

const cursorOf = ({ cursor }: WebhookProgress, ledger: string): LedgerCursor | undefined =>
  cursor && 'sequence' in cursor && cursor.ledger === ledger ? cursor : undefined

async function stepOf(
  { intents, describe, ledger, sha256 }: SpendDeliverPorts,
  { id, chainId, addresses }: Webhook,
  { sequence, hash, atMs, operations }: Entry,
): Promise<Step | undefined> {
  const events: object[] = []
  for (const record of operations) {
    const change = changeOf(record)
    // oxlint-disable-next-line no-await-in-loop -- few of an entry are of spends
    const intent = change && (await intents.intent(change.of))
    if (!intent || intent.chainId !== chainId || intent.ledger !== ledger) continue
    if (addresses?.includes(intent.wallet) ?? true) events.push(describe(intent, change.to, atMs))
  }
  if (events.length === 0) return undefined
  const message = messageId(sha256, [id, 'spends', ledger, sequence, hash])
  return { id: message, type: 'appended', block: null, events, isLast: true }
}

/** What an operation says of the hold of a spend. */
function changeOf({
  scope,
  key,
  operation,
  outcome,
}: OperationRecord): { readonly of: OperationId; readonly to: SpendChange } | undefined {
  const isDone = outcome.status === 'done'
  if (operation.kind === 'hold')
    return { of: operationId(scope, key), to: isDone ? 'held' : 'refused' }
  // What was refused has changed nothing.
  if (!isDone) return undefined
  if (operation.kind === 'settle') return { of: operation.hold, to: 'settled' }
  if (operation.kind === 'void' || operation.kind === 'lapse')
    return { of: operation.hold, to: 'voided' }
  return undefined
}
