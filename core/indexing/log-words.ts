import type { Address, Hash, Hex } from '#core/chain.ts'
import { bytesIn, digitAt, digitsOf, LogBytes, type LogData } from './log-data.ts'

/** A log that does not have the shape of the event that its first topic names. */
export class MalformedLog extends Error {}

const WORD_BYTES = 32
/** A word's digits. */
const WORD = 64
const EMPTY_PREFIX = '0'.repeat(24)
const ADDRESS = /^[0-9a-f]{40}$/

/** Throws unless the log has just this many topics and 32-byte words of data. */
export function expectShape(
  topics: readonly Hash[],
  data: LogData,
  topicCount: number,
  wordCount: number,
): void {
  if (topics.length !== topicCount)
    throw new MalformedLog(`${topics.length} topics instead of ${topicCount}`)
  if (bytesIn(data) !== wordCount * WORD_BYTES)
    throw new MalformedLog(`${bytesIn(data)} bytes of data instead of ${wordCount * WORD_BYTES}`)
}

/** How many whole words there are. @throws MalformedLog where there is a part of one behind them */
export function countWords(data: LogData): number {
  const count = bytesIn(data) / WORD_BYTES
  if (!Number.isInteger(count)) throw new MalformedLog('data that is not whole words')
  return count
}

/** The same data without its last words. */
export const withoutWords = (data: LogData, count: number): LogData =>
  typeof data === 'string'
    ? (data.slice(0, -WORD * count) as Hex)
    : new LogBytes(data.view, data.start, data.length - WORD_BYTES * count)

/** The digits of word `index`. */
function wordOf(data: LogData, index: number): string {
  if ((index + 1) * WORD_BYTES > bytesIn(data)) throw new MalformedLog('data that ends too early')
  return typeof data === 'string'
    ? data.slice(2 + index * WORD, 2 + (index + 1) * WORD)
    : digitsOf(data, index * WORD_BYTES, WORD_BYTES)
}

/** Eight hex digits as a number. */
function digitsAt(text: string, start: number): number {
  let number = 0
  for (let index = start; index < start + 8; index++) {
    const value = digitAt(text, index)
    if (value < 0) throw new MalformedLog('a word is not hex')
    number = (number << 4) | value
  }
  return number
}

const halves = new Uint32Array(2)
const whole = new BigUint64Array(halves.buffer)
/** Which of the two is the lower half of the whole. */
const [LOW, HIGH] = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0]

function uint64Of(high: number, low: number): bigint {
  halves[HIGH] = high
  halves[LOW] = low
  return whole[0] as bigint
}

/** Most amounts fit so many digits, and are quicker to read than to have parsed. */
const SHORT = 32
const ZEROS = '0'.repeat(WORD - SHORT)

/** Word `index` of the data as a uint256. */
export const uintAt = (data: LogData, index: number): bigint =>
  typeof data === 'string' ? uintOfText(data, index) : uintOfBytes(data, index)

function uintOfText(data: Hex, index: number): bigint {
  const start = 2 + index * WORD
  if (!data.startsWith(ZEROS, start)) return BigInt(`0x${wordOf(data, index)}`)
  const high = digitsAt(data, start + 32)
  const midHigh = digitsAt(data, start + 40)
  const midLow = digitsAt(data, start + 48)
  const low = digitsAt(data, start + 56)
  if (high !== 0 || midHigh !== 0) return (uint64Of(high, midHigh) << 64n) | uint64Of(midLow, low)
  return midLow === 0 && low === 0 ? 0n : uint64Of(midLow, low)
}

const SMALL_MAX = 4_096
/** Small numbers by themselves, above 64 bits of zeros. */
const smallHighs: (bigint | undefined)[] = Array.from({ length: SMALL_MAX })
const smallHigh = (number: number): bigint => (smallHighs[number] ??= BigInt(number) << 64n)

function uintOfBytes(data: LogBytes, index: number): bigint {
  const { view } = data
  const at = data.start + index * WORD_BYTES
  if ((index + 1) * WORD_BYTES > data.length) throw new MalformedLog('data that ends too early')
  const upper =
    view.getInt32(at) | view.getInt32(at + 4) | view.getInt32(at + 8) | view.getInt32(at + 12)
  if (upper !== 0)
    return (
      (view.getBigUint64(at) << 192n) |
      (view.getBigUint64(at + 8) << 128n) |
      (view.getBigUint64(at + 16) << 64n) |
      view.getBigUint64(at + 24)
    )
  const low = view.getBigUint64(at + 24)
  const [midHigh, midLow] = [view.getInt32(at + 16), view.getInt32(at + 20)]
  if ((midHigh | midLow) === 0) return low
  // Up to some ten thousands of a token of 18 decimals.
  if (midHigh === 0 && midLow > 0 && midLow < SMALL_MAX) return smallHigh(midLow) | low
  return (view.getBigUint64(at + 16) << 64n) | low
}

/** Word `index` of the data as an int256. */
export const intAt = (data: LogData, index: number): bigint =>
  BigInt.asIntN(256, uintAt(data, index))

export const uintOf = (topic: Hash): bigint => BigInt(topic)

function addressOfWord(word: string): Address {
  if (!word.startsWith(EMPTY_PREFIX)) throw new MalformedLog('an address has more than 20 bytes')
  const digits = word.slice(24)
  if (!ADDRESS.test(digits)) throw new MalformedLog('an address is not hex')
  return `0x${digits}`
}

/** Addresses of topics: accounts come again and again, and a text that is one object is quicker to look up. */
let addresses = new Map<Hash, Address>()
const ADDRESSES_MAX = 20_000

export function addressOf(topic: Hash | undefined): Address {
  const known = addresses.get(topic as Hash)
  if (known) return known
  const address = addressOfWord((topic as string).slice(2))
  if (addresses.size >= ADDRESSES_MAX) addresses = new Map()
  addresses.set(topic as Hash, address)
  return address
}
/** Word `index` of the data as it is. */
export const hashAt = (data: LogData, index: number): Hash => `0x${wordOf(data, index)}`

export const addressAt = (data: LogData, index: number): Address =>
  addressOfWord(wordOf(data, index))

/** A value that must fit an unsigned integer of `bits`. */
export function fitUint(value: bigint, bits: number, name: string): bigint {
  if (value < 0n || value >= uintEnd(bits))
    throw new MalformedLog(`${name} does not fit uint${bits}`)
  return value
}

/** By the bits of unsigned integers, the first number that is none of them. */
const uintEnds: (bigint | undefined)[] = Array.from({ length: 257 })
const uintEnd = (bits: number): bigint => (uintEnds[bits] ??= 1n << BigInt(bits))

/** An int24 in a sign-extended word. */
export function int24Of(word: bigint, name: string): number {
  const value = BigInt.asIntN(256, word)
  if (value !== BigInt.asIntN(24, value)) throw new MalformedLog(`${name} does not fit int24`)
  return Number(value)
}
