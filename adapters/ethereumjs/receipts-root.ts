import { createMPT } from '@ethereumjs/mpt'
import { type Input, RLP } from '@ethereumjs/rlp'
import type { Receipt, ReceiptsRoot } from '#core/indexing/ports.ts'

/**
 * Root of the trie from RLP(index) to receipt: RLP of status (before Byzantium the state root), gas, bloom and logs,
 * behind its type's byte where it has one (EIP-2718). OP Stack deposits since Canyon also commit to their nonce and
 * version (op-geth, `Receipts.EncodeIndex`).
 */
export const receiptsRoot: ReceiptsRoot = async (receipts) => {
  const trie = await createMPT()
  for (const [index, receipt] of receipts.entries())
    // oxlint-disable-next-line no-await-in-loop -- a trie takes one change at a time
    await trie.put(RLP.encode(index), encodeReceipt(receipt))
  return `0x${Buffer.from(trie.root()).toString('hex')}`
}

const bytes = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex')

function encodeReceipt(receipt: Receipt): Uint8Array {
  const fields: Input[] = [
    typeof receipt.status === 'number' ? receipt.status : bytes(receipt.status),
    receipt.cumulativeGasUsed,
    bytes(receipt.logsBloom),
    receipt.logs.map((log) => [bytes(log.address), log.topics.map(bytes), bytes(log.data)]),
  ]
  if (receipt.deposit) fields.push(receipt.deposit.nonce, receipt.deposit.version)
  const encoded = RLP.encode(fields)
  return receipt.type === 0 ? encoded : Buffer.concat([Buffer.of(receipt.type), encoded])
}
