import { describe, expect, test } from 'vitest'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import { SEGMENT_BLOCKS_MAX, type SegmentHead } from '#core/indexing/raw/segment.ts'

const hashOf = (number: number) => `0x${number.toString(16).padStart(64, '0')}` as const

const headOf = (from: number, to: number, scope = '[]'): SegmentHead => ({
  from,
  to,
  lastHash: hashOf(to),
  scope,
  logs: to - from,
  levelAsked: 'receipts',
})

const bytesOf = (text: string): Uint8Array => Buffer.from(text)

/**
 * What every store of proven logs does.
 *
 * @param open gives the same store each time within a test; `again` opens it as another process would
 */
export function rawStoreContract(
  name: string,
  harness: () => Promise<{
    readonly store: RawStore
    readonly again: () => Promise<RawStore>
    readonly dispose: () => Promise<void>
  }>,
): void {
  const withStore =
    (use: (place: Awaited<ReturnType<typeof harness>>) => Promise<void>) =>
    async (): Promise<void> => {
      const place = await harness()
      try {
        await use(place)
      } finally {
        await place.dispose()
      }
    }

  describe(`a store of proven logs: ${name}`, () => {
    test(
      'gives back what was put, to another process too',
      withStore(async ({ store, again }) => {
        await store.put(1, headOf(5, 9), bytesOf('five'))
        expect(await store.list(1, { from: 0, to: 100 })).toEqual([headOf(5, 9)])
        const other = await again()
        expect(await other.list(1, { from: 7, to: 7 })).toEqual([headOf(5, 9)])
        expect(Buffer.from(await other.body(1, headOf(5, 9))).toString()).toBe('five')
      }),
    )

    test(
      'a segment is put once: who comes second changes nothing',
      withStore(async ({ store, again }) => {
        const other = await again()
        await Promise.all([
          store.put(1, headOf(5, 9), bytesOf('same')),
          other.put(1, headOf(5, 9), bytesOf('same')),
        ])
        await store.put(1, headOf(5, 9), bytesOf('late'))
        expect(await store.list(1, { from: 5, to: 5 })).toHaveLength(1)
        expect(Buffer.from(await store.body(1, headOf(5, 9))).toString()).toBe('same')
      }),
    )

    test(
      'lists what reaches into a range, by first block, however long a segment is',
      withStore(async ({ store }) => {
        const long = headOf(1_000, 1_000 + SEGMENT_BLOCKS_MAX - 1)
        const heads = [headOf(3_100, 3_199), long, headOf(0, 9), headOf(3_000, 3_099)]
        for (const head of heads) await store.put(1, head, bytesOf('x'))
        const firsts = async (from: number, to: number) =>
          (await store.list(1, { from, to })).map((head) => head.from)
        expect(await firsts(0, 5_000)).toEqual([0, 1_000, 3_000, 3_100])
        expect(await firsts(long.to, long.to)).toEqual([1_000])
        expect(await firsts(long.to, 3_000)).toEqual([1_000, 3_000])
        expect(await firsts(10, 999)).toEqual([])
        expect(await firsts(3_099, 3_100)).toEqual([3_000, 3_100])
      }),
    )

    test(
      'keeps apart segments of other chains, scopes and branches',
      withStore(async ({ store }) => {
        const own = headOf(5, 9)
        const scope = headOf(5, 9, JSON.stringify([[hashOf(7), 'all']]))
        const branch = { ...own, lastHash: hashOf(99) }
        await store.put(1, own, bytesOf('own'))
        await store.put(2, own, bytesOf('chain'))
        await store.put(1, scope, bytesOf('scope'))
        await store.put(1, branch, bytesOf('branch'))
        expect(await store.list(1, own)).toHaveLength(3)
        expect(await store.list(2, own)).toEqual([own])
        const texts = await Promise.all([
          store.body(1, own),
          store.body(2, own),
          store.body(1, scope),
          store.body(1, branch),
        ])
        expect(texts.map((bytes) => Buffer.from(bytes).toString())).toEqual([
          'own',
          'chain',
          'scope',
          'branch',
        ])
      }),
    )

    test(
      'keeps apart what was asked to prove more, and what says nothing of it',
      withStore(async ({ store, again }) => {
        const levels = ['unverified', 'linked', 'bloom', 'receipts'] as const
        for (const levelAsked of levels)
          await store.put(1, { ...headOf(5, 9), levelAsked }, bytesOf(levelAsked))
        const other = await again()
        const heads = await other.list(1, { from: 5, to: 9 })
        expect(heads.map(({ levelAsked }) => levelAsked).toSorted()).toEqual(levels.toSorted())
        for (const head of heads)
          expect(Buffer.from(await other.body(1, head)).toString()).toBe(head.levelAsked)
        await store.remove(1, { ...headOf(5, 9), levelAsked: 'unverified' })
        expect(await other.list(1, { from: 5, to: 9 })).toHaveLength(3)
      }),
    )

    test(
      'what is larger than one document comes back whole',
      withStore(async ({ store }) => {
        const large = Buffer.alloc(20 * 1024 * 1024)
        for (let at = 0; at < large.length; at += 4_096) large.writeUInt32BE(at, at)
        await store.put(1, headOf(0, 1), large)
        expect(Buffer.compare(Buffer.from(await store.body(1, headOf(0, 1))), large)).toBe(0)
      }),
    )

    test(
      'what is removed is not there, and says so',
      withStore(async ({ store }) => {
        await store.put(1, headOf(5, 9), bytesOf('five'))
        await store.put(1, headOf(10, 19), bytesOf('ten'))
        await store.remove(1, headOf(5, 9))
        await store.remove(1, headOf(5, 9))
        expect(await store.list(1, { from: 0, to: 100 })).toEqual([headOf(10, 19)])
        await expect(store.body(1, headOf(5, 9))).rejects.toMatchObject({
          kind: 'unavailable',
          message: expect.stringMatching(/^raw: the segment of blocks 5-9 was removed/),
        })
        await store.put(1, headOf(5, 9), bytesOf('again'))
        expect(Buffer.from(await store.body(1, headOf(5, 9))).toString()).toBe('again')
      }),
    )
  })
}
