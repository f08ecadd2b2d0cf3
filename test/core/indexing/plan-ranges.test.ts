import { expect, test } from 'vitest'
import { planRanges } from '#core/indexing/plan-ranges.ts'
import type { Source } from '#core/catalogue.ts'
import { addressOf } from '../../fakes/encode.ts'

const nft = (startBlock: number | null): Source => ({
  kind: 'erc721',
  address: addressOf(startBlock ?? 1),
  startBlock,
})
const plain = { head: 100, sources: [nft(40), nft(20), nft(null)], coverage: [] }

test('without ranges all blocks from the first start to the head are planned', () => {
  expect(planRanges(plain)).toEqual([{ from: 20, to: 100 }])
  expect(planRanges({ ...plain, to: 50 })).toEqual([{ from: 20, to: 50 }])
})

test('ranges are sorted, merged, cut at the last block, and what is indexed is left out', () => {
  const ranges = [
    { from: 30, to: 40 },
    { from: 10, to: 20 },
    { from: 35, to: 60 },
  ]
  expect(planRanges({ ...plain, ranges })).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: 60 },
  ])
  expect(planRanges({ ...plain, ranges, to: 32 })).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: 32 },
  ])
  expect(planRanges({ ...plain, ranges, coverage: [{ from: 10, to: 45 }] })).toEqual([
    { from: 46, to: 60 },
  ])
  expect(planRanges({ ...plain, ranges, coverage: [{ from: 0, to: 60 }] })).toEqual([])
})

test.each([
  ['an inverted range', { ranges: [{ from: 9, to: 3 }] }, /ranges: 9-3 is inverted; write 3-9/],
  ['a range beyond the head', { ranges: [{ from: 90, to: 101 }] }, /beyond the head .* 100/],
  ['an end before the beginning', { to: 10 }, /to: block 10 is not between/],
  ['an end beyond the head', { to: 101 }, /to: block 101 is not between/],
  ['sources that do not say where to begin', { sources: [nft(null)] }, /none has a startBlock/],
  ['sources that begin in the future', { sources: [nft(500)] }, /beyond the head/],
  [
    'a range before what is indexed',
    { ranges: [{ from: 1, to: 5 }], coverage: [{ from: 10, to: 20 }] },
    /ranges: blocks 1-5 do not lie behind block 20, up to which this store is indexed/,
  ],
  [
    'a range before the beginning of a history without blocks',
    { ranges: [{ from: 4, to: 12 }], stand: 9 },
    /ranges: blocks 4-9 do not lie behind block 9, behind which this store begins/,
  ],
])('%s is refused by the name of its field', (_, change, message) => {
  expect(() => planRanges({ ...plain, ...change })).toThrow(message)
})
