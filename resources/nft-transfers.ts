import type { ChainEvent } from '#core/history/event.ts'
import { tokensOf, type Transfer } from '#core/nft/transfer.ts'
import { block } from './blocks.ts'
import { tokenStandard } from './holdings.ts'
import { address, bigint, field, hash, int, maybe, resource } from './resource.ts'

/** One token of a transfer; a batch of ERC-1155 is as many of them as it has entries. */
export type NftTransferRow = {
  readonly event: ChainEvent<Transfer>
  /** From 0, in the order of the event. */
  readonly batchIndex: number
  readonly tokenId: bigint
  readonly amount: bigint
}

export const nftTransferRows = (event: ChainEvent<Transfer>): NftTransferRow[] =>
  tokensOf(event.body).map(({ tokenId, amount }, batchIndex) => ({
    event,
    batchIndex,
    tokenId,
    amount,
  }))

export const nftTransfer = resource<NftTransferRow>('NftTransfer', 'A token that moved.', {
  block: field(block, ({ event }) => event.block),
  transactionHash: field(hash, ({ event }) => event.transactionHash),
  logIndex: field(int, ({ event }) => event.logIndex),
  batchIndex: field(int, ({ batchIndex }) => batchIndex),
  standard: field(tokenStandard, ({ event }) => event.body.protocol),
  collection: field(address, ({ event }) => event.address),
  tokenId: field(bigint, ({ tokenId }) => tokenId),
  from: field(address, ({ event }) => event.body.from),
  to: field(address, ({ event }) => event.body.to),
  amount: field(bigint, ({ amount }) => amount),
  operator: maybe(address, ({ event }) => event.body.operator),
})
