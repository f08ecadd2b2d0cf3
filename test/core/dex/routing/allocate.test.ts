import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allocate, extend, improve, type Worth } from '#core/dex/routing/allocate.ts'

/** Candidates by what each further part gains; past the end they carry no more. */
const worthOf =
  (gains: readonly (readonly number[])[]): Worth =>
  (candidate, parts) => {
    const of = gains[candidate] ?? []
    if (parts > of.length) return null
    return BigInt(of.slice(0, parts).reduce((sum, gain) => sum + gain, 0))
  }

test('where every further part gains less, no way to share the parts is worth more', () => {
  const falling = fc
    .array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 5 })
    .map((gains) => gains.toSorted((a, b) => b - a))
  fc.assert(
    fc.property(
      fc.array(falling, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 8 }),
      (gains, total) => {
        const worth = worthOf(gains)
        const set = [...gains.keys()]
        let best: bigint | null = null
        const share = (at: number, left: number, sum: bigint): void => {
          if (at === set.length) {
            if (left === 0 && (best === null || sum > best)) best = sum
            return
          }
          for (let parts = 1; parts <= left; parts++) {
            const one = worth(at, parts)
            if (one !== null) share(at + 1, left - parts, sum + one)
          }
        }
        share(0, total, 0n)
        const allocation = allocate(set, total, worth)
        expect(allocation?.carried === total ? allocation.score : null).toBe(best)
      },
    ),
  )
})

test('one candidate more makes of an allocation what sharing anew would, where every further part gains less', () => {
  const falling = fc
    .array(fc.integer({ min: 0, max: 20 }), { maxLength: 6 })
    .map((gains) => gains.toSorted((a, b) => b - a))
  fc.assert(
    fc.property(
      fc.array(falling, { minLength: 2, maxLength: 4 }),
      fc.nat(),
      fc.integer({ min: 1, max: 9 }),
      (gains, drawn, total) => {
        const worth = worthOf(gains)
        const all = [...gains.keys()]
        const added = drawn % all.length
        const before = allocate(
          all.filter((each) => each !== added),
          total,
          worth,
        )
        const anew = allocate(all, total, worth)
        const after = before && extend(before, added, total, worth)
        expect([after?.set, after?.carried, after?.score]).toEqual([
          anew?.set,
          anew?.carried,
          anew?.score,
        ])
        const worths = after?.set.map((candidate, at) => worth(candidate, after.parts[at]!)!)
        expect(worths?.reduce((sum, one) => sum + one, 0n)).toBe(after?.score)
        if (after) expect(after.parts.reduce((sum, one) => sum + one)).toBe(after.carried)
      },
    ),
  )
})

test('what cannot all be carried is carried as far as it goes', () => {
  expect(allocate([0, 1], 9, worthOf([[5, 4], [3]]))).toEqual({
    set: [0, 1],
    parts: [2, 1],
    carried: 3,
    score: 12n,
  })
  expect(allocate([0, 1], 2, worthOf([[5], []]))).toBeNull()
  expect(allocate([0, 1], 1, worthOf([[5], [5]]))).toBeNull()
})

test('parts move to where a later part gains more than the first promised', () => {
  const worth = worthOf([
    [20, 2, 18],
    [10, 4, 1],
  ])
  const shared = allocate([0, 1], 4, worth)!
  expect(shared).toMatchObject({ parts: [2, 2], score: 36n })
  expect(improve(shared, worth)).toMatchObject({ parts: [3, 1], score: 50n })
})

test('a candidate whose gas is more than it gains is dropped', () => {
  const worth = worthOf([
    [10, 9, 8],
    [-5, 9, 9],
  ])
  expect(improve(allocate([0, 1], 3, worth)!, worth)).toEqual({
    set: [0],
    parts: [3],
    carried: 3,
    score: 27n,
  })
})
