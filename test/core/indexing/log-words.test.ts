import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Hex } from '#core/chain.ts'
import { bytesIn, hexOf, isSameData, LogBytes, writeBytes } from '#core/indexing/log-data.ts'
import {
  addressAt,
  addressOf,
  countWords,
  fitUint,
  hashAt,
  intAt,
  MalformedLog,
  uintAt,
  withoutWords,
} from '#core/indexing/log-words.ts'

const word = (value: bigint): string => BigInt.asUintN(256, value).toString(16).padStart(64, '0')
/** Bytes that stand among others. */
function asBytes(data: Hex): LogBytes {
  const bytes = new Uint8Array(bytesIn(data) + 8).fill(0xee)
  expect(writeBytes(data, bytes, 3)).toBe(true)
  return new LogBytes(new DataView(bytes.buffer, 1), 2, bytesIn(data))
}
const dataOf = (...values: bigint[]): Hex => `0x${values.map(word).join('')}`

/** Of every length, and around the lengths that are read in another way. */
const uint256 = fc.oneof(
  fc.integer({ min: 0, max: 256 }).chain((bits) => fc.bigInt(0n, (1n << BigInt(bits)) - 1n)),
  // Ones that stand far apart.
  fc
    .uniqueArray(fc.bigInt(0n, 255n), { maxLength: 3 })
    .map((bits) => bits.reduce((value, bit) => value | (1n << bit), 0n)),
  fc.constantFrom(32n, 64n, 76n, 96n, 128n, 192n, 256n).chain((bits) => {
    const edge = 1n << bits
    return fc.constantFrom(edge - 1n, edge % (1n << 256n), edge / 2n)
  }),
)

test('a word is the number that its digits say, whatever stands beside it', () => {
  fc.assert(
    fc.property(uint256, uint256, uint256, (before, value, after) => {
      const data = dataOf(before, value, after)
      expect(uintAt(data, 1)).toBe(value)
      expect(intAt(data, 1)).toBe(BigInt.asIntN(256, value))
      const bytes = asBytes(data)
      expect(uintAt(bytes, 1)).toBe(value)
      expect(hexOf(bytes)).toBe(data)
      expect(hashAt(bytes, 2)).toBe(hashAt(data, 2))
      expect(hexOf(withoutWords(bytes, 1))).toBe(withoutWords(data, 1))
      expect(isSameData(bytes, data)).toBe(true)
      expect(isSameData(bytes, dataOf(before, value ^ 1n, after))).toBe(false)
    }),
    { numRuns: 2_000 },
  )
})

test.each([0, 15, 16, 31, 32, 40, 47, 48, 56, 63])(
  'a word whose digit %i is none is refused',
  (place) => {
    for (const character of ['g', '/', ':', '`', 'é', '☃']) {
      const digits = word(1n)
      const data: Hex = `0x${digits.slice(0, place)}${character}${digits.slice(place + 1)}`
      expect(() => uintAt(data, 0)).toThrow()
    }
  },
)

test('an address is the last 20 bytes of its topic, the second time too; more than that is refused each time', () => {
  const topic: Hex = `0x${word(0xabcdefn)}`
  for (let times = 0; times < 2; times++) {
    expect(addressOf(topic)).toBe(`0x${'abcdef'.padStart(40, '0')}`)
    expect(() => addressOf(`0x${word(1n << 160n)}`)).toThrow(MalformedLog)
  }
})

test('a word behind the end, or of which a part is missing, is refused in text and bytes alike', () => {
  for (const data of ['0x', `0x${word(7n).slice(0, -2)}`, `${dataOf(7n)}00`] as Hex[])
    for (const form of [data, asBytes(data)]) {
      const last = Math.floor(bytesIn(data) / 32)
      expect(() => uintAt(form, last)).toThrow(MalformedLog)
      expect(() => addressAt(form, last)).toThrow(MalformedLog)
      if (bytesIn(data) > 0) expect(() => countWords(form)).toThrow(MalformedLog)
    }
  expect(addressAt(asBytes(dataOf(1n, 0xabn)), 1)).toBe(`0x${'ab'.padStart(40, '0')}`)
  expect(() => addressAt(asBytes(dataOf(1n << 160n)), 0)).toThrow(MalformedLog)
})

test('a value fits an unsigned integer up to the last that has so many bits', () => {
  for (const bits of [8, 24, 112, 128, 160, 256, 112]) {
    const end = 1n << BigInt(bits)
    for (const value of [0n, 1n, end / 2n, end - 1n])
      expect(fitUint(value, bits, 'amount')).toBe(value)
    for (const value of [-1n, end, end + 1n, end * end])
      expect(() => fitUint(value, bits, 'amount')).toThrow(`amount does not fit uint${bits}`)
  }
})
