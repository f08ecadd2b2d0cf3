import { netAmounts, type Swap } from '#core/dex/events.ts'
import type { ContractEvent } from '#core/events/contract-event.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import type { TokenTransfer } from '#core/tokens/token-transfer.ts'
import type { Intent } from '#core/relay/intent.ts'
import type { SpendChange } from '#core/webhooks/deliver-spends.ts'
import type { ChainTopic, Webhook, WebhookProgress } from '#core/webhooks/ports.ts'
import { SPENDS_TOPIC, type ToldBody } from '#core/webhooks/topics.ts'
import { contractEvent } from './contract-events.ts'
import { toJson } from './json.ts'
import { nftTransfer, nftTransferRows } from './nft-transfers.ts'
import { pointsSpend } from './points-spends.ts'
import { choice, field, int, maybe, resource, text, time, valuesOf } from './resource.ts'
import { swap } from './swaps.ts'
import { tokenTransfer } from './token-transfers.ts'

/** An event as receivers of webhooks read it: as exports and the API write it, with its topic. */
export function toldEvents(event: ChainEvent<ToldBody>): object[] {
  const { body } = event
  switch (body.type) {
    case 'transfer':
      return nftTransferRows(event as ChainEvent<Transfer>).map((row) => ({
        topic: 'nft-transfers',
        ...toJson(nftTransfer, row),
      }))
    case 'tokenTransfer':
      return [
        {
          topic: 'token-transfers',
          ...toJson(tokenTransfer, event as ChainEvent<TokenTransfer>),
        },
      ]
    case 'tokenRebase':
      return []
    case 'swap': {
      const row = { event: event as ChainEvent<Swap>, ...netAmounts(body) }
      return [{ topic: 'swaps', ...toJson(swap, row) }]
    }
    case 'contractEvent': {
      const told = toJson(contractEvent, event as ChainEvent<ContractEvent>)
      return [{ topic: 'contract-events', ...told }]
    }
    default:
      return body satisfies never
  }
}

/** A change of a spend as receivers of webhooks read it. The voucher is for its account alone. */
export function toldSpend(intent: Intent, state: SpendChange, atMs: number): object {
  const { voucher: _, ...spend } = toJson(pointsSpend, intent) as Record<string, unknown>
  return { topic: SPENDS_TOPIC, ...spend, state, at: seconds(atMs) }
}

const blockOf = (progress: WebhookProgress | undefined): number | null =>
  progress?.cursor && 'number' in progress.cursor ? progress.cursor.number : null

const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** A webhook, and how far it has got. */
export type WebhookRow = {
  readonly webhook: Webhook
  readonly progress: WebhookProgress | undefined
}

export const webhookTopic = choice<ChainTopic>('WebhookTopic', {
  'nft-transfers': {},
  'token-transfers': {},
  swaps: {},
  'contract-events': {},
})

const state = choice('WebhookState', {
  active: {},
  failing: { description: 'The newest delivery is tried again.' },
  paused: { description: 'Nothing is sent until it is resumed.' },
})

const stateOf = ({ progress }: WebhookRow) => {
  if (progress?.isPaused) return 'paused'
  return (progress?.failures ?? 0) > 0 ? 'failing' : 'active'
}

const fields = {
  id: field(text, ({ webhook: { id } }: WebhookRow) => id),
  owner: field(text, ({ webhook: { owner } }: WebhookRow) => owner),
  url: field(text, ({ webhook: { url } }: WebhookRow) => url),
  chainId: field(int, ({ webhook: { chainId } }: WebhookRow) => chainId),
  topics: field(
    valuesOf('text'),
    ({ webhook: { topics } }: WebhookRow) => topics,
    'Of nft-transfers, token-transfers, swaps and contract-events.',
  ),
  addresses: maybe(
    valuesOf('address'),
    ({ webhook: { addresses } }: WebhookRow) => addresses,
    'Only of these contracts; null: of all.',
  ),
  createdAt: field(time, ({ webhook: { createdAtMs } }: WebhookRow) => seconds(createdAtMs)),
  state: field(state, stateOf),
  block: maybe(
    int,
    ({ progress }: WebhookRow) => blockOf(progress),
    'Everything up to there was taken, or was there before the webhook; null while nothing is indexed.',
  ),
  failures: field(int, ({ progress }: WebhookRow) => progress?.failures ?? 0, 'In a row.'),
  lastError: maybe(text, ({ progress }: WebhookRow) => progress?.lastError ?? null),
  deliveredAt: maybe(time, ({ progress }: WebhookRow) =>
    progress?.deliveredAtMs == null ? null : seconds(progress.deliveredAtMs),
  ),
}

/** A webhook without its secret. */
export const webhook = resource<WebhookRow>(
  'Webhook',
  'Somebody who is told what is committed.',
  fields,
)

export const newWebhook = resource<WebhookRow>(
  'NewWebhook',
  'A webhook that was just added, with what its deliveries are signed with.',
  {
    ...fields,
    secret: field(
      text,
      ({ webhook: { secret } }: WebhookRow) => secret,
      '`whsec_` and base64. It is not told again.',
    ),
  },
)

export const webhookTest = resource<{ readonly id: string; readonly why: string | null }>(
  'WebhookTest',
  'What became of a delivery of type test.',
  {
    id: field(text, ({ id }) => id),
    why: maybe(text, ({ why }) => why, 'Why it was not taken; null: it was.'),
  },
)
