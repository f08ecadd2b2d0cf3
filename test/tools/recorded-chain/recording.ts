import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'
import type { Hash, Hex } from '#core/chain.ts'
import { createBloomBits } from '#core/indexing/bloom.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'

/** A block as `eth_getBlockByNumber` has it; which fields it has depends on its fork. */
export type RpcBlock = Readonly<Record<string, unknown>> & {
  readonly number: Hex
  readonly hash: Hash
  readonly transactions: readonly Hash[]
}

export type RpcLog = {
  readonly address: Hex
  readonly topics: readonly Hash[]
  readonly data: Hex
  readonly blockNumber: Hex
  readonly blockHash: Hash
  readonly transactionHash: Hash
  readonly transactionIndex: Hex
  readonly logIndex: Hex
  readonly removed: boolean
}

export type RpcReceipt = {
  readonly transactionHash: Hash
  readonly transactionIndex: Hex
  readonly blockHash: Hash
  readonly blockNumber: Hex
  readonly from: Hex
  readonly to: Hex | null
  readonly contractAddress: Hex | null
  readonly cumulativeGasUsed: Hex
  readonly gasUsed: Hex
  readonly effectiveGasPrice: Hex
  readonly status: Hex
  readonly type: Hex
  readonly logsBloom: Hex
  readonly logs: readonly RpcLog[]
}

export type RecordedBlock = {
  readonly block: RpcBlock
  /** In the order of the block's transactions; their logs are the objects of `logs`. */
  readonly receipts: readonly RpcReceipt[]
  readonly logs: readonly RpcLog[]
}

/** Blocks of one chain, ascending by number, with gaps. */
export type Recording = { readonly chainId: Hex; readonly blocks: readonly RecordedBlock[] }

/** What the receipts' fields are stored as: a column each, in the order of the block's transactions. */
type CompactReceipts = {
  readonly from: readonly Hex[]
  readonly to: readonly (Hex | null)[]
  readonly contractAddress: readonly (Hex | null)[]
  readonly gasUsed: readonly Hex[]
  readonly effectiveGasPrice: readonly Hex[]
  readonly status: readonly Hex[]
  readonly type: readonly Hex[]
}

/** A log's place in the list is its `logIndex`. */
export type CompactLog = readonly [
  transactionIndex: number,
  address: Hex,
  topics: readonly Hash[],
  data: Hex,
]

export type CompactBlock = {
  readonly block: RpcBlock
  readonly receipts: CompactReceipts
  readonly logs: readonly CompactLog[]
}

/** The content of the file. What is not here follows from what is. */
export type CompactRecording = { readonly chainId: Hex; readonly blocks: readonly CompactBlock[] }

/** Reads a recording as `test/vectors/make.ts` writes it. */
export async function loadRecording(path: string | URL): Promise<Recording> {
  const text = await promisify(brotliDecompress)(await readFile(path))
  return expand(JSON.parse(text.toString()) as CompactRecording)
}

/** Rebuilds the JSON-RPC objects. */
export const expand = ({ chainId, blocks }: CompactRecording): Recording => ({
  chainId,
  blocks: blocks.map(expandBlock),
})

function expandBlock({ block, receipts, logs }: CompactBlock): RecordedBlock {
  const expandedLogs = logs.map((log, index) => expandLog(block, log, index))
  const logsOf = Map.groupBy(expandedLogs, (log) => log.transactionIndex)
  let cumulativeGasUsed = 0n
  const expandedReceipts = block.transactions.map((transactionHash, index): RpcReceipt => {
    const gasUsed = at(receipts.gasUsed, index)
    const own = logsOf.get(toHex(index)) ?? []
    cumulativeGasUsed += BigInt(gasUsed)
    return {
      transactionHash,
      transactionIndex: toHex(index),
      blockHash: block.hash,
      blockNumber: block.number,
      from: at(receipts.from, index),
      to: at(receipts.to, index),
      contractAddress: at(receipts.contractAddress, index),
      cumulativeGasUsed: toHex(cumulativeGasUsed),
      gasUsed,
      effectiveGasPrice: at(receipts.effectiveGasPrice, index),
      status: at(receipts.status, index),
      type: at(receipts.type, index),
      logsBloom: bloomOf(own),
      logs: own,
    }
  })
  return { block, receipts: expandedReceipts, logs: expandedLogs }
}

const expandLog = (
  block: RpcBlock,
  [transactionIndex, address, topics, data]: CompactLog,
  logIndex: number,
): RpcLog => ({
  address,
  topics,
  data,
  blockNumber: block.number,
  blockHash: block.hash,
  transactionHash: at(block.transactions, transactionIndex),
  transactionIndex: toHex(transactionIndex),
  logIndex: toHex(logIndex),
  removed: false,
})

const bitsOf = createBloomBits(keccak)
const BLOOM_BYTES = 256
const EMPTY_BLOOM: Hex = `0x${'00'.repeat(BLOOM_BYTES)}`

function bloomOf(logs: readonly RpcLog[]): Hex {
  if (logs.length === 0) return EMPTY_BLOOM
  const bloom = Buffer.alloc(BLOOM_BYTES)
  for (const { address, topics } of logs)
    for (const item of [address, ...topics])
      for (const bit of bitsOf(item)) {
        const byte = BLOOM_BYTES - 1 - (bit >> 3)
        bloom.writeUInt8(bloom.readUInt8(byte) | (1 << (bit & 7)), byte)
      }
  return `0x${bloom.toString('hex')}`
}

/** A JSON-RPC quantity. */
export const toHex = (quantity: number | bigint): Hex => `0x${quantity.toString(16)}`

/** A shorter column would otherwise give receipts without a field. */
function at<T>(column: readonly T[], index: number): T {
  const value = column[index]
  if (value === undefined) throw new Error(`the recording has no value at place ${index}`)
  return value
}
