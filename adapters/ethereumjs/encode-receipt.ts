import type { Hex } from '#core/chain.ts'
import { bytesIn, bytesOf, type LogBytes, type LogData } from '#core/indexing/log-data.ts'
import type { Receipt } from '#core/indexing/ports.ts'

/*
 * A receipt of a busy block is some hundred kilobytes of logs. A general encoder makes an array of bytes for each
 * field and copies it once a level; here the sizes are added up first, and every field is written once, in its place.
 */

/**
 * A receipt as the trie holds it (yellow paper 4.4.1): RLP of status (before Byzantium the state root), gas, bloom and
 * logs, behind its type's byte where it has one (EIP-2718). OP Stack deposits since Canyon also commit to their nonce
 * and version (op-geth, `Receipts.EncodeIndex`), and Celo's transactions with fees in a token to their base fee (CIP-64).
 */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { status, deposit, baseFee, logs, logsBloom } = receipt
  const head = typeof status === 'number' ? quantity(status) : status
  const gas = quantity(receipt.cumulativeGasUsed)
  const appended = [
    ...(deposit ? [quantity(deposit.nonce), quantity(deposit.version)] : []),
    ...(baseFee === undefined ? [] : [quantity(baseFee)]),
  ]
  const logSizes = logs.map((log) => {
    const topics = log.topics.reduce((size, topic) => size + sizeOfText(topic), 0)
    return sizeOfText(log.address) + sizeOfList(topics) + sizeOfData(log.data)
  })
  const logsSize = logSizes.reduce((size, payload) => size + sizeOfList(payload), 0)
  const payload =
    [head, gas, logsBloom, ...appended].reduce((size, text) => size + sizeOfText(text), 0) +
    sizeOfList(logsSize)

  const typeSize = receipt.type === 0 ? 0 : 1
  const out = Buffer.allocUnsafe(typeSize + sizeOfList(payload))
  let at = typeSize
  if (typeSize === 1) out[0] = receipt.type

  function writeList(size: number): void {
    at = writePrefix(out, at, size, LIST)
  }
  function writeText(text: Hex): void {
    const size = bytesIn(text)
    if (size === 1) {
      const byte = Number(text)
      if (byte < STRING) {
        out[at++] = byte
        return
      }
    }
    at = writePrefix(out, at, size, STRING)
    out.write(text.slice(2), at, size, 'hex')
    at += size
  }

  function writeData(data: LogData): void {
    if (typeof data === 'string') {
      writeText(data)
      return
    }
    if (!isOwnPrefix(data)) at = writePrefix(out, at, data.length, STRING)
    out.set(bytesOf(data), at)
    at += data.length
  }

  writeList(payload)
  writeText(head)
  writeText(gas)
  writeText(logsBloom)
  writeList(logsSize)
  for (const [index, log] of logs.entries()) {
    writeList(logSizes[index] as number)
    writeText(log.address)
    writeList(log.topics.reduce((size, topic) => size + sizeOfText(topic), 0))
    for (const topic of log.topics) writeText(topic)
    writeData(log.data)
  }
  for (const text of appended) writeText(text)
  return out
}

/** First bytes of a string of up to 55 bytes, and of a list (yellow paper, appendix B). */
const STRING = 0x80
const LIST = 0xc0
const SHORT_MAX = 55

/** A number as its shortest bytes; 0 has none. */
function quantity(value: number | bigint): Hex {
  if (value === 0 || value === 0n) return '0x'
  const digits = value.toString(16)
  return `0x${digits.length % 2 === 0 ? '' : '0'}${digits}`
}

const sizeOfList = (payload: number): number => sizeOfPrefix(payload) + payload

function sizeOfText(hex: Hex): number {
  const size = bytesIn(hex)
  return size === 1 && Number(hex) < STRING ? 1 : sizeOfPrefix(size) + size
}

function sizeOfData(data: LogData): number {
  if (typeof data === 'string') return sizeOfText(data)
  return isOwnPrefix(data) ? 1 : sizeOfPrefix(data.length) + data.length
}

/** A single small byte stands for itself. */
const isOwnPrefix = ({ view, start, length }: LogBytes): boolean =>
  length === 1 && view.getUint8(start) < STRING

const sizeOfPrefix = (size: number): number => (size <= SHORT_MAX ? 1 : 1 + bytesOfSize(size))

/** A receipt is far below the four bytes that this can count. */
const bytesOfSize = (size: number): number =>
  size < 0x1_00 ? 1 : size < 0x1_00_00 ? 2 : size < 0x1_00_00_00 ? 3 : 4

function writePrefix(out: Buffer, at: number, size: number, kind: number): number {
  if (size <= SHORT_MAX) {
    out[at] = kind + size
    return at + 1
  }
  const bytes = bytesOfSize(size)
  out[at] = kind + SHORT_MAX + bytes
  out.writeUIntBE(size, at + 1, bytes)
  return at + 1 + bytes
}
