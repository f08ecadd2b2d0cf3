import { expect, test } from 'vitest'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import {
  type ChainActivity,
  listChainActivity,
  placeOfActivity,
} from '#core/activity/list-chain-activity.ts'
import type { Source } from '#core/catalogue.ts'
import type { Address, Hash } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { addressOf, dataOf, topicOf } from '../../fakes/encode.ts'
import { type Act, type Draft, draftOf } from '../../oracle/acts.ts'

const CHAIN_ID = 1
const [ANN, BEN, ROUTER] = [addressOf(0xa), addressOf(0xb), addressOf(0xcc)]
const [POOL, ART, MANAGER, NOBODY] = [
  addressOf(0x22),
  addressOf(0x721),
  addressOf(0x3a),
  addressOf(0),
]
const INCREASE: Hash = '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f'
const COLLECT: Hash = '0x40d0efd1a53d60ecbf40971b9daf7dc90178c3aadc7aab1765632738fa8b8f01'
const TRANSFER: Hash = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

const sources: readonly Source[] = [
  {
    kind: 'pool',
    protocol: 'uniswap-v3',
    address: POOL,
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 3_000,
    startBlock: null,
  },
  { kind: 'erc721', address: ART, startBlock: null },
  { kind: 'uniswap-v3-positions', address: MANAGER, startBlock: null },
]

const swap = (sender: Address, recipient: Address): Act => ({
  act: 'swapV3',
  pool: POOL,
  sender,
  recipient,
  moved: [10n, -9n],
  price: { sqrtPriceX96: 1n << 96n, tick: 0 },
  liquidity: 5n,
})
const send = (from: Address, to: Address, tokenId = 1n): Act => ({
  act: 'transfer721',
  collection: ART,
  from,
  to,
  tokenId,
})
const mint: Act = {
  act: 'mintV3',
  pool: POOL,
  owner: MANAGER,
  range: { lower: -10, upper: 10 },
  liquidity: 7n,
  amounts: [3n, 4n],
}
const ofManager = (topics: readonly Hash[], data = '0x' as Draft['data']): Draft => ({
  address: MANAGER,
  topics,
  data,
})
const hand = (from: Address, to: Address): Draft =>
  ofManager([TRANSFER, topicOf(from), topicOf(to), topicOf(7n)])
const increase = ofManager([INCREASE, topicOf(7n)], dataOf(7n, 3n, 4n))
const collect = (recipient: Address): Draft =>
  ofManager([COLLECT, topicOf(7n)], dataOf(recipient, 1n, 2n))

type Log = Act | Draft

/** A history whose blocks have these logs, each block one transaction; the numbers may have gaps. */
async function historyOf(blocks: readonly (readonly [number, ...Log[]])[]) {
  const store = createMemoryChainStore(createMemoryTables())
  const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, sources)
  await appender.open()
  const hashOf = (number: number): Hash => `0x${(number + 1).toString(16).padStart(64, '0')}`
  const filled = new Map(blocks.map(([number, ...logs]) => [number, logs]))
  const last = Math.max(...filled.keys())
  const proven = Array.from({ length: last + 1 }, (_, number) => ({
    header: {
      number,
      hash: hashOf(number),
      parentHash: hashOf(number - 1),
      timestamp: 1_000 + number,
      receiptsRoot: hashOf(0),
      logsBloom: '0x',
      hashProven: true,
    } as const,
    level: 'receipts' as const,
    logs: (filled.get(number) ?? []).map((log, logIndex) => ({
      ...('act' in log ? draftOf(log) : log),
      blockNumber: number,
      blockHash: hashOf(number),
      transactionHash: hashOf(1_000_000 + number),
      transactionIndex: 0,
      logIndex,
    })),
  }))
  await appender.take(proven)
  await appender.commit({ number: last, hash: hashOf(last) })
  const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
  const view = appender.view() as View
  return {
    list: (accounts: readonly Address[], limit = 100, after?: EventPlace) =>
      listChainActivity(history, view, { accounts, limit, ...(after && { after }) }),
  }
}

const placesOf = (rows: readonly ChainActivity[]): string[] =>
  rows.map((row) => `${row.kind} ${row.event.block.number}.${row.event.logIndex}`)

test('a swap is of who asked for it and of who was paid, and of nobody else', async () => {
  const { list } = await historyOf([[1, swap(ROUTER, ANN), swap(BEN, BEN)]])
  expect(placesOf((await list([ANN])).items)).toEqual(['swap 1.0'])
  expect(placesOf((await list([ROUTER])).items)).toEqual(['swap 1.0'])
  expect(placesOf((await list([BEN])).items)).toEqual(['swap 1.1'])
  expect((await list([POOL])).items).toEqual([])
  expect((await list([NOBODY])).items).toEqual([])
})

test('what is done with a position is its owner’s at that time, though the event does not name it', async () => {
  const { list } = await historyOf([
    [1, mint, hand(NOBODY, ANN), increase],
    [2, mint, increase],
    [3, hand(ANN, BEN)],
    [4, mint, increase, collect(ROUTER)],
  ])
  const [ann, ben] = [(await list([ANN])).items, (await list([BEN])).items]
  expect(placesOf(ann)).toEqual(['position 3.0', 'position 2.1', 'position 1.2', 'position 1.1'])
  expect(placesOf(ben)).toEqual(['position 4.2', 'position 4.1', 'position 3.0'])
  expect(placesOf((await list([ROUTER])).items)).toEqual(['position 4.2'])
  for (const row of ann) expect(row).toMatchObject({ pool: POOL, accounts: [ANN] })
})

test('an event that several wallets took part in is listed once, with all of them', async () => {
  const { list } = await historyOf([
    [1, send(NOBODY, ANN)],
    [2, swap(BEN, BEN), send(ANN, BEN)],
    [3, send(BEN, ROUTER)],
  ])
  const { items } = await list([ANN, BEN])
  expect(placesOf(items)).toEqual([
    'nft-transfer 3.0',
    'nft-transfer 2.1',
    'swap 2.0',
    'nft-transfer 1.0',
  ])
  expect(items.map(({ accounts }) => accounts)).toEqual([[BEN], [ANN, BEN], [BEN], [ANN]])
})

test('pages of any size give every row once, also within a block and across pages of the index', async () => {
  const crowd = Array.from({ length: 25 }, (_, index) => swap(index % 2 ? ANN : BEN, ROUTER))
  const { list } = await historyOf([
    [0, send(NOBODY, ANN)],
    [255, ...crowd],
    [256, swap(ANN, BEN)],
    [257, mint, hand(NOBODY, ANN), increase],
    [600, ...crowd],
  ])
  const all = (await list([ANN, BEN])).items
  expect(all).toHaveLength(1 + 25 + 1 + 2 + 25)
  for (const limit of [1, 3, 24, 25, 26, 54]) {
    const paged: ChainActivity[] = []
    for (let after: EventPlace | undefined, more = true; more;) {
      const { items, hasMore } = await list([ANN, BEN], limit, after)
      paged.push(...items)
      const last = items.at(-1)
      after = last && placeOfActivity(last)
      more = hasMore
    }
    expect(placesOf(paged)).toEqual(placesOf(all))
  }
})
