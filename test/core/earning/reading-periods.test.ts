import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createAccrualReader } from '#core/earning/read-accruals.ts'
import { type EarningRule, periodOf } from '#core/earning/rule.ts'
import type { Address } from '#core/chain.ts'
import { liquidityFamily } from '#core/dex/events.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import {
  createFakeChain,
  fakeErc721,
  fakeSources,
  provenOf,
  refAt,
} from '../../fakes/fake-chain.ts'
import { createFakeClock } from '../../fakes/index-app.ts'

const CHAIN_ID = 31_337
const BLOCKS = 60
/** Ten blocks of the made-up chain. */
const PERIOD_SECONDS = 120
const common = {
  version: 1,
  asset: 'points',
  startsAt: 0,
  periodSeconds: PERIOD_SECONDS,
  capRaw: null,
  exclude: [],
} as const

test('a period reads no event that one before it has read, and gives what it gives by itself', async () => {
  const store = createMemoryChainStore(createMemoryTables())
  const ports = { ...commitPorts(store, createFakeClock(), CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
  await appender.open()
  const chain = createFakeChain(3, { maxLogs: 12 })
  await chain.mine(BLOCKS)
  await appender.take(chain.blocks.map(provenOf))
  await appender.commit(refAt(chain, BLOCKS - 1))
  const view = appender.view() as View
  const views = createViews(store.heads, CHAIN_ID)
  const reading = { events: store.events, views }
  const changes = await listEvents(reading, view, liquidityFamily, { limit: 500 })
  const minted = changes.find(({ body }) => body.type === 'mint' && 'owner' in body)
  const pool = minted?.address as Address
  const rules: readonly EarningRule[] = [
    { ...common, name: 'held', kind: 'nft-held', collection: fakeErc721, pointsRaw: 1n },
    {
      ...common,
      name: 'liquidity',
      kind: 'liquidity',
      pool,
      manager: null,
      rate: { pointsRaw: 1n, perRaw: 1n },
    },
  ]
  let lowest = Number.POSITIVE_INFINITY
  const events: typeof store.events = {
    async list(chainId, query) {
      const rows = await store.events.list(chainId, query)
      for (const { place } of rows) lowest = Math.min(lowest, place.number)
      return rows
    },
  }
  const timeOf = (number: number) => chain.blocks[number]?.header.timestamp ?? 0
  const first = Math.floor(timeOf(0) / PERIOD_SECONDS)
  const last = Math.floor(view.head.timestamp / PERIOD_SECONDS)
  for (const rule of rules) {
    const readOn = createAccrualReader({ events, views }, view, rule)
    const counted: object[] = []
    for (let index = first; index < last; index++) {
      const period = periodOf(rule, index)
      lowest = Number.POSITIVE_INFINITY
      // oxlint-disable-next-line no-await-in-loop -- one behind another is what is tested
      const accruals = await readOn(period, 0)
      if (index > first && Number.isFinite(lowest))
        expect(timeOf(lowest)).toBeGreaterThanOrEqual(period.start)
      const readAnew = createAccrualReader({ events, views }, view, rule)
      // oxlint-disable-next-line no-await-in-loop -- likewise
      expect(accruals).toEqual(await readAnew(period, 0))
      counted.push(...accruals)
    }
    expect(counted.length, rule.name).toBeGreaterThan(0)
  }
})
