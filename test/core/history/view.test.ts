import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import type { BlockRef } from '#core/chain.ts'
import { emptyDigest } from '#core/history/digest.ts'
import { type HeadEntry, viewFrom } from '#core/history/head.ts'
import { createViews, SETTLED_CACHE_MAX } from '#core/history/view.ts'

const CHAIN_ID = 31_337
const blockOf = (number: number): BlockRef => ({
  number,
  hash: `0x${number.toString(16).padStart(64, '0')}`,
})
const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** A long settled history, and a view at its end. */
async function openLongHistory(length: number) {
  const { heads, writer } = createMemoryChainStore(createMemoryTables())
  await writer.putCanonical(CHAIN_ID, numbersTo(length).map(blockOf))
  const entry: HeadEntry = {
    ...blockOf(length - 1),
    chainId: CHAIN_ID,
    move: 1,
    reason: 'origin',
    timestamp: 0,
    blocks: 0,
    finalized: length - 1,
    floorMove: 1,
    digest: emptyDigest,
    coverage: [{ from: 0, to: length - 1 }],
    tree: 'tree',
    committedAtMs: 0,
  }
  return { heads, view: viewFrom(entry) }
}

test('a settled block is canonical however many others were asked for before', async () => {
  const { heads, view } = await openLongHistory(SETTLED_CACHE_MAX + 10)
  const views = createViews(heads, CHAIN_ID)
  await views.canonical(view, numbersTo(SETTLED_CACHE_MAX))
  // Some are remembered, one is not, and there is no room for it.
  const asked = [7, SETTLED_CACHE_MAX, 8]
  const isCanonical = await views.canonical(view, asked)
  expect(asked.map((number) => isCanonical(blockOf(number)))).toEqual([true, true, true])
  expect(isCanonical({ ...blockOf(7), hash: blockOf(8).hash })).toBe(false)
})

test('two who ask at once do not take the answers of one another away', async () => {
  const { heads, view } = await openLongHistory(SETTLED_CACHE_MAX + 10)
  const views = createViews(heads, CHAIN_ID)
  await views.canonical(view, numbersTo(SETTLED_CACHE_MAX - 1))
  const [first, second] = await Promise.all([
    views.canonical(view, [7, SETTLED_CACHE_MAX - 1]),
    views.canonical(view, [8, SETTLED_CACHE_MAX, SETTLED_CACHE_MAX + 1]),
  ])
  expect([first(blockOf(7)), first(blockOf(SETTLED_CACHE_MAX - 1))]).toEqual([true, true])
  expect([second(blockOf(8)), second(blockOf(SETTLED_CACHE_MAX))]).toEqual([true, true])
})
