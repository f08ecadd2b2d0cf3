import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import type { Fold, FoldInput, Projection, Wanted } from '#core/history/projection.ts'
import {
  adjustHolder,
  type Holding,
  holderDocuments,
  holdingDocuments,
  holdingsVersion,
  ownershipDocuments,
  receive,
  send,
} from './holding.ts'
import { tokensOf, type Transfer, transferFamily } from './transfer.ts'

/** Who holds what, and what an account holds of a collection, from transfers. */
export const holdingsProjection: Projection<Transfer> = {
  ...holdingsVersion,
  documents: [holdingDocuments, ownershipDocuments, holderDocuments],
  families: [transferFamily],

  wants(events) {
    const wanted: Wanted[] = []
    for (const { address, body } of events) {
      if (body.protocol === 'erc721')
        for (const tokenId of body.tokenIds)
          wanted.push({ spec: ownershipDocuments, key: [address, tokenId] })
      for (const owner of [body.from, body.to]) wantOfOwner(wanted, address, body.tokenIds, owner)
    }
    return wanted
  },

  // Who loses an ERC-721 token is its owner so far, whom the transfer may not name.
  wantsThen(events, documents) {
    const wanted: Wanted[] = []
    for (const { address, body } of events) {
      if (body.protocol !== 'erc721') continue
      for (const tokenId of body.tokenIds) {
        const { value } = documents.slot(ownershipDocuments, [address, tokenId])
        if (value) wantOfOwner(wanted, address, [tokenId], value.owner)
      }
    }
    return wanted
  },

  begin: foldTransfers,
}

/** Adds what an owner has of some tokens. One by one: a transfer may name more than a call can take arguments. */
function wantOfOwner(
  wanted: Wanted[],
  collection: Address,
  tokenIds: readonly bigint[],
  owner: Address,
): void {
  if (owner === ZERO_ADDRESS) return
  wanted.push({ spec: holderDocuments, key: [collection, owner] })
  for (const tokenId of tokenIds)
    wanted.push({ spec: holdingDocuments, key: [collection, tokenId, owner] })
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

  /** The owner of an ERC-721 token before a transfer, and from it on `to`: of one not seen before, whom it names. */
  function passOn({ block, collection, tokenId }: Move, { from, to }: Transfer): Address {
    const slot = documents.slot(ownershipDocuments, [collection, tokenId])
    const before = slot.value?.owner ?? from
    slot.value = { collection, tokenId, owner: to }
    slot.changedAt = block
    return before
  }

  return {
    apply({ address, body, block }) {
      for (const { tokenId, amount } of tokensOf(body)) {
        const move = { block, standard: body.protocol, collection: address, tokenId }
        const from = body.protocol === 'erc721' ? passOn(move, body) : body.from
        change(move, from, (holding) => send(holding, amount))
        change(move, body.to, (holding) => receive(holding, amount))
      }
    },
    finish: () => undefined,
  }
}
