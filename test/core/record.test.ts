import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAppError } from '#core/errors.ts'
import {
  decodeDocument,
  documentKinds,
  encodeDocument,
  fieldsOfDocument,
  keyOf,
  keyText,
  parseDocumentId,
} from '#core/history/document.ts'
import { decodeEventBody, encodeEventBody, eventKinds, fieldsOfEvent } from '#core/history/event.ts'
import { type AnyFields, type FieldType, scalarOf } from '#core/record.ts'

const address = fc.bigInt(0n, 2n ** 160n - 1n).map((n) => `0x${n.toString(16).padStart(40, '0')}`)

const arbitraries: Record<ReturnType<typeof scalarOf>, fc.Arbitrary<unknown>> = {
  // An identity is written with colons between its parts; none of its texts holds one.
  text: fc.string().map((text) => text.replaceAll(':', ';')),
  hex: address,
  bool: fc.boolean(),
  int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
  uint256: fc.oneof(fc.bigInt(0n, 2n ** 256n - 1n), fc.constant(2n ** 256n - 1n)),
  int256: fc.bigInt(-(2n ** 255n), 2n ** 255n - 1n),
  uint320: fc.bigInt(0n, 2n ** 320n - 1n),
  'uint256[]': fc.array(fc.bigInt(0n, 2n ** 256n - 1n), { maxLength: 4 }),
}

const arbitraryOf = (type: FieldType): fc.Arbitrary<unknown> =>
  type.endsWith('?') ? fc.option(arbitraries[scalarOf(type)]) : arbitraries[scalarOf(type)]

const recordOf = (fields: AnyFields) =>
  fc.record(
    Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, arbitraryOf(type)])),
  )

test.each(eventKinds)('a stored %s is read back as it was', (kind) => {
  const [type, protocol] = kind.split('/')
  fc.assert(
    fc.property(recordOf(fieldsOfEvent(kind)), (shape) => {
      const body = { type, protocol, ...shape } as never
      expect(decodeEventBody(kind, encodeEventBody(body))).toEqual(body)
    }),
    { numRuns: 40 },
  )
})

test.each(documentKinds)('a stored %s is read back as it was, and so is its identity', (kind) => {
  fc.assert(
    fc.property(recordOf(fieldsOfDocument(kind)), (value) => {
      const text = encodeDocument(kind, value as never)
      expect(decodeDocument(kind, text)).toEqual(value)
      expect(encodeDocument(kind, decodeDocument(kind, text))).toBe(text)
      const key = keyOf(kind, value as never)
      expect(parseDocumentId(keyText(kind, key))).toEqual({ kind, key })
    }),
    { numRuns: 40 },
  )
})

test('a damaged record is told as such, with what to do about it', () => {
  const noNumber = '["0x","1d",0,"one","1","1","1","1","1",1]'
  for (const text of ['', '{', '[1]', '{"a":1}', 'null', noNumber])
    expect(() => decodeDocument('candle', text)).toThrowError(
      expect.toSatisfy(
        (error: unknown) =>
          isAppError(error, 'unavailable') && /^store: .*restore it/.test(error.message),
      ),
    )
})
