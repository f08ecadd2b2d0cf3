import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import type { ReceiptsRoot } from '#core/indexing/ports.ts'
import { encodeReceipt } from './encode-receipt.ts'

/** Root of the trie from RLP(index) to receipt. */
export const createReceiptsRoot =
  (keccakBytes: (bytes: Uint8Array) => Uint8Array): ReceiptsRoot =>
  async (receipts) => {
    const trie = await createMPT({ useKeyHashingFunction: keccakBytes })
    for (const [index, receipt] of receipts.entries())
      // oxlint-disable-next-line no-await-in-loop -- a trie takes one change at a time
      await trie.put(RLP.encode(index), encodeReceipt(receipt))
    return `0x${Buffer.from(trie.root()).toString('hex')}`
  }
