import type { Address, BlockRef } from '#core/chain.ts'

type TokenRef = { readonly collection: Address; readonly tokenId: bigint }

/** Asks contracts of NFTs, as of exactly one block. */
export type NftReader = {
  /**
   * Whose ERC-721 tokens are, in the order asked: null where the contract refuses, as it does for a token that is not
   * there; undefined where it does not answer as ERC-721 says.
   *
   * @throws AppError `unavailable` when the block's state cannot be read
   */
  owners(block: BlockRef, tokens: readonly TokenRef[]): Promise<(Address | null | undefined)[]>
  /**
   * How much of ERC-1155 tokens accounts hold, in the order asked; undefined where the contract does not answer as
   * ERC-1155 says.
   *
   * @throws AppError `unavailable` when the block's state cannot be read
   */
  balances(
    block: BlockRef,
    holdings: readonly (TokenRef & { readonly owner: Address })[],
  ): Promise<(bigint | undefined)[]>
}
