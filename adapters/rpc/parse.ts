import type { Hash, Hex } from '#core/chain.ts'
import type { RawLog, Receipt } from '#core/indexing/ports.ts'
import { ReadLogs } from './answer-bytes.ts'
import { RpcFailure } from './endpoint.ts'

const bad = (what: string): RpcFailure => new RpcFailure('bad-answer', what)

const SHOWN_LENGTH_MAX = 80
const shown = (value: unknown): string =>
  value === undefined ? 'nothing' : JSON.stringify(value).slice(0, SHOWN_LENGTH_MAX)

/*
 * Digits are looked at one by one: what is read here is stored and hashed as it is, and a hash is made of the bytes up
 * to the first character that is no digit.
 */
const LOWER_HEX = /^0x[0-9a-f]*$/
const HEX = /^0x[0-9a-f]*$/i

/** A JSON-RPC quantity as a safe integer. */
export function toNumber(value: unknown, what: string): number {
  const number = typeof value === 'string' ? quantityOf(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw bad(`${what}: ${shown(value)} is not a number`)
  return number
}

/** Twice as quick as a pattern and `Number`: there are three of these in every log. */
function quantityOf(text: string): number {
  if (text.length < 3 || !text.startsWith('0x')) return Number.NaN
  let number = 0
  for (let index = 2; index < text.length; index++) number = number * 16 + digitOf(text, index)
  return number
}

function digitOf(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  return code >= 65 && code <= 70 ? code - 55 : Number.NaN
}

/** A JSON-RPC quantity of whatever size. */
function toBigInt(value: unknown, what: string): bigint {
  const hex = hexOf(value)
  if (hex === undefined || hex === '0x') throw bad(`${what}: ${shown(value)} is not a number`)
  return BigInt(hex)
}

export function toHash(value: unknown, what: string): Hash {
  const hash = hexOf(value)
  if (hash?.length !== 66) throw bad(`${what}: ${shown(value)} is not a hash`)
  return hash
}

export function toHex(value: unknown, what: string): Hex {
  const hex = hexOf(value)
  if (hex === undefined) throw bad(`${what}: ${shown(value)} is not hex`)
  return hex
}

/** Of what a root is made of: half a byte has no place in it. */
function toBytes(value: unknown, what: string): Hex {
  const hex = toHex(value, what)
  if (hex.length % 2 !== 0) throw bad(`${what}: ${shown(value)} ends within a byte`)
  return hex
}

const UPPER = /[A-F]/

function toData(value: unknown): Hex {
  if (typeof value !== 'string' || !value.startsWith('0x'))
    throw bad(`a log: data: ${shown(value)} is not hex`)
  return (UPPER.test(value) ? value.toLowerCase() : value) as Hex
}

/** Hex in lower case; undefined for anything else. */
function hexOf(value: unknown): Hex | undefined {
  if (typeof value !== 'string') return undefined
  if (LOWER_HEX.test(value)) return value as Hex
  return HEX.test(value) ? (value.toLowerCase() as Hex) : undefined
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

/** Logs of one block or transaction follow one another: its hash is looked at once. */
function createHashMemory(what: string): (value: unknown) => Hash {
  let last: Hash = '0x'
  return (value) => {
    if (value !== last) last = toHash(value, what)
    return last
  }
}
const toBlockHash = createHashMemory('a log: blockHash')
const toTransactionHash = createHashMemory('a log: transactionHash')

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
  log.data = toData(log.data)
  log.blockNumber = toNumber(log.blockNumber, 'a log: blockNumber')
  log.blockHash = toBlockHash(log.blockHash)
  log.transactionHash = toTransactionHash(log.transactionHash)
  log.transactionIndex = toNumber(log.transactionIndex, 'a log: transactionIndex')
  log.logIndex = toNumber(log.logIndex, 'a log: logIndex')
  return log as unknown as RawLog
}

/** Digit by digit only where a root is made of it: decoding refuses what is no hex, and there may be much of it. */
function toReceiptLog(value: unknown): RawLog {
  const log = toLog(value)
  toBytes(log.data, 'a log: data')
  return log
}

/** What was read as bytes is hex; only half a byte is left as text. */
function toReceiptLogs({ logs }: ReadLogs): RawLog[] {
  for (const { data } of logs) if (typeof data === 'string') toBytes(data, 'a log: data')
  return logs
}

/** Only this type of receipt commits to its base fee, whatever others tell of theirs. */
const CELO_FEE_IN_TOKEN = 0x7b

export function toReceipt(value: unknown): Receipt {
  const receipt = toObject(value, 'a receipt')
  const type = toNumber(receipt.type ?? '0x0', 'a receipt: type')
  return {
    transactionHash: toHash(receipt.transactionHash, 'a receipt: transactionHash'),
    transactionIndex: toNumber(receipt.transactionIndex, 'a receipt: transactionIndex'),
    type,
    status:
      receipt.status === undefined || receipt.status === null
        ? toHash(receipt.root, 'a receipt: root')
        : toNumber(receipt.status, 'a receipt: status'),
    cumulativeGasUsed: BigInt(toNumber(receipt.cumulativeGasUsed, 'a receipt: cumulativeGasUsed')),
    logsBloom: toBytes(receipt.logsBloom, 'a receipt: logsBloom'),
    logs:
      receipt.logs instanceof ReadLogs
        ? toReceiptLogs(receipt.logs)
        : toList(receipt.logs, 'a receipt: logs').map(toReceiptLog),
    ...(typeof receipt.depositReceiptVersion === 'string' && {
      deposit: {
        nonce: BigInt(toNumber(receipt.depositNonce, 'a receipt: depositNonce')),
        version: BigInt(toNumber(receipt.depositReceiptVersion, 'a receipt: version')),
      },
    }),
    ...(type === CELO_FEE_IN_TOKEN &&
      typeof receipt.baseFee === 'string' && {
        baseFee: toBigInt(receipt.baseFee, 'a receipt: baseFee'),
      }),
  }
}
