import { createMPT } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { expect, test } from 'vitest'
import { encodeReceipt } from '#adapters/ethereumjs/encode-receipt.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { Receipt } from '#core/indexing/ports.ts'

const receiptsRoot = createReceiptsRoot(keccakBytes)

const receiptOf = (index: number): Receipt => ({
  transactionHash: keccak('0x'),
  transactionIndex: index,
  type: index % 3,
  status: 1,
  cumulativeGasUsed: BigInt((index + 1) * 21_000),
  logsBloom: `0x${'00'.repeat(256)}`,
  logs: [],
})

/** The same by a general trie, one receipt after the other. */
async function rootByTrie(receipts: readonly Receipt[]): Promise<string> {
  const trie = await createMPT({ useKeyHashingFunction: keccakBytes })
  for (const [index, receipt] of receipts.entries())
    // oxlint-disable-next-line no-await-in-loop -- a trie takes one change at a time
    await trie.put(RLP.encode(index), encodeReceipt(receipt))
  return `0x${Buffer.from(trie.root()).toString('hex')}`
}

// The keys' form changes at 128 and 256 receipts, and branches fill at multiples of 16.
test.each([0, 1, 2, 15, 16, 17, 18, 127, 128, 129, 130, 143, 144, 255, 256, 257, 300])(
  'the root of %i receipts is that of a general trie',
  async (count) => {
    const receipts = Array.from({ length: count }, (_, index) => receiptOf(index))
    expect(await receiptsRoot(receipts)).toBe(await rootByTrie(receipts))
  },
)

test('receipts that change places change the root', async () => {
  const receipts = Array.from({ length: 20 }, (_, index) => receiptOf(index))
  const swapped = receipts.with(3, receipts[7] as Receipt).with(7, receipts[3] as Receipt)
  expect(await receiptsRoot(swapped)).not.toBe(await receiptsRoot(receipts))
})
