import { type EventFamily, eventSpec } from '#core/history/event.ts'
import type { TokenStandard } from '#core/nft/transfer.ts'
import type { Fields } from '#core/record.ts'

/** A collection says that the metadata of these tokens has changed; both ends included. */
export type MetadataUpdate = {
  readonly type: 'metadataUpdate'
  readonly protocol: TokenStandard
  readonly fromTokenId: bigint
  readonly toTokenId: bigint
}

const fields: Fields<Omit<MetadataUpdate, 'type' | 'protocol'>> = {
  fromTokenId: 'uint256',
  toTokenId: 'uint256',
}
export const updateOfErc721 = eventSpec<MetadataUpdate>({
  type: 'metadataUpdate',
  protocol: 'erc721',
  number: 70,
  fields,
})
export const updateOfErc1155 = eventSpec<MetadataUpdate>({
  type: 'metadataUpdate',
  protocol: 'erc1155',
  number: 71,
  fields,
})

export const metadataFamily: EventFamily<MetadataUpdate> = {
  name: 'metadata',
  version: 1,
  events: [updateOfErc721, updateOfErc1155],
}
