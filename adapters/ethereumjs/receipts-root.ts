import { type Input, RLP } from '@ethereumjs/rlp'
import type { ReceiptsRoot } from '#core/indexing/ports.ts'
import { encodeReceipt } from './encode-receipt.ts'

/*
 * A general trie takes one change at a time and hashes the whole path at each of them. Here all keys are known at the
 * start, so that every node is made and hashed once.
 */

type Entry = { readonly nibbles: readonly number[]; readonly value: Uint8Array }
type KeccakBytes = (bytes: Uint8Array) => Uint8Array

/** A node shorter than this stands in its parent itself, instead of its hash (yellow paper, appendix D). */
const HASHED_BYTES_MIN = 32
const EMPTY = new Uint8Array(0)

/** Root of the trie from RLP(index) to receipt. */
export const createReceiptsRoot =
  (keccakBytes: KeccakBytes): ReceiptsRoot =>
  async (receipts) => {
    const entries = receipts.map((receipt, index) => ({
      nibbles: nibblesOf(RLP.encode(index)),
      value: encodeReceipt(receipt),
    }))
    const root = entries.length === 0 ? EMPTY : nodeOf(entries, 0, keccakBytes)
    return `0x${Buffer.from(keccakBytes(RLP.encode(root))).toString('hex')}`
  }

const nibblesOf = (bytes: Uint8Array): number[] =>
  [...bytes].flatMap((byte) => [byte >> 4, byte & 15])

/** The node over entries that share their first `depth` nibbles. No key here is the beginning of another. */
function nodeOf(entries: readonly Entry[], depth: number, keccakBytes: KeccakBytes): Input {
  const [first] = entries as [Entry]
  if (entries.length === 1) return [pathOf(first.nibbles.slice(depth), true), first.value]
  const end = sharedNibbles(entries)
  const branch = (): Input => branchOf(entries, end, keccakBytes)
  if (end === depth) return branch()
  return [pathOf(first.nibbles.slice(depth, end), false), referenceTo(branch(), keccakBytes)]
}

function branchOf(entries: readonly Entry[], depth: number, keccakBytes: KeccakBytes): Input {
  const children: Entry[][] = Array.from({ length: 16 }, () => [])
  for (const entry of entries) children[entry.nibbles[depth] as number]?.push(entry)
  const references = children.map((some) =>
    some.length === 0 ? EMPTY : referenceTo(nodeOf(some, depth + 1, keccakBytes), keccakBytes),
  )
  return [...references, EMPTY]
}

function referenceTo(node: Input, keccakBytes: KeccakBytes): Input {
  const encoded = RLP.encode(node)
  return encoded.length < HASHED_BYTES_MIN ? node : keccakBytes(encoded)
}

/** How many nibbles at the beginning are the same in all entries. */
function sharedNibbles([first, ...rest]: readonly Entry[]): number {
  const nibbles = first?.nibbles ?? []
  const end = nibbles.findIndex((nibble, at) => rest.some((entry) => entry.nibbles[at] !== nibble))
  return end < 0 ? nibbles.length : end
}

/** Nibbles as bytes, the first of which tells their number's parity and whether a value follows (appendix C). */
function pathOf(nibbles: readonly number[], isLeaf: boolean): Uint8Array {
  const isOdd = nibbles.length % 2 === 1
  const flag = (isLeaf ? 2 : 0) + (isOdd ? 1 : 0)
  const all = isOdd ? [flag, ...nibbles] : [flag, 0, ...nibbles]
  return Uint8Array.from({ length: all.length / 2 }, (_, at) => {
    const [high, low] = [all[2 * at] as number, all[2 * at + 1] as number]
    return (high << 4) | low
  })
}
