import { type Swap, swapFamily } from '#core/dex/events.ts'
import type { EventBody, EventFamily } from '#core/history/event.ts'
import { type Transfer, transferFamily } from '#core/nft/transfer.ts'
import { tokenFamily, type TokenRebase, type TokenTransfer } from '#core/tokens/token-transfer.ts'
import type { WebhookTopic } from './ports.ts'

/** What webhooks are told of. */
export type ToldBody = Transfer | TokenTransfer | TokenRebase | Swap

const families: Readonly<Record<WebhookTopic, EventFamily<ToldBody>>> = {
  'nft-transfers': transferFamily,
  'token-transfers': tokenFamily,
  swaps: swapFamily,
}

export const webhookTopics = Object.keys(families) as readonly WebhookTopic[]

export const familiesOf = (topics: readonly WebhookTopic[]): EventFamily<ToldBody>[] =>
  topics.map((topic) => families[topic])

/** Balances that change without transfers are not told. */
export const isTold = (body: EventBody): boolean => body.type !== 'tokenRebase'
