import { type AbiValue, encodeArguments } from '#core/abi.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'
import type { Keccak } from '#core/indexing/ports.ts'

/** Who may claim how much. */
export type Claim = { readonly owner: Address; readonly amount: bigint }

/** A tree over claims; a claim is proven by the hashes beside the way from its leaf to the root. */
export type MerkleTree = {
  readonly root: Hash
  leafOf(index: number): Hash
  /** From the leaf on. */
  proofOf(index: number): Hash[]
}

/** Hashes between two pauses. */
const STEP = 100

/**
 * The tree that OpenZeppelin's libraries call standard (`standard-v1`, with the leaf types address and uint256), so that
 * their `MerkleProof` verifies its proofs: a leaf is the hash of the hash of its ABI encoding, leaves are sorted, the tree
 * is complete, and the two below a node are hashed in the order of their values.
 *
 * @param claims one or more
 */
export function* buildMerkleTree(
  keccak: Keccak,
  claims: readonly Claim[],
): Generator<void, MerkleTree> {
  const leaves: Hash[] = []
  for (const [index, { owner, amount }] of claims.entries()) {
    if (index % STEP === 0) yield
    const values: AbiValue[] = [owner, amount]
    leaves.push(keccak(keccak(encodeArguments(values))))
  }
  const sorted = leaves.entries().toArray()
  sorted.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))
  yield
  // The root is at 0, the two below a node at 2i+1 and 2i+2, and the leaves come last, the least of them at the end.
  const nodes: Hash[] = Array.from({ length: claims.length * 2 - 1 })
  const places: number[] = Array.from({ length: claims.length })
  for (const [place, [index, leaf]] of sorted.entries()) {
    const at = nodes.length - 1 - place
    nodes[at] = leaf
    places[index] = at
  }
  for (let at = nodes.length - 1 - claims.length; at >= 0; at--) {
    if (at % STEP === 0) yield
    nodes[at] = keccak(pairOf(nodes[2 * at + 1] as Hash, nodes[2 * at + 2] as Hash))
  }
  return {
    root: nodes[0] as Hash,
    leafOf: (index) => leaves[index] as Hash,
    proofOf(index) {
      const proof: Hash[] = []
      for (let at = places[index] as number; at > 0; at = (at - 1) >> 1)
        proof.push(nodes[at % 2 === 1 ? at + 1 : at - 1] as Hash)
      return proof
    },
  }
}

const pairOf = (a: Hash, b: Hash): Hex =>
  a < b ? `0x${a.slice(2)}${b.slice(2)}` : `0x${b.slice(2)}${a.slice(2)}`
