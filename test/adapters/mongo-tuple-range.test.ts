import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rangeFilter, tupleConditions, type TupleRange } from '#adapters/mongo/tuple-range.ts'
import type { Key } from '#core/history/document.ts'

const FIELDS = ['a', 'b', 'c']
const VALUES = [0, 1, 2, 3]
const tuples = VALUES.flatMap((a) => VALUES.flatMap((b) => VALUES.map((c) => [a, b, c])))

const key = (length: { minLength?: number; maxLength: number }) =>
  fc.array(fc.integer({ min: 0, max: 3 }), length)
const rangeArbitrary = fc
  .record({
    prefix: key({ maxLength: 3 }),
    from: key({ maxLength: 3 }),
    to: key({ maxLength: 3 }),
    after: fc.option(key({ minLength: 1, maxLength: 3 }), { nil: undefined }),
    descending: fc.boolean(),
  })
  .map((range) => {
    const rest = FIELDS.length - range.prefix.length
    return { ...range, from: range.from.slice(0, rest), to: range.to.slice(0, rest) }
  })

/** What the port says of a scan, tuple by tuple. */
function isWithin({ prefix = [], from = [], to = [], after, descending }: TupleRange, tuple: Key) {
  const rest = tuple.slice(prefix.length)
  const isBehind = !after || (descending ? compare(tuple, after) < 0 : compare(tuple, after) > 0)
  return (
    compare(tuple, prefix) === 0 && compare(rest, from) >= 0 && compare(rest, to) <= 0 && isBehind
  )
}

function compare(a: Key, b: Key): number {
  const place = b.findIndex((part, index) => part !== a[index])
  if (place === -1) return 0
  return (a[place] as number) < (b[place] as number) ? -1 : 1
}

const operators: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  $gt: (value, bound) => value > bound,
  $gte: (value, bound) => value >= bound,
  $lt: (value, bound) => value < bound,
  $lte: (value, bound) => value <= bound,
}

const matches = (condition: object, tuple: Key): boolean =>
  Object.entries(condition).every(([field, asked]) => {
    const value = tuple[FIELDS.indexOf(field)] as number
    return typeof asked === 'number'
      ? value === asked
      : Object.entries(asked as object).every(([name, bound]) => operators[name]?.(value, bound))
  })

test('the pieces of a range hold each of its tuples once, and no other', () => {
  fc.assert(
    fc.property(rangeArbitrary, (range) => {
      const pieces = tupleConditions(FIELDS, range)
      for (const tuple of tuples) {
        const hits = pieces.filter((piece) => matches(piece, tuple)).length
        expect(hits, tuple.join()).toBe(isWithin(range, tuple) ? 1 : 0)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('each piece fixes the first fields, bounds at most the next one, and leaves the others', () => {
  fc.assert(
    fc.property(rangeArbitrary, (range) => {
      for (const piece of tupleConditions(FIELDS, range)) {
        const bounds = Object.values(piece).map((asked) => typeof asked === 'object')
        expect(Object.keys(piece)).toEqual(FIELDS.slice(0, bounds.length))
        expect(bounds.slice(0, -1)).not.toContain(true)
      }
    }),
  )
})

test('a range of one piece needs no $or, and an empty one no query', () => {
  const common = { chainId: 1 }
  expect(rangeFilter(common, ['number', 'logIndex'], { from: [5], to: [9] })).toEqual({
    chainId: 1,
    number: { $gte: 5, $lte: 9 },
  })
  expect(rangeFilter(common, ['number', 'logIndex'], { to: [9], after: [5, 7] })).toEqual({
    $or: [
      { chainId: 1, number: 5, logIndex: { $gt: 7 } },
      { chainId: 1, number: { $gt: 5, $lte: 9 } },
    ],
  })
  expect(rangeFilter(common, ['number', 'logIndex'], { from: [9], to: [5] })).toBeUndefined()
})
