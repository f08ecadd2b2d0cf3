import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { type Candle, candleDocuments } from '#core/dex/trading/candle.ts'
import { type Volume, volumeDocuments } from '#core/dex/trading/volume.ts'
import { emptyDigest } from '#core/history/digest.ts'
import { keyOf } from '#core/history/document.ts'
import { type HeadEntry, viewFrom } from '#core/history/head.ts'
import { type CandleQuery, listCandles } from '#core/dex/trading/list-candles.ts'
import { listVolumes } from '#core/dex/trading/list-volumes.ts'
import { createViews } from '#core/history/view.ts'
import { addressOf } from '../../fakes/encode.ts'
import { ownIds } from '../../fakes/own-ids.ts'

const TREE = ownIds(1).trades as string

const POOL = addressOf(0x11)
const HOUR = 3_600
/** A full hour and day, behind the seconds that a signed 32-bit number can count. */
const T0 = 86_400 * 30_000
const hash = `0x${'1'.repeat(64)}` as const
const ref = { number: 1, commit: 'a', move: 2 }

const candleAt = (hour: number, open: bigint, close: bigint): Candle => ({
  pool: POOL,
  interval: '1h',
  start: T0 + hour * HOUR,
  open,
  high: open > close ? open : close,
  low: open > close ? close : open,
  close,
  volume0: 1n,
  volume1: 1n,
  trades: 1,
})

/** Trades in the hours 0 and 5; the head is in hour 9. */
async function openStore() {
  const store = createMemoryChainStore(createMemoryTables())
  await store.writer.putSettled(1, [{ commit: 'a', from: 1, to: 1 }])
  const candles = [candleAt(0, 2n, 4n), candleAt(5, 4n, 8n)]
  await store.writer.replace(
    candles.map((value) => ({
      id: { tree: TREE, kind: 'candle', key: keyOf(candleDocuments, value) },
      version: { ...ref, value },
      previous: null,
      expected: null,
    })),
  )
  const volumes = [0, 5].map((hour): Volume => ({
    pool: POOL,
    period: 'hour' as const,
    start: T0 + hour * HOUR,
    volume0: 1n,
    volume1: 1n,
    fees0: 0n,
    fees1: 0n,
    trades: 1,
  }))
  await store.writer.replace(
    volumes.map((value) => ({
      id: { tree: TREE, kind: 'volume', key: keyOf(volumeDocuments, value) },
      version: { ...ref, value },
      previous: null,
      expected: null,
    })),
  )
  const head: HeadEntry = {
    chainId: 1,
    ...ref,
    reason: 'advance',
    hash,
    timestamp: T0 + 9 * HOUR + 30,
    blocks: 1,
    finalized: { number: 1, hash },
    floorMove: 2,
    digest: emptyDigest,
    coverage: [{ from: 1, to: 1 }],
    proof: [],
    projections: ownIds(1),
    committedAtMs: 0,
  }
  const ports = { ...store, views: createViews(store.heads, 1) }
  const view = viewFrom(head)
  const ask = async (query: Partial<CandleQuery>): Promise<unknown[]> => {
    const asked = { pool: POOL, interval: '1h', limit: 100, fillGaps: true, ...query } as const
    const found = await listCandles(ports, view, asked)
    return found.map((each) => [
      (each.start - T0) / HOUR,
      Number(each.open),
      Number(each.close),
      each.trades,
    ])
  }
  return { ask, ports, view }
}

const flat = (hour: number, price: number) => [hour, price, price, 0]
const window = (from: number, to: number) => ({ from: T0 + from * HOUR, to: T0 + to * HOUR })

test('gaps are filled from the first trade to the head', async () => {
  const { ask } = await openStore()
  const quiet = [1, 2, 3, 4].map((hour) => flat(hour, 4))
  const since = [6, 7, 8, 9].map((hour) => flat(hour, 8))
  expect(await ask({})).toEqual([[0, 2, 4, 1], ...quiet, [5, 4, 8, 1], ...since])
})

test('a window that begins, lies or ends in a quiet time shows the price that held', async () => {
  const { ask } = await openStore()
  expect(await ask(window(2, 7))).toEqual([
    flat(2, 4),
    flat(3, 4),
    flat(4, 4),
    [5, 4, 8, 1],
    flat(6, 8),
  ])
  expect(await ask(window(2, 5))).toEqual([flat(2, 4), flat(3, 4), flat(4, 4)])
  expect(await ask(window(7, 12))).toEqual([flat(7, 8), flat(8, 8), flat(9, 8)])
  const { from, to } = window(2, 5)
  // Only intervals that begin in the window.
  expect(await ask({ from: from + 1, to: to + 1 })).toEqual([flat(3, 4), flat(4, 4), [5, 4, 8, 1]])
})

test('before its first trade a pool has no candles, and after the head there are none', async () => {
  const { ask } = await openStore()
  expect(await ask(window(-5, 0))).toEqual([])
  expect(await ask(window(-2, 2))).toEqual([[0, 2, 4, 1], flat(1, 4)])
  expect(await ask(window(10, 20))).toEqual([])
})

test('the newest that fit are given, and without gaps filled only hours with trades', async () => {
  const { ask } = await openStore()
  expect(await ask({ ...window(2, 7), limit: 2 })).toEqual([[5, 4, 8, 1], flat(6, 8)])
  expect(await ask({ ...window(2, 7), fillGaps: false })).toEqual([[5, 4, 8, 1]])
})

test('volumes keep to a window', async () => {
  const { ports, view } = await openStore()
  const ask = async (query: object): Promise<number[]> =>
    (await listVolumes(ports, view, { pool: POOL, period: 'hour', limit: 9, ...query })).map(
      ({ start }) => (start - T0) / HOUR,
    )
  expect(await ask({})).toEqual([0, 5])
  expect(await ask(window(0, 5))).toEqual([0])
  expect(await ask(window(1, 6))).toEqual([5])
  expect(await ask(window(1, 5))).toEqual([])
})
