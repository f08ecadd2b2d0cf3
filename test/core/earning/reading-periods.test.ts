import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createAccrualReader } from '#core/earning/read-accruals.ts'
import { type EarningRule, periodOf } from '#core/earning/rule.ts'
import type { Source } from '#core/catalogue.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { liquidityFamily } from '#core/dex/events.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { inChainOrder } from '#core/history/walk-events.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { addressOf, dataOf, topicOf } from '../../fakes/encode.ts'
import { hashOfBlock, provenBlock } from '../../fakes/proven-block.ts'
import { draftOf } from '../../oracle/acts.ts'
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

test('lists of events are one in the order of the chain, of which no more than a page each is held', async () => {
  const LIMIT = 3
  const places = fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(9), fc.nat(2)), {
    selector: ([number, logIndex]) => `${number}.${logIndex}`,
    maxLength: 60,
  })
  await fc.assert(
    fc.asyncProperty(places, async (all) => {
      const inOrder = all.toSorted(([a, b], [c, d]) => a - c || b - d)
      let held = 0
      async function* pagesOf(list: number) {
        const own = inOrder.filter(([, , of]) => of === list)
        for (let from = 0; from <= own.length; from += LIMIT) {
          const page = own.slice(from, from + LIMIT)
          held += page.length
          yield page.map(([number, logIndex]) => ({ block: { number }, logIndex }) as ChainEvent)
        }
      }
      const given: number[][] = []
      for await (const page of inChainOrder([0, 1, 2].map(pagesOf), LIMIT)) {
        // One page of each is read ahead.
        expect(held).toBeLessThanOrEqual(2 * 3 * LIMIT)
        held -= page.length
        given.push(...page.map(({ block, logIndex }) => [block.number, logIndex]))
      }
      expect(given).toEqual(inOrder.map(([number, logIndex]) => [number, logIndex]))
    }),
  )
})

const [POOL, MANAGER, ANN, BEN] = [0x22, 0x3a, 0xa1, 0xb1].map(addressOf) as [
  Address,
  Address,
  Address,
  Address,
]
const INCREASE: Hash = '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f'
const TRANSFER: Hash = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

test('of a position its owner earns, whom the manager names and the pool does not, through one period after another', async () => {
  const pool = { kind: 'pool', protocol: 'uniswap-v3', address: POOL, feePips: 500 } as const
  const tokens = { token0: addressOf(1), token1: addressOf(2) }
  const sources: Source[] = [
    { ...pool, ...tokens, startBlock: null },
    { kind: 'uniswap-v3-positions', address: MANAGER, startBlock: null },
  ]
  const mint = draftOf({
    act: 'mintV3',
    pool: POOL,
    owner: MANAGER,
    range: { lower: -10, upper: 10 },
    liquidity: 7n,
    amounts: [3n, 4n],
  })
  const ofManager = (topics: readonly Hash[], data: Hex = '0x') => ({
    address: MANAGER,
    topics,
    data,
  })
  const hand = (from: Address, to: Address) =>
    ofManager([TRANSFER, topicOf(from), topicOf(to), topicOf(7n)])
  const increase = ofManager([INCREASE, topicOf(7n)], dataOf(7n, 3n, 4n))
  const contents = new Map([
    [5, [mint, hand(addressOf(0), ANN), increase]],
    [14, [hand(ANN, BEN)]],
  ])
  const blocks = Array.from({ length: 40 }, (_, number) =>
    provenBlock(number, contents.get(number) ?? []),
  )
  const store = createMemoryChainStore(createMemoryTables())
  const ports = { ...commitPorts(store, createFakeClock(), CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, sources)
  await appender.open()
  await appender.take(blocks)
  await appender.commit({ number: 39, hash: hashOfBlock(39) })
  const rule: EarningRule = {
    ...common,
    periodSeconds: 10,
    name: 'liquidity',
    kind: 'liquidity',
    pool: POOL,
    manager: MANAGER,
    rate: { pointsRaw: 1n, perRaw: 1n },
  }
  const reading = { events: store.events, views: createViews(store.heads, CHAIN_ID) }
  const read = createAccrualReader(reading, appender.view() as View, rule)
  const earned = []
  for (const index of [100, 101, 102]) {
    // oxlint-disable-next-line no-await-in-loop -- one behind another is what is tested
    const accruals = await read(periodOf(rule, index), 0)
    earned.push(accruals.map(({ account, amountRaw }) => [account, amountRaw]))
  }
  expect(earned).toEqual([
    [[ANN, 35n]],
    [
      [ANN, 28n],
      [BEN, 42n],
    ],
    [[BEN, 70n]],
  ])
})
