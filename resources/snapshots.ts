import type { Hash } from '#core/chain.ts'
import type { Snapshot, SnapshotHolder } from '#core/ownership/snapshot-holders.ts'
import { address, bigint, field, hash, int, maybe, resource, valuesOf } from './resource.ts'
import { tokenStandard } from './holdings.ts'

const sumOf = ({ holders }: Snapshot): bigint =>
  holders.reduce((sum, { amount }) => sum + amount, 0n)

export const snapshot = resource<Snapshot>(
  'HolderSnapshot',
  'Who held what of a collection at a block, as a whole.',
  {
    collection: field(address, ({ collection }) => collection),
    standard: field(tokenStandard, ({ standard }) => standard),
    blockNumber: field(int, ({ block }) => block.number),
    blockHash: field(hash, ({ block }) => block.hash),
    holderCount: field(int, ({ holders }) => holders.length, 'Without the burn addresses.'),
    amount: field(bigint, sumOf, 'Tokens of ERC-721, units of ERC-1155, of all holders.'),
    merkleRoot: maybe(
      hash,
      ({ tree }) => tree?.root ?? null,
      'Over (address, uint256) of each holder and its amount, as `MerkleProof` of OpenZeppelin verifies it (standard-v1). Null where nobody holds anything.',
    ),
  },
)

/** A holder with what proves it. */
export type ProvenHolder = SnapshotHolder & {
  readonly leaf: Hash
  readonly proof: readonly Hash[]
}

/** The holder at an index of a snapshot. */
export const provenHolder = ({ holders, tree }: Snapshot, index: number): ProvenHolder => ({
  ...(holders[index] as SnapshotHolder),
  leaf: tree?.leafOf(index) as Hash,
  proof: tree?.proofOf(index) ?? [],
})

export const snapshotHolder = resource<ProvenHolder>(
  'SnapshotHolder',
  'What an account held of a collection at a block, with the proof of it.',
  {
    owner: field(address, ({ owner }) => owner),
    amount: field(bigint, ({ amount }) => amount, 'Tokens of ERC-721, units of ERC-1155.'),
    tokenCount: field(int, ({ tokenCount }) => tokenCount, 'How many different tokens.'),
    leaf: field(
      hash,
      ({ leaf }) => leaf,
      'The hash of the hash of the ABI encoding of owner and amount.',
    ),
    proof: field(valuesOf('hash'), ({ proof }) => proof, 'From the leaf to the root.'),
  },
)
