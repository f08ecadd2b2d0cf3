import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { catalogue } from '#core/catalogue.ts'
import { isAppError } from '#core/errors.ts'
import { createHistoryFeed, type FeedCursor } from '#core/history/feed.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { createViews, isStaleView } from '#core/history/view.ts'
import { type ChainAppender, createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { createFeedConsumer } from '../../contracts/feed-consumer.ts'
import { modelOf } from '../../contracts/everything.ts'
import {
  createFakeChain,
  type FakeBlock,
  type FakeChain,
  fakeSources,
  provenOf,
  refAt,
} from '../../fakes/fake-chain.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { createRandom } from '../../fakes/random.ts'

const CHAIN_ID = 31_337
const FINALITY = 4
/** Much of what is read while a writer is at work is read between two of its writes. */
const READ_AT_A_WRITE = 0.1

async function follow(appender: ChainAppender, chain: FakeChain, from: number): Promise<void> {
  for (const block of chain.blocks.slice(from)) {
    await appender.take([provenOf(block)])
    expect(await appender.commit(refAt(chain, block.header.number - FINALITY))).toBe('committed')
  }
}

const goBack = async (appender: ChainAppender, number: number): Promise<void> => {
  const to = waypointsOf(appender.view() as View).find((each) => each.number === number)
  if (!to) throw new Error(`block ${number} is in the window`)
  expect(await appender.moveBack(to)).toBe('committed')
}

test('whoever reads the feed has just the events of the history, whenever it reads and however often it begins anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
      const random = createRandom(seed)
      const tables = createMemoryTables()
      const reading = createMemoryChainStore(tables)
      const feed = createHistoryFeed({
        ...reading,
        views: createViews(reading.heads, CHAIN_ID),
      })
      const [often, seldom] = [createFeedConsumer(), createFeedConsumer()]
      // Some writes go out together; one consumer reads after the other all the same.
      let turn: Promise<void> = Promise.resolve()
      const store = createMemoryChainStore(tables, () => (turn = turn.then(readSometimes)))
      async function readSometimes(): Promise<void> {
        if (!random.chance(READ_AT_A_WRITE)) return
        await often.read(feed, 1 + random.int(5)).catch((error: unknown) => {
          if (!isStaleView(error)) throw error
        })
        if (random.chance(0.1)) often.restart()
      }
      let ids = 0
      const ports = { ...commitPorts(store, createFakeClock(), CHAIN_ID), sha256 }
      const appender = createChainAppender(
        { ...ports, newId: () => `c${(ids += 1)}` },
        CHAIN_ID,
        fakeSources,
      )
      await appender.open()
      const chain = createFakeChain(seed, { maxLogs: 5 })
      await chain.mine(4)
      await follow(appender, chain, 0)
      for (let rounds = 0; rounds < 4; rounds++) {
        const depth = 1 + random.int(FINALITY - 1)
        await chain.fork(depth, depth + random.int(3))
        const from = (appender.view()?.head.number ?? 0) - depth
        await goBack(appender, from)
        if (random.chance(0.3)) await seldom.read(feed, 1 + random.int(9))
        await follow(appender, chain, from + 1)
      }
      // No write is left at which somebody reads.
      await appender.tidied()
      const { events } = modelOf(chain.blocks)
      for (const consumer of [often, seldom, createFeedConsumer()]) {
        await consumer.readAll(feed, 1 + random.int(20))
        expect(consumer.events()).toEqual(events)
        expect(consumer.cursor()).toMatchObject({
          number: chain.blocks.length - 1,
          finalized: chain.blocks.length - 1 - FINALITY,
          logIndex: null,
        })
      }
    }),
    { numRuns: 60 },
  )
}, 60_000)

async function openFeed() {
  const store = createMemoryChainStore(createMemoryTables())
  let ids = 0
  const appender = createChainAppender(
    {
      ...commitPorts(store, createFakeClock(), CHAIN_ID),
      sha256,
      newId: () => `c${(ids += 1)}`,
    },
    CHAIN_ID,
    fakeSources,
  )
  await appender.open()
  const feed = createHistoryFeed({ ...store, views: createViews(store.heads, CHAIN_ID) })
  return { appender, feed, store }
}

/** A chain of so many blocks, stored and read to its end. */
async function openRead(seed: number, blocks: number) {
  const { appender, feed } = await openFeed()
  const chain = createFakeChain(seed, { maxLogs: 4 })
  await chain.mine(blocks)
  await follow(appender, chain, 0)
  const consumer = createFeedConsumer()
  await consumer.readAll(feed, 50)
  return { appender, feed, chain, consumer }
}

test('before anything is indexed there is nothing to tell, and at the head nothing more', async () => {
  const { appender, feed } = await openFeed()
  const consumer = createFeedConsumer()
  expect(await consumer.read(feed, 5)).toBe(0)
  const chain = createFakeChain(3, { maxLogs: 4 })
  await chain.mine(3)
  await follow(appender, chain, 0)
  await consumer.readAll(feed, 5)
  expect(await consumer.read(feed, 5)).toBe(0)
  expect(consumer.retractions()).toBe(0)
})

test('a branch that came and went between two reads is not told of', async () => {
  const { appender, feed, chain, consumer } = await openRead(4, 6)
  const stay = chain.blocks.length
  await chain.mine(2)
  await follow(appender, chain, stay)
  await goBack(appender, stay - 1)
  await consumer.readAll(feed, 50)
  expect(consumer.retractions()).toBe(0)
})

test('of several reorganisations since a reader was there, the deepest says how far it is taken back', async () => {
  const { appender, feed, chain, consumer } = await openRead(5, 9)
  for (const depth of [3, 1, 2]) {
    const from = chain.blocks.length - 1 - depth
    await chain.fork(depth, depth + 1)
    await goBack(appender, from)
    await follow(appender, chain, from + 1)
  }
  await consumer.readAll(feed, 50)
  expect(consumer.retractions()).toBe(1)
  expect(consumer.events()).toEqual(modelOf(chain.blocks).events)
})

test('a cursor that this history never gave is refused with the remedy, not read as if it were', async () => {
  const { appender, feed } = await openFeed()
  const chain = createFakeChain(5, { maxLogs: 4 })
  await chain.mine(6)
  await follow(appender, chain, 0)
  const consumer = createFeedConsumer()
  await consumer.readAll(feed, 50)
  const cursor = consumer.cursor() as FeedCursor
  for (const other of [
    { ...cursor, move: cursor.move + 1 },
    { ...cursor, commit: 'of-another-store' },
  ])
    await expect(feed.read(other, { families: [], limit: 5 })).rejects.toSatisfy(
      (error) => isAppError(error, 'invalid') && /restored from a backup/.test(error.message),
    )
})

test('what is final below the first block of a history is not told of, nor what lies in a gap', async () => {
  const { appender, feed } = await openFeed()
  const chain = createFakeChain(6, { maxLogs: 4 })
  await chain.mine(40)
  const everything = { families: catalogue.families, limit: 1_000 }
  await appender.take([provenOf(chain.blocks[20] as FakeBlock)])
  expect(await appender.commit(refAt(chain, 16))).toBe('committed')
  const first = await feed.read(undefined, everything)
  expect(first.filter(({ type }) => type === 'finalized')).toEqual([])
  expect(first.at(-1)?.cursor).toMatchObject({ number: 20, finalized: -1 })

  await appender.take([provenOf(chain.blocks[30] as FakeBlock)])
  expect(await appender.commit(refAt(chain, 30))).toBe('committed')
  const second = await feed.read(first.at(-1)?.cursor, everything)
  const told = second.flatMap((item) => (item.type === 'appended' ? [item.block.number] : []))
  expect(new Set(told)).toEqual(new Set([30]))
  expect(second.at(-1)).toMatchObject({ type: 'finalized', block: refAt(chain, 30) })
})

test('a cursor in the middle of a block goes on with its next event, and final is told once', async () => {
  const { appender, feed } = await openFeed()
  const chain = createFakeChain(7, { maxLogs: 6 })
  await chain.mine(12)
  await follow(appender, chain, 0)
  const whole = await feed.read(undefined, { families: catalogue.families, limit: 1_000 })
  const events = whole.flatMap((item) => (item.type === 'appended' ? item.events : []))
  const one: typeof events = []
  let finals = 0
  let cursor: FeedCursor | undefined
  for (;;) {
    const items = await feed.read(cursor, { families: catalogue.families, limit: 1 })
    if (items.length === 0) break
    for (const item of items) {
      if (item.type === 'appended') one.push(...item.events)
      if (item.type === 'finalized') finals++
      cursor = item.cursor
    }
  }
  expect(one).toEqual(events)
  expect(finals).toBe(1)
})

test('a head that goes back while the feed is read is noticed: nothing of the left branch is told', async () => {
  const { appender, store } = await openFeed()
  const chain = createFakeChain(8, { maxLogs: 6 })
  await chain.mine(10)
  await follow(appender, chain, 0)
  let isFirst = true
  const torn = {
    ...store,
    events: {
      async list(...query: Parameters<typeof store.events.list>) {
        const page = await store.events.list(...query)
        if (!isFirst) return page
        isFirst = false
        // The first family was read of the old branch; the others are read after this.
        await goBack(appender, 7)
        await chain.fork(2, 4)
        await follow(appender, chain, 8)
        return page
      },
    },
  }
  const feed = createHistoryFeed({ ...torn, views: createViews(store.heads, CHAIN_ID) })
  const items = await feed.read(undefined, { families: catalogue.families, limit: 1_000 })
  const told = items.flatMap((item) => (item.type === 'appended' ? [item.block] : []))
  for (const block of told) expect(block).toEqual(refAt(chain, block.number))
  expect(items.some(({ cursor }) => cursor.number === chain.blocks.length - 1)).toBe(true)
})
