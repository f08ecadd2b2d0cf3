import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import type { Fold, FoldInput, Projection, Wanted } from '#core/history/projection.ts'
import {
  adjustHolder,
  type Holding,
  holderDocuments,
  holdingDocuments,
  receive,
  send,
} from './holding.ts'
import { tokensOf, type Transfer, transferFamily } from './transfer.ts'

/** Who holds what, and what an account holds of a collection, from transfers. */
export const holdingsProjection: Projection<Transfer> = {
  name: 'holdings',
  version: 1,
  documents: [holdingDocuments, holderDocuments],
  families: [transferFamily],

  wants(events) {
    const wanted: Wanted[] = []
    for (const { address, body } of events)
      for (const owner of [body.from, body.to]) {
        if (owner === ZERO_ADDRESS) continue
        wanted.push({ spec: holderDocuments, key: [address, owner] })
        for (const tokenId of body.tokenIds)
          wanted.push({ spec: holdingDocuments, key: [address, tokenId, owner] })
      }
    return wanted
  },

  begin: foldTransfers,
}

/** One token of a transfer. */
type Move = {
  readonly block: BlockRef
  readonly standard: Transfer['protocol']
  readonly collection: Address
  readonly tokenId: bigint
}

function foldTransfers({ documents }: FoldInput): Fold<Transfer> {
  function change(
    { block, standard, collection, tokenId }: Move,
    owner: Address,
    changed: (holding: Holding) => Holding,
  ): void {
    if (owner === ZERO_ADDRESS) return
    const slot = documents.slot(holdingDocuments, [collection, tokenId, owner])
    const holding = slot.value ?? {
      collection,
      tokenId,
      owner,
      standard,
      amount: 0n,
      shortfall: 0n,
    }
    slot.value = changed(holding)
    slot.changedAt = block
    const holder = documents.slot(holderDocuments, [collection, owner])
    const before = holder.value ?? { collection, owner, tokenCount: 0, amount: 0n }
    holder.value = adjustHolder(before, holding.amount, slot.value.amount)
    holder.changedAt = block
  }

  return {
    apply({ address, body, block }) {
      for (const { tokenId, amount } of tokensOf(body)) {
        const move = { block, standard: body.protocol, collection: address, tokenId }
        change(move, body.from, (holding) => send(holding, amount))
        change(move, body.to, (holding) => receive(holding, amount))
      }
    },
    finish: () => undefined,
  }
}
