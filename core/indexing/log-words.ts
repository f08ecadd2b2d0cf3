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

/** Word `index` of the data as a uint256. */
export const uintAt = (data: Hex, index: number): bigint => BigInt(`0x${wordOf(data, index)}`)

/** Word `index` of the data as an int256. */
export const intAt = (data: Hex, index: number): bigint => BigInt.asIntN(256, uintAt(data, index))

export const uintOf = (topic: Hash): bigint => BigInt(topic)

function addressOfWord(word: string): Address {
  if (!word.startsWith(EMPTY_PREFIX)) throw new MalformedLog('an address has more than 20 bytes')
  const digits = word.slice(24)
  if (!ADDRESS.test(digits)) throw new MalformedLog('an address is not hex')
  return `0x${digits}`
}

export const addressOf = (topic: Hash | undefined): Address =>
  addressOfWord((topic as string).slice(2))
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
