import type { Address, Hash, Hex } from '#core/chain.ts'

/** A log that does not have the shape of the event that its first topic names. */
export class MalformedLog extends Error {}

const WORD = 64
const EMPTY_PREFIX = '0'.repeat(24)
const ADDRESS = /^[0-9a-f]{40}$/

/** Throws unless the log has just this many topics and 32-byte words of data. */
export function expectShape(
  topics: readonly Hash[],
  data: Hex,
  topicCount: number,
  wordCount: number,
): void {
  if (topics.length !== topicCount)
    throw new MalformedLog(`${topics.length} topics instead of ${topicCount}`)
  if (data.length !== 2 + wordCount * WORD)
    throw new MalformedLog(`${(data.length - 2) / 2} bytes of data instead of ${wordCount * 32}`)
}

const wordOf = (data: Hex, index: number): string =>
  data.slice(2 + index * WORD, 2 + (index + 1) * WORD)

/** The value of each hex digit by its character; -1 for others. */
const digitValues = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value++) digitValues[value.toString(16).charCodeAt(0)] = value

/** Eight hex digits as a number. */
function digitsAt(text: string, start: number): number {
  let number = 0
  for (let index = start; index < start + 8; index++) {
    const value = digitValues[text.charCodeAt(index)] ?? -1
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
export function uintAt(data: Hex, index: number): bigint {
  const start = 2 + index * WORD
  if (!data.startsWith(ZEROS, start)) return BigInt(`0x${wordOf(data, index)}`)
  const high = digitsAt(data, start + 32)
  const midHigh = digitsAt(data, start + 40)
  const midLow = digitsAt(data, start + 48)
  const low = digitsAt(data, start + 56)
  if (high !== 0 || midHigh !== 0) return (uint64Of(high, midHigh) << 64n) | uint64Of(midLow, low)
  return midLow === 0 && low === 0 ? 0n : uint64Of(midLow, low)
}

/** Word `index` of the data as an int256. */
export const intAt = (data: Hex, index: number): bigint => BigInt.asIntN(256, uintAt(data, index))

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
export const addressAt = (data: Hex, index: number): Address => addressOfWord(wordOf(data, index))

/** A value that must fit an unsigned integer of `bits`. */
export function fitUint(value: bigint, bits: number, name: string): bigint {
  if (value >> BigInt(bits) !== 0n) throw new MalformedLog(`${name} does not fit uint${bits}`)
  return value
}

/** An int24 in a sign-extended word. */
export function int24Of(word: bigint, name: string): number {
  const value = BigInt.asIntN(256, word)
  if (value !== BigInt.asIntN(24, value)) throw new MalformedLog(`${name} does not fit int24`)
  return Number(value)
}
