import { netAmounts, type Swap } from '#core/dex/events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import type { TokenTransfer } from '#core/tokens/token-transfer.ts'
import type { ToldBody } from '#core/webhooks/topics.ts'
import type { Webhook, WebhookProgress } from '#core/webhooks/ports.ts'
import { toJson } from './json.ts'
import { nftTransfer, nftTransferRows } from './nft-transfers.ts'
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
    default:
      return body satisfies never
  }
}

const time = (ms: number): number => Math.floor(ms / 1_000)

/** A webhook without its secret, and how it goes. */
export const webhookJson = (webhook: Webhook, progress: WebhookProgress | undefined): object => ({
  id: webhook.id,
  owner: webhook.owner,
  url: webhook.url,
  chainId: webhook.chainId,
  topics: webhook.topics,
  addresses: webhook.addresses,
  createdAt: time(webhook.createdAtMs),
  state: progress?.isPaused ? 'paused' : (progress?.failures ?? 0) > 0 ? 'failing' : 'active',
  block: progress?.cursor?.number ?? null,
  failures: progress?.failures ?? 0,
  lastError: progress?.lastError ?? null,
  deliveredAt: progress?.deliveredAtMs == null ? null : time(progress.deliveredAtMs),
})
