import type { Address } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanVersions } from '#core/history/resolve.ts'
import { holdingDocuments } from '#core/nft/holding.ts'
import type { IndexedCollections } from '#core/nft/indexed-collections.ts'
import type { Reason } from './decision.ts'

/** A token that an account has had since a block, as the transfers say. */
export type IndexedToken = { readonly tokenId: bigint; readonly since: number }

/** What the index of transfers says at the block of a decision, or why it says nothing. */
export type HoldingIndex = {
  tokensOf(collection: Address, account: Address): Promise<readonly IndexedToken[] | Reason>
}

/** Tokens of one account in one collection that one decision looks at. */
const TOKENS_MAX = 1_000

export const createHoldingIndex = (
  ports: ResolvePorts & { readonly collections: IndexedCollections },
  view: View,
): HoldingIndex => ({
  async tokensOf(collection, account) {
    if (!ports.collections.has(collection)) return 'not-indexed'
    const versions = await scanVersions(
      ports,
      view,
      holdingDocuments,
      { limit: TOKENS_MAX + 1, order: 'byOwner', prefix: [account, collection] },
      ({ amount }) => amount > 0n,
    )
    if (versions.length > TOKENS_MAX) return 'too-many-tokens'
    return versions.map(({ value, number }) => ({ tokenId: value.tokenId, since: number }))
  },
})

/** For where there is none that could be believed. */
export const noIndex = (reason: Reason): HoldingIndex => ({ tokensOf: async () => reason })
