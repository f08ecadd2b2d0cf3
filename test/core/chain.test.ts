import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BlockRange, mergeRanges, parseAddress, subtractRanges } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'

const ranges = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 }))
    .map(([from, length]): BlockRange => ({ from, to: from + length })),
  { maxLength: 8 },
)

const blocksOf = (list: readonly BlockRange[]): Set<number> =>
  new Set(
    list.flatMap(({ from, to }) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    ),
  )

test('merged ranges hold the same blocks, sorted and apart from one another', () => {
  fc.assert(
    fc.property(ranges, (list) => {
      const merged = mergeRanges(list)
      expect(blocksOf(merged)).toEqual(blocksOf(list))
      for (const [index, range] of merged.entries()) {
        const before = merged[index - 1]
        if (before) expect(range.from).toBeGreaterThan(before.to + 1)
      }
    }),
  )
})

test('ranges less others hold just the blocks that the others do not', () => {
  fc.assert(
    fc.property(ranges, ranges, (wanted, covered) => {
      const rest = subtractRanges(wanted, covered)
      expect(blocksOf(rest)).toEqual(blocksOf(wanted).difference(blocksOf(covered)))
      expect(mergeRanges(rest)).toEqual(rest)
    }),
  )
})

test('an address is taken in any case, and anything else is refused by the name of its field', () => {
  expect(parseAddress('0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc', 'pool')).toBe(
    '0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc',
  )
  for (const text of ['', '0x', '0xb4e16d0168e52d35cacd2c6185b44281ec28c9d', 'b4'.repeat(20)])
    expect(() => parseAddress(text, 'pool')).toThrow(/^pool: /)
  expect(() => parseAddress('?', 'pool')).toThrowError(
    expect.toSatisfy((error: unknown) => isAppError(error, 'invalid')),
  )
})
