import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { catalogue as own } from '#core/catalogue.ts'
import { swapFamily } from '#core/dex/events.ts'
import type { EventFamily } from '#core/history/event.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import { candleDocuments } from '#core/dex/trading/candle.ts'
import { hasReason } from '#core/errors.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import { readDocuments, scanDocuments } from '#core/history/resolve.ts'
import { otherVersions } from '#core/history/versions.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import {
  createFakeChain,
  fakeListedPool,
  fakeSources,
  provenOf,
  refAt,
} from '../../fakes/fake-chain.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { headsOfOtherVersion } from '../../fakes/other-version.ts'

const CHAIN_ID = 31_337
const scan = { order: 'identity', prefix: [], limit: 5 }

/** A history of this version, but for what the head says of that name. */
async function indexedBy(name?: string, version = 0) {
  const store = createMemoryChainStore(createMemoryTables())
  const ports = { ...commitPorts(store, createFakeClock(), CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
  await appender.open()
  const chain = createFakeChain(8, { maxLogs: 9 })
  await chain.mine(8)
  await appender.take(chain.blocks.map(provenOf))
  expect(await appender.commit(refAt(chain, 7))).toBe('committed')
  const heads = name ? headsOfOtherVersion(store.heads, name, version) : store.heads
  const history = { ...store, heads, views: createViews(heads, CHAIN_ID) }
  return { history, view: (await history.views.current()) as View }
}

const isOtherVersion = (error: unknown): boolean => hasReason(error, 'other-version')

test('documents that another version made are refused by name and version; all others are read as ever', async () => {
  const { history, view } = await indexedBy('trades', 3)
  const { version } = candleDocuments.projection
  for (const read of [
    () => readDocuments(history, view, candleDocuments, [[fakeListedPool, '1m', 0]]),
    () => scanDocuments(history, view, candleDocuments, scan),
  ])
    await expect(read()).rejects.toSatisfy(
      (error: Error) =>
        isOtherVersion(error) &&
        error.message.includes(
          `made its candles (trades: version 3 stored, version ${version} here); read it with that version, or have`,
        ),
    )
  expect(await scanDocuments(history, view, poolDocuments, scan)).not.toEqual([])
  expect(await listEvents(history, view, swapFamily, { limit: 5 })).not.toEqual([])
  expect(otherVersions(view, own)).toEqual([`trades: version 3 stored, version ${version} here`])
})

test('events that another version decoded are refused as well, also in the feed', async () => {
  const { history, view } = await indexedBy('transfer-events', 7)
  const feed = createHistoryFeed(history)
  await expect(listEvents(history, view, transferFamily, { limit: 5 })).rejects.toSatisfy(
    isOtherVersion,
  )
  await expect(
    feed.read(undefined, { families: [swapFamily, transferFamily] as EventFamily[], limit: 5 }),
  ).rejects.toSatisfy(isOtherVersion)
  expect(await feed.read(undefined, { families: [swapFamily], limit: 5 })).not.toEqual([])
  expect(otherVersions(view, own)).toEqual(['transfer-events: version 7 stored, version 1 here'])
})

test('a history of this very version has nothing that is of another', async () => {
  const { view } = await indexedBy()
  expect(otherVersions(view, own)).toEqual([])
})
