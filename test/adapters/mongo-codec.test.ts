import { Binary, BSON } from 'mongodb'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, fromStored, numberOf, toStored } from '#adapters/mongo/codec.ts'
import { isAppError } from '#core/errors.ts'
import { catalogue } from '#core/catalogue.ts'
import type { AnyFields } from '#core/record.ts'

const fields: AnyFields = {
  name: 'text',
  flag: 'bool',
  count: 'int',
  amount: 'uint256',
  delta: 'int256',
  price: 'uint320',
  tokens: 'uint256[]',
  owner: 'text?',
  reserve: 'uint256?',
}

const uint = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n })
const record = fc.record({
  name: fc.string(),
  flag: fc.boolean(),
  count: fc.maxSafeInteger(),
  amount: uint(256),
  delta: fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
  price: uint(320),
  tokens: fc.array(uint(256), { maxLength: 4 }),
  owner: fc.option(fc.string()),
  reserve: fc.option(uint(256)),
})

/** As the server keeps it and the driver reads it. */
const throughBson = (stored: object): object => BSON.deserialize(BSON.serialize(stored))

/** As MongoDB orders Binary of one subtype: by length, then by content. */
const compareBinary = (a: Binary, b: Binary): number =>
  a.length() - b.length() || Buffer.compare(a.value(), b.value())

test('every field comes back as it was, bit by bit', () => {
  fc.assert(
    fc.property(record, (value) => {
      expect(fromStored(fields, throughBson(toStored({}, fields, value)))).toEqual(value)
    }),
  )
})

test('unsigned numbers sort as bytes, a sum that outgrew its type included', () => {
  fc.assert(
    fc.property(fc.oneof(uint(16), uint(256), uint(400)), uint(300), (a, b) => {
      const [left, right] = [bytesOf(a, 32), bytesOf(b, 32)]
      expect(numberOf(left)).toBe(a)
      expect(Math.sign(compareBinary(left, right))).toBe(a < b ? -1 : a > b ? 1 : 0)
    }),
  )
  expect(bytesOf(2n ** 256n - 1n, 32).length()).toBe(32)
  expect(bytesOf(2n ** 256n, 32).length()).toBe(40)
})

test('a field of another type than its kind has is damage', () => {
  const stored = toStored({}, { amount: 'uint256', owner: 'text?' }, { amount: 1n, owner: null })
  for (const damage of [
    { amount: 'one' },
    { amount: null },
    { amount: new Binary(Buffer.alloc(31)) },
    { owner: 7 },
  ])
    expect(() =>
      fromStored({ amount: 'uint256', owner: 'text?' }, { ...stored, ...damage }),
    ).toThrow(expect.toSatisfy((error: unknown) => isAppError(error, 'unavailable')))
})

test('no field of a kind has the name of one that the store puts beside it', () => {
  for (const { kind, fields: own } of catalogue.documents)
    for (const name of ['_id', 'tree', 'at', 'previous'])
      expect(Object.keys(own), kind).not.toContain(name)
  const besideBody =
    'chainId family kind number hash commit parts timestamp logIndex address transactionHash'
  for (const { kind, fields: own } of catalogue.events)
    for (const name of ['_id', ...besideBody.split(' ')])
      expect(Object.keys(own), kind).not.toContain(name)
})
