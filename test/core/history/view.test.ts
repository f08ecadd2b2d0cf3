import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import type { BlockRef } from '#core/chain.ts'
import { emptyDigest } from '#core/history/digest.ts'
import {
  type DerivedRef,
  type HeadEntry,
  ORIGIN_COMMIT,
  viewAt,
  viewFrom,
  waypointsOf,
} from '#core/history/head.ts'
import { createViews, loadView, SETTLED_CACHE_MAX } from '#core/history/view.ts'

const CHAIN_ID = 31_337
const blockOf = (number: number): BlockRef => ({
  number,
  hash: `0x${number.toString(16).padStart(64, '0')}`,
})
const refOf = (number: number): DerivedRef => ({ number, commit: `c${number}` })
const refsTo = (count: number): DerivedRef[] =>
  Array.from({ length: count }, (_, index) => refOf(index))

const entryAt = (number: number, change: Partial<HeadEntry>): HeadEntry => ({
  ...blockOf(number),
  chainId: CHAIN_ID,
  move: 1,
  reason: 'origin',
  timestamp: 0,
  blocks: 0,
  commit: ORIGIN_COMMIT,
  finalized: blockOf(number),
  floorMove: 1,
  digest: emptyDigest,
  coverage: [{ from: 0, to: number }],
  proof: [],
  projections: {},
  committedAtMs: 0,
  ...change,
})

/** A long settled history, and a view at its end. */
async function openLongHistory(length: number) {
  const { heads, writer } = createMemoryChainStore(createMemoryTables())
  await writer.putSettled(
    CHAIN_ID,
    refsTo(length).map(({ number, commit }) => ({ commit, from: number, to: number })),
  )
  return { heads, view: viewFrom(entryAt(length - 1, {})) }
}

test('what is settled is canonical however much else was asked for before', async () => {
  const { heads, view } = await openLongHistory(SETTLED_CACHE_MAX + 10)
  const views = createViews(heads, CHAIN_ID)
  await views.canonical(view, refsTo(SETTLED_CACHE_MAX))
  // Some are remembered, one is not, and there is no room for it.
  const asked = [7, SETTLED_CACHE_MAX, 8].map(refOf)
  const isCanonical = await views.canonical(view, [...asked, { number: 7, commit: 'other' }])
  expect(asked.map((ref) => isCanonical(ref))).toEqual([true, true, true])
  expect(isCanonical({ number: 7, commit: 'other' })).toBe(false)
})

test('two who ask at once do not take the answers of one another away', async () => {
  const { heads, view } = await openLongHistory(SETTLED_CACHE_MAX + 10)
  const views = createViews(heads, CHAIN_ID)
  await views.canonical(view, refsTo(SETTLED_CACHE_MAX - 1))
  const asked = [7, SETTLED_CACHE_MAX - 1].map(refOf)
  const others = [8, SETTLED_CACHE_MAX, SETTLED_CACHE_MAX + 1].map(refOf)
  const [first, second] = await Promise.all([
    views.canonical(view, asked),
    views.canonical(view, others),
  ])
  expect(asked.map((ref) => first(ref))).toEqual([true, true])
  expect(others.map((ref) => second(ref))).toEqual([true, true, true])
})

/** A log of single blocks, none of them final. */
async function openLongWindow(length: number) {
  const { heads, writer } = createMemoryChainStore(createMemoryTables())
  await writer.appendHead(entryAt(-1, { coverage: [] }))
  for (let number = 0; number < length; number++)
    await writer.appendHead(
      entryAt(number, {
        move: number + 2,
        reason: 'advance',
        blocks: 1,
        commit: `c${number}`,
        finalized: blockOf(-1),
      }),
    )
  return { heads, writer }
}

test('a window of thousands of blocks is replayed in one pass over the log', async () => {
  const LENGTH = 20_000
  const { heads } = await openLongWindow(LENGTH)
  let asked = 0
  const counting = {
    ...heads,
    async since(chainId: number, fromMove: number) {
      asked++
      return heads.since(chainId, fromMove)
    },
  }
  const latest = (await heads.latest(CHAIN_ID)) as HeadEntry
  const view = await loadView(counting, latest)
  expect(asked).toBe(1)
  expect(waypointsOf(view)).toHaveLength(LENGTH + 1)
  // All windows over the log share one list: one that copied would hold the sum of all their lengths.
  expect(view.window.items).toHaveLength(LENGTH)
  expect(viewAt(view, 10_000)?.window.items).toBe(view.window.items)
})

test('views that part after a common block do not see one another', async () => {
  const { heads, writer } = await openLongWindow(6)
  const before = await loadView(heads, (await heads.latest(CHAIN_ID)) as HeadEntry)
  const back = entryAt(3, { move: 8, reason: 'reorg', commit: 'c3', finalized: blockOf(-1) })
  await writer.appendHead(back)
  const other = { move: 9, reason: 'advance', blocks: 1, commit: 'd4' } as const
  await writer.appendHead(entryAt(4, { ...other, finalized: blockOf(-1) }))
  const after = await loadView(heads, (await heads.latest(CHAIN_ID)) as HeadEntry, before)
  const views = createViews(heads, CHAIN_ID)
  const refs = [refOf(3), refOf(4), refOf(5), { number: 4, commit: 'd4' }]
  const inBefore = await views.canonical(before, refs)
  const inAfter = await views.canonical(after, refs)
  expect(refs.map((ref) => inBefore(ref))).toEqual([true, true, true, false])
  expect(refs.map((ref) => inAfter(ref))).toEqual([true, false, false, true])
})
