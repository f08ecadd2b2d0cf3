import { describe, expect, test } from 'vitest'
import type { Holder, LeaseTable, RangeTable } from '#core/indexing/ranges/ports.ts'

type Tables = { readonly ranges: RangeTable; readonly leases: LeaseTable }
type Place = Tables & {
  /** The same, as another process opens it. */
  readonly again: () => Promise<Tables>
  readonly dispose: () => Promise<void>
}

const PLAN = '1-plan'
const holderOf = (owner: string, now: number): Holder => ({ owner, now, leaseMs: 100 })
const RANGES = [0, 10, 20].map((from) => ({ from, to: from + 9 }))

/**
 * What every table of ranges and leases does. Times are the test's own.
 *
 * @param isAtomic false for the stand-in of MongoDB, which does not keep parallel updates of one document apart
 */
export function rangeTableContract(
  name: string,
  open: () => Promise<Place>,
  { isAtomic = true }: { readonly isAtomic?: boolean } = {},
): void {
  const within = (use: (place: Place) => Promise<void>) => async (): Promise<void> => {
    const place = await open()
    try {
      await use(place)
    } finally {
      await place.dispose()
    }
  }

  describe(`a table of ranges: ${name}`, () => {
    test(
      'hands out the lowest range, each to one, until they are done',
      within(async ({ ranges, again }) => {
        await ranges.plan(PLAN, RANGES)
        const other = await again()
        const first = await ranges.claim(PLAN, holderOf('a', 1_000))
        expect(first).toEqual({
          from: 0,
          to: 9,
          state: 'held',
          owner: 'a',
          until: 1_100,
          tries: 1,
          reason: null,
        })
        expect((await other.ranges.claim(PLAN, holderOf('b', 1_000)))?.from).toBe(10)
        expect((await ranges.claim(PLAN, holderOf('a', 1_000)))?.from).toBe(20)
        expect(await other.ranges.claim(PLAN, holderOf('b', 1_000))).toBeUndefined()
        for (const { from } of RANGES) await ranges.finish(PLAN, from, 'a')
        expect(await other.ranges.claim(PLAN, holderOf('b', 9_000))).toBeUndefined()
        expect((await ranges.list(PLAN)).map(({ state }) => state)).toEqual([
          'done',
          'done',
          'done',
        ])
      }),
    )

    test(
      'planning again changes nothing of what is there',
      within(async ({ ranges }) => {
        await ranges.plan(PLAN, RANGES)
        await ranges.claim(PLAN, holderOf('a', 1_000))
        await ranges.finish(PLAN, 0, 'a')
        await ranges.plan(PLAN, [...RANGES, { from: 30, to: 39 }])
        expect((await ranges.list(PLAN)).map(({ from, state }) => [from, state])).toEqual([
          [0, 'done'],
          [10, 'open'],
          [20, 'open'],
          [30, 'open'],
        ])
      }),
    )

    test(
      'a range whose holder falls silent goes to the next, and the first one learns of it',
      within(async ({ ranges }) => {
        await ranges.plan(PLAN, RANGES.slice(0, 1))
        await ranges.claim(PLAN, holderOf('a', 1_000))
        expect(await ranges.renew(PLAN, 0, holderOf('a', 1_050))).toBe(true)
        expect(await ranges.claim(PLAN, holderOf('b', 1_149))).toBeUndefined()
        expect(await ranges.claim(PLAN, holderOf('b', 1_150))).toMatchObject({
          owner: 'b',
          tries: 2,
        })
        expect(await ranges.renew(PLAN, 0, holderOf('a', 1_151))).toBe(false)
        await ranges.fail(PLAN, 0, { owner: 'a', reason: 'late', retryAt: 0 })
        expect(await ranges.list(PLAN)).toMatchObject([{ state: 'held', owner: 'b', reason: null }])
        // What it kept is kept, whoever holds the range by now.
        await ranges.finish(PLAN, 0, 'a')
        expect(await ranges.list(PLAN)).toMatchObject([{ state: 'done' }])
      }),
    )

    test(
      'a failure has its reason and its pause; the last one waits for an operator',
      within(async ({ ranges }) => {
        await ranges.plan(PLAN, RANGES.slice(0, 1))
        await ranges.claim(PLAN, holderOf('a', 1_000))
        await ranges.fail(PLAN, 0, { owner: 'a', reason: 'the node is away', retryAt: 5_000 })
        expect(await ranges.list(PLAN)).toMatchObject([
          { state: 'open', reason: 'the node is away', until: 5_000, tries: 1 },
        ])
        expect(await ranges.claim(PLAN, holderOf('b', 4_999))).toBeUndefined()
        expect(await ranges.claim(PLAN, holderOf('b', 5_000))).toMatchObject({ tries: 2 })
        await ranges.fail(PLAN, 0, { owner: 'b', reason: 'again', retryAt: null })
        expect(await ranges.claim(PLAN, holderOf('c', 99_999))).toBeUndefined()
        expect(await ranges.list(PLAN, { state: 'failed' })).toHaveLength(1)
        expect(await ranges.reopen(PLAN)).toBe(1)
        expect(await ranges.claim(PLAN, holderOf('c', 5_001))).toMatchObject({ tries: 1 })
      }),
    )

    test(
      'one that is named is claimed by its name, and only if it is free',
      within(async ({ ranges }) => {
        await ranges.plan(PLAN, RANGES)
        expect((await ranges.claim(PLAN, holderOf('a', 1_000), 10))?.from).toBe(10)
        expect(await ranges.claim(PLAN, holderOf('b', 1_000), 10)).toBeUndefined()
        expect(await ranges.claim(PLAN, holderOf('b', 1_000), 11)).toBeUndefined()
        expect((await ranges.claim(PLAN, holderOf('b', 1_100), 10))?.owner).toBe('b')
      }),
    )

    test(
      'lists by block, in pages, and forgets what is behind',
      within(async ({ ranges }) => {
        await ranges.plan(PLAN, RANGES.toReversed())
        await ranges.plan('2-other', RANGES.slice(0, 1))
        expect((await ranges.list(PLAN)).map(({ from }) => from)).toEqual([0, 10, 20])
        expect((await ranges.list(PLAN, { from: 10, limit: 1 })).map(({ from }) => from)).toEqual([
          10,
        ])
        expect(await ranges.plans()).toEqual([PLAN, '2-other'])
        await ranges.forget(PLAN, 19)
        expect((await ranges.list(PLAN)).map(({ from }) => from)).toEqual([20])
        expect(await ranges.list('2-other')).toHaveLength(1)
      }),
    )

    test.runIf(isAtomic)(
      'many processes that claim at once get each range once (on MongoDB: mongod-only)',
      within(async ({ ranges, again }) => {
        const many = Array.from({ length: 24 }, (_, index) => ({ from: index, to: index }))
        await ranges.plan(PLAN, many)
        const others = await Promise.all([again(), again(), again()])
        const claimed = await Promise.all(
          others.map(async (other, index) => {
            const mine: number[] = []
            for (;;) {
              const range = await other.ranges.claim(PLAN, holderOf(`p${index}`, 1_000))
              if (!range) return mine
              mine.push(range.from)
            }
          }),
        )
        expect(claimed.flat().toSorted((a, b) => a - b)).toEqual(many.map(({ from }) => from))
      }),
    )

    test(
      'a lease is one’s for as long as it is renewed, and given back it is free',
      within(async ({ leases, again }) => {
        const other = (await again()).leases
        expect(await leases.take('x', holderOf('a', 1_000))).toEqual({ owner: 'a', until: 1_100 })
        expect(await other.take('x', holderOf('b', 1_099))).toEqual({ owner: 'a', until: 1_100 })
        expect(await leases.take('x', holderOf('a', 1_099))).toEqual({ owner: 'a', until: 1_199 })
        expect(await other.take('x', holderOf('b', 1_150))).toMatchObject({ owner: 'a' })
        expect(await other.take('x', holderOf('b', 1_199))).toMatchObject({ owner: 'b' })
        await leases.release('x', 'a')
        expect(await leases.take('x', holderOf('a', 1_200))).toMatchObject({ owner: 'b' })
        await other.release('x', 'b')
        expect(await leases.take('x', holderOf('a', 1_200))).toMatchObject({ owner: 'a' })
        expect(await other.take('y', holderOf('b', 1_200))).toMatchObject({ owner: 'b' })
      }),
    )
  })
}
