import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import { blockAt } from '#core/history/block-at.ts'
import type { View } from '#core/history/head.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import type { HeadLog } from '#core/history/ports.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import { type TokenStandard, tokensOf, type Transfer, transferFamily } from '#core/nft/transfer.ts'
import {
  collectionSource,
  firstOfWhole,
  incompleteCollection,
  refuseTooManyMoves,
} from '#core/nft/whole-collection.ts'
import type { AnySource } from '#core/indexing/source.ts'
import type { Keccak } from '#core/indexing/ports.ts'
import type { Slices } from '#core/dex/quoting/in-slices.ts'
import { buildMerkleTree, type MerkleTree } from './merkle.ts'
import { isBurnAddress } from '#core/nft/burn.ts'

export type SnapshotPorts = EventPorts & {
  readonly heads: Pick<HeadLog, 'block' | 'settledBlock'>
  readonly sources: readonly AnySource[]
  readonly keccak: Keccak
  /** What is long is done in slices. */
  readonly slices: Slices
}

/** What an account held of a collection: `amount` are tokens of ERC-721, units of ERC-1155. */
export type SnapshotHolder = {
  readonly owner: Address
  readonly tokenCount: number
  readonly amount: bigint
}

/** Who held what of a collection at a block. */
export type Snapshot = {
  readonly collection: Address
  readonly standard: TokenStandard
  readonly block: BlockRef
  /** By address, without the burn addresses. */
  readonly holders: readonly SnapshotHolder[]
  /** Over holders and their amounts, in the order of `holders`; null where there are none. */
  readonly tree: MerkleTree | null
  /** By token and owner, how much: what can be compared with the contract. */
  readonly holdings: readonly SnapshotHolding[]
}

export type SnapshotHolding = SnapshotHolder & { readonly tokenId: bigint }

export type SnapshotQuery = {
  readonly collection: Address
  /** Its height; the newest final block unless given. */
  readonly at?: number
}

/** Transfers read at a time. */
const PAGE = 2_000

/**
 * The holders of a collection at any indexed block, folded from its transfers.
 *
 * @throws AppError `not-found` (`not-indexed`) for a collection that is not; `invalid` for a block that is not;
 *   `conflict` (`index-incomplete`) where the transfers before the index are missing: it would be a wrong list
 */
export async function snapshotHolders(
  ports: SnapshotPorts,
  view: View,
  { collection, at = view.head.finalized.number }: SnapshotQuery,
): Promise<Snapshot> {
  const source = collectionSource(ports.sources, collection)
  const { kind: standard } = source
  const block = await blockAt(ports.heads, view, at, 'at')
  const from = firstOfWhole(view, source, at)
  const fold = createFold(collection, standard)
  for await (const events of pagesOfEvents(ports, view, transferFamily, {
    address: collection,
    from,
    to: at,
    limit: PAGE,
  }))
    for (const { body } of events) fold.add(body)
  const { holders, holdings } = fold.result()
  const tree =
    holders.length === 0 ? null : await ports.slices(buildMerkleTree(ports.keccak, holders))
  return { collection, standard, block, holders, holdings, tree }
}

function createFold(collection: Address, standard: TokenStandard) {
  const owners = new Map<bigint, Map<Address, bigint>>()
  let moves = 0

  /** ERC-721: a token has one owner, whatever its transfers say of the one before. */
  function pass(tokenId: bigint, from: Address, to: Address): void {
    if (!owners.has(tokenId) && from !== ZERO_ADDRESS)
      throw incompleteCollection(
        collection,
        `token ${tokenId} was there before its first indexed transfer`,
      )
    owners.set(tokenId, new Map(to === ZERO_ADDRESS ? [] : [[to, 1n]]))
  }

  function move(tokenId: bigint, from: Address, to: Address, amount: bigint): void {
    const held = owners.get(tokenId) ?? new Map<Address, bigint>()
    owners.set(tokenId, held)
    const change = (owner: Address, by: bigint): void => {
      if (owner === ZERO_ADDRESS) return
      const after = (held.get(owner) ?? 0n) + by
      if (after < 0n)
        throw incompleteCollection(
          collection,
          `${owner} had token ${tokenId} before any transfer to it`,
        )
      if (after === 0n) held.delete(owner)
      else held.set(owner, after)
    }
    change(from, -amount)
    change(to, amount)
  }

  return {
    add(body: Transfer): void {
      for (const { tokenId, amount } of tokensOf(body)) {
        refuseTooManyMoves(collection, ++moves)
        if (standard === 'erc721') pass(tokenId, body.from, body.to)
        else move(tokenId, body.from, body.to, amount)
      }
    },
    result() {
      const byOwner = new Map<Address, { tokenCount: number; amount: bigint }>()
      const holdings: SnapshotHolding[] = []
      for (const [tokenId, held] of owners)
        for (const [owner, amount] of held) {
          if (isBurnAddress(owner)) continue
          holdings.push({ owner, tokenId, tokenCount: 1, amount })
          const sum = byOwner.get(owner) ?? { tokenCount: 0, amount: 0n }
          byOwner.set(owner, { tokenCount: sum.tokenCount + 1, amount: sum.amount + amount })
        }
      const holders = [...byOwner].map(([owner, sum]): SnapshotHolder => ({ owner, ...sum }))
      holders.sort((a, b) => (a.owner < b.owner ? -1 : 1))
      return { holders, holdings }
    },
  }
}
