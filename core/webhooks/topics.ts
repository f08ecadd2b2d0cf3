import { type Swap, swapFamily } from '#core/dex/events.ts'
import { type ContractEvent, contractEventFamily } from '#core/events/contract-event.ts'
import type { EventBody, EventFamily } from '#core/history/event.ts'
import { type Transfer, transferFamily } from '#core/nft/transfer.ts'
import { tokenFamily, type TokenRebase, type TokenTransfer } from '#core/tokens/token-transfer.ts'
import type { ChainTopic, WebhookTopic } from './ports.ts'

/** What webhooks are told of. */
export type ToldBody = Transfer | TokenTransfer | TokenRebase | Swap | ContractEvent

const families: Readonly<Record<ChainTopic, EventFamily<ToldBody>>> = {
  'nft-transfers': transferFamily,
  'token-transfers': tokenFamily,
  swaps: swapFamily,
  'contract-events': contractEventFamily,
}

export const chainTopics = Object.keys(families) as readonly ChainTopic[]

export const SPENDS_TOPIC = 'points-spends'

export const webhookTopics: readonly WebhookTopic[] = [...chainTopics, SPENDS_TOPIC]

/** Whether a webhook follows a ledger, and no chain. */
export const isOfSpends = ({ topics }: { readonly topics: readonly WebhookTopic[] }): boolean =>
  topics.includes(SPENDS_TOPIC)

export const familiesOf = (topics: readonly WebhookTopic[]): EventFamily<ToldBody>[] =>
  topics.flatMap((topic) => (topic === SPENDS_TOPIC ? [] : families[topic]))

/** Balances that change without transfers are not told. */
export const isTold = (body: EventBody): boolean => body.type !== 'tokenRebase'
