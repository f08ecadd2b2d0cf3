import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAppError } from '#core/errors.ts'
import { catalogue } from '#core/catalogue.ts'
import { candleDocuments } from '#core/dex/trading/candle.ts'
import {
  decodeDocument,
  encodeDocument,
  idText,
  keyOf,
  keyText,
  parseDocumentId,
} from '#core/history/document.ts'
import { decodeEventBody, encodeEventBody } from '#core/history/event.ts'
import { type AnyFields, encodeRecord, type FieldType, scalarOf } from '#core/record.ts'

const address = fc.bigInt(0n, 2n ** 160n - 1n).map((n) => `0x${n.toString(16).padStart(40, '0')}`)

const arbitraries: Record<ReturnType<typeof scalarOf>, fc.Arbitrary<unknown>> = {
  text: fc.oneof(fc.string(), fc.constantFrom('a:b', 'a\nb', 'a b', '%3a', '%', '0x:')),
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

test.each(catalogue.events)('a stored $kind is read back as it was', (spec) => {
  const { type, protocol, fields } = spec
  fc.assert(
    fc.property(recordOf(fields), (shape) => {
      const body = { type, protocol, ...shape }
      expect(decodeEventBody(spec, encodeEventBody(spec, body))).toEqual(body)
    }),
    { numRuns: 40 },
  )
})

test.each(catalogue.documents)(
  'a stored $kind is read back as it was, and so is its name',
  (spec) => {
    fc.assert(
      fc.property(recordOf(spec.fields), (value) => {
        const text = encodeDocument(spec, value)
        expect(decodeDocument(spec, text)).toEqual(value)
        expect(encodeDocument(spec, decodeDocument(spec, text))).toBe(text)
        const id = { tree: '1-1-abc', kind: spec.kind, key: keyOf(spec, value) }
        expect(parseDocumentId(idText(id), catalogue.document)).toEqual(id)
      }),
      { numRuns: 40 },
    )
  },
)

test('a damaged record is told as such, with what to do about it', () => {
  const noNumber = '["0x","1d",0,"one","1","1","1","1","1",1]'
  for (const text of ['', '{', '[1]', '{"a":1}', 'null', noNumber])
    expect(() => decodeDocument(candleDocuments, text)).toThrowError(
      expect.toSatisfy(
        (error: unknown) =>
          isAppError(error, 'unavailable') && /^store: .*restore it/.test(error.message),
      ),
    )
})

test.each([
  ['uint256', -1n],
  ['uint256?', -1n],
  ['uint320', -1n],
  ['uint256[]', [1n, -1n]],
] as const)('a %s below zero is written to no store', (type, value) => {
  expect(() => encodeRecord({ value: type }, { value })).toThrow(/unsigned number is not negative/)
})

test('names of documents are equal for equal identities alone, whatever stands in their texts', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ':', '%', '3', ' ', '\n'), maxLength: 4 })
  fc.assert(
    fc.property(text, text, text, text, (a, b, c, d) => {
      const [one, other] = [keyText('kind', [a, b]), keyText('kind', [c, d])]
      expect(one === other).toBe(a === c && b === d)
      expect(one).not.toMatch(/[ \n]/)
    }),
    { numRuns: 2_000 },
  )
})
