import type { Hash, Hex } from '#core/chain.ts'
import type { RawLog, Receipt } from '#core/indexing/ports.ts'
import { RpcFailure } from './endpoint.ts'

const bad = (what: string): RpcFailure => new RpcFailure('bad-answer', what)

/** A JSON-RPC quantity as a safe integer. */
export function toNumber(value: unknown, what: string): number {
  const number = typeof value === 'string' && value.startsWith('0x') ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw bad(`${what}: ${JSON.stringify(value)} is not a number`)
  return number
}

export function toHash(value: unknown, what: string): Hash {
  if (typeof value !== 'string' || value.length !== 66 || !value.startsWith('0x'))
    throw bad(`${what}: ${JSON.stringify(value)} is not a hash`)
  return lower(value) as Hash
}

const UPPER = /[A-F]/
const lower = (hex: string): string => (UPPER.test(hex) ? hex.toLowerCase() : hex)

function toHex(value: unknown, what: string): Hex {
  if (typeof value !== 'string' || !value.startsWith('0x'))
    throw bad(`${what}: ${JSON.stringify(value)} is not hex`)
  return lower(value) as Hex
}

export function toObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(`${what} is ${value === null ? 'missing' : 'not an object'}`)
  return value as Record<string, unknown>
}

export function toList(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw bad(`${what} is not a list`)
  return value
}

/** A log as `eth_getLogs` and receipts have it. The object is reused: there are millions of them. */
export function toLog(value: unknown): RawLog {
  const log = toObject(value, 'a log')
  if (log.removed === true) throw bad('a log that was removed by a reorg')
  const address = toHex(log.address, 'a log: address')
  if (address.length !== 42) throw bad(`a log: ${address} is not an address`)
  const topics = toList(log.topics, 'a log: topics')
  for (let index = 0; index < topics.length; index++)
    topics[index] = toHash(topics[index], 'a log: topic')
  log.address = address
  log.data = toHex(log.data, 'a log: data')
  log.blockNumber = toNumber(log.blockNumber, 'a log: blockNumber')
  log.blockHash = toHash(log.blockHash, 'a log: blockHash')
  log.transactionHash = toHash(log.transactionHash, 'a log: transactionHash')
  log.transactionIndex = toNumber(log.transactionIndex, 'a log: transactionIndex')
  log.logIndex = toNumber(log.logIndex, 'a log: logIndex')
  return log as unknown as RawLog
}

export function toReceipt(value: unknown): Receipt {
  const receipt = toObject(value, 'a receipt')
  return {
    transactionHash: toHash(receipt.transactionHash, 'a receipt: transactionHash'),
    transactionIndex: toNumber(receipt.transactionIndex, 'a receipt: transactionIndex'),
    type: toNumber(receipt.type ?? '0x0', 'a receipt: type'),
    status:
      receipt.status === undefined || receipt.status === null
        ? toHash(receipt.root, 'a receipt: root')
        : toNumber(receipt.status, 'a receipt: status'),
    cumulativeGasUsed: BigInt(toNumber(receipt.cumulativeGasUsed, 'a receipt: cumulativeGasUsed')),
    logsBloom: toHex(receipt.logsBloom, 'a receipt: logsBloom'),
    logs: toList(receipt.logs, 'a receipt: logs').map(toLog),
    ...(typeof receipt.depositReceiptVersion === 'string' && {
      deposit: {
        nonce: BigInt(toNumber(receipt.depositNonce, 'a receipt: depositNonce')),
        version: BigInt(toNumber(receipt.depositReceiptVersion, 'a receipt: version')),
      },
    }),
  }
}
