import type { Address } from '#core/chain.ts'
import { type EventFamily, eventSpec } from '#core/history/event.ts'
import type { Fields } from '#core/record.ts'

export type TokenStandard = 'erc721' | 'erc1155'

/**
 * NFTs that moved. ERC-721: `operator` is null, each amount 1, and one token but for ERC-2309, which announces many at
 * once. ERC-1155: one entry a token of the batch.
 */
export type Transfer = {
  readonly type: 'transfer'
  readonly protocol: TokenStandard
  readonly operator: Address | null
  readonly from: Address
  readonly to: Address
  readonly tokenIds: readonly bigint[]
  readonly amounts: readonly bigint[]
}

const fields: Fields<Omit<Transfer, 'type' | 'protocol'>> = {
  operator: 'hex?',
  from: 'hex',
  to: 'hex',
  tokenIds: 'uint256[]',
  amounts: 'uint256[]',
}
export const transferOfErc721 = eventSpec<Transfer>({
  type: 'transfer',
  protocol: 'erc721',
  number: 13,
  fields,
})
export const transferOfErc1155 = eventSpec<Transfer>({
  type: 'transfer',
  protocol: 'erc1155',
  number: 14,
  fields,
})

export const transferFamily: EventFamily<Transfer> = {
  name: 'transfer',
  version: 1,
  events: [transferOfErc721, transferOfErc1155],
}

/** One moved token of a transfer. */
export type TransferredToken = { readonly tokenId: bigint; readonly amount: bigint }

export const tokensOf = ({ tokenIds, amounts }: Transfer): TransferredToken[] =>
  tokenIds.map((tokenId, index) => ({ tokenId, amount: amounts[index] ?? 0n }))
