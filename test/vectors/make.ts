/**
 * Makes the vectors from the originals: `node test/vectors/make.ts FOLDER`, where FOLDER holds
 * mainnet-blocks.json.gz, v2-swap-vectors.json.gz and v3-swap-vectors.json.gz (README.md says what they are).
 */
import { deepStrictEqual, strictEqual } from 'node:assert'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gunzip } from 'node:zlib'
import { createMPT } from '@ethereumjs/mpt'
import { type Input, RLP } from '@ethereumjs/rlp'
import type { Hash, Hex } from '#core/chain.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import {
  type CompactBlock,
  type CompactLog,
  type CompactRecording,
  expand,
  type RecordedBlock,
  type RpcBlock,
  type RpcLog,
  type RpcReceipt,
} from '../tools/recorded-chain/recording.ts'

type Transaction = Readonly<Record<string, unknown>> & { readonly hash: Hash; readonly type: Hex }

type OriginalBlock = Readonly<Record<string, unknown>> & {
  readonly number: Hex
  readonly hash: Hash
  readonly transactions: readonly Transaction[]
}

type Original = {
  readonly chainId: Hex
  readonly block: OriginalBlock
  readonly receipts: readonly Omit<RpcReceipt, 'logs'>[]
  readonly logs: readonly RpcLog[]
}

const MAINNET: Hex = '0x1'

function compact({ block, receipts, logs }: Original): CompactBlock {
  const column = <K extends keyof RpcReceipt & keyof (typeof receipts)[number]>(field: K) =>
    receipts.map((receipt) => receipt[field])
  return {
    block: withHashes(block),
    receipts: {
      from: column('from'),
      to: column('to'),
      contractAddress: column('contractAddress'),
      gasUsed: column('gasUsed'),
      effectiveGasPrice: column('effectiveGasPrice'),
      status: column('status'),
      type: column('type'),
    },
    logs: logs.map(({ transactionIndex, address, topics, data }): CompactLog => [
      Number(transactionIndex),
      address,
      topics,
      data,
    ]),
  }
}

function withHashes(block: OriginalBlock): RpcBlock {
  return { ...block, transactions: block.transactions.map((each) => each.hash) }
}

/** Nothing may be lost but the transactions' bodies. */
function proveRebuilt(original: Original, rebuilt: RecordedBlock): void {
  deepStrictEqual(rebuilt.block, withHashes(original.block))
  deepStrictEqual(rebuilt.logs, original.logs)
  deepStrictEqual(
    rebuilt.receipts,
    original.receipts.map((receipt) => ({
      ...receipt,
      logs: original.logs.filter((log) => log.transactionHash === receipt.transactionHash),
    })),
  )
}

/** The copy holds only the transactions' hashes, so this is the last chance to prove them. */
async function proveTransactions(block: OriginalBlock): Promise<void> {
  const trie = await createMPT()
  for (const [index, transaction] of block.transactions.entries()) {
    const encoded = encodeTransaction(transaction)
    strictEqual(keccak(`0x${Buffer.from(encoded).toString('hex')}`), transaction.hash)
    await trie.put(RLP.encode(index), encoded)
  }
  strictEqual(`0x${Buffer.from(trie.root()).toString('hex')}`, block.transactionsRoot)
}

/** The fields of each type in the order of its RLP (yellow paper 4.2, EIP-2930, EIP-1559, EIP-4844). */
const TRANSACTION_FIELDS: Readonly<Record<string, string>> = {
  '0x0': 'nonce gasPrice gas to value input v r s',
  '0x1': 'chainId nonce gasPrice gas to value input accessList yParity r s',
  '0x2':
    'chainId nonce maxPriorityFeePerGas maxFeePerGas gas to value input accessList yParity r s',
  '0x3':
    'chainId nonce maxPriorityFeePerGas maxFeePerGas gas to value input accessList maxFeePerBlobGas blobVersionedHashes yParity r s',
}

function encodeTransaction(transaction: Transaction): Uint8Array {
  const fields = TRANSACTION_FIELDS[transaction.type]?.split(' ')
  if (!fields) throw new Error(`${transaction.hash} has the unknown type ${transaction.type}`)
  const encoded = RLP.encode(fields.map((field) => encodeField(field, transaction[field])))
  return transaction.type === '0x0'
    ? encoded
    : Buffer.concat([Buffer.of(Number(transaction.type)), encoded])
}

function encodeField(field: string, value: unknown): Input {
  if (field === 'accessList')
    return (value as { address: Hex; storageKeys: Hex[] }[]).map(({ address, storageKeys }) => [
      bytes(address),
      storageKeys.map(bytes),
    ])
  if (field === 'blobVersionedHashes') return (value as Hex[]).map(bytes)
  // A creation has no recipient.
  if (value === null) return new Uint8Array()
  return field === 'to' || field === 'input' ? bytes(value as Hex) : BigInt(value as Hex)
}

function bytes(hex: Hex): Uint8Array {
  return Buffer.from(hex.slice(2), 'hex')
}

async function readOriginal(folder: string, name: string): Promise<string> {
  const packed = await readFile(join(folder, name))
  return (await promisify(gunzip)(packed)).toString()
}

async function writeVectors(name: string, text: string): Promise<void> {
  const packed = await promisify(brotliCompress)(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(text),
    },
  })
  await writeFile(new URL(name, import.meta.url), packed)
  process.stdout.write(`${name}: ${packed.length} bytes\n`)
}

async function main(folder: string): Promise<void> {
  const originals = JSON.parse(
    await readOriginal(folder, 'mainnet-blocks.json.gz'),
  ) as readonly Original[]
  const recording: CompactRecording = { chainId: MAINNET, blocks: originals.map(compact) }
  for (const [index, rebuilt] of expand(recording).blocks.entries()) {
    const original = originals[index] as Original
    strictEqual(original.chainId, MAINNET)
    await proveTransactions(original.block)
    proveRebuilt(original, rebuilt)
  }
  await writeVectors('mainnet-blocks.json.br', JSON.stringify(recording))
  await writeVectors('v2-swaps.json.br', await readOriginal(folder, 'v2-swap-vectors.json.gz'))
  await writeVectors('v3-swaps.json.br', await readOriginal(folder, 'v3-swap-vectors.json.gz'))
}

const folder = process.argv[2]
if (folder) {
  await main(folder)
} else {
  process.stderr.write('usage: node test/vectors/make.ts FOLDER\n')
  process.exitCode = 2
}
