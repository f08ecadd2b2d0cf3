import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { catalogue, type Source } from '#core/catalogue.ts'
import { type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import { swapFamily } from '#core/dex/events.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { Waypoint } from '#core/history/window.ts'
import { listEvents } from '#core/history/list-events.ts'
import { readDocuments } from '#core/history/resolve.ts'
import { createViews } from '#core/history/view.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { actBlock } from '../../fakes/act-block.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { type Act, draftOf } from '../../oracle/acts.ts'

const CHAIN_ID = 1
const poolManager = addressOf(0xf4)
const [one, other] = [1, 2].map((index): Hash => `0x${index.toString(16).padStart(64, '0')}`) as [
  Hash,
  Hash,
]
const sources: readonly Source[] = [{ kind: 'uniswap-v4', address: poolManager, startBlock: null }]

const price = { sqrtPriceX96: 1n << 96n, tick: 0 }
const create = (pool: Hash): Act => ({
  act: 'createV4',
  poolManager,
  pool,
  token0: ZERO_ADDRESS,
  token1: addressOf(1),
  feePips: 500,
  tickSpacing: 10,
  hooks: ZERO_ADDRESS,
  price,
})
const swap = (pool: Hash): Act => ({
  act: 'swapV4',
  poolManager,
  pool,
  sender: addressOf(9),
  moved: [10n, -9n],
  price,
  liquidity: 5n,
  feePips: 500,
})

const hashOf = (number: number, branch: number): Hash => sha256(`${number} ${branch}`)

function openHistory() {
  const store = createMemoryChainStore(createMemoryTables())
  let ids = 0
  const ports = {
    ...commitPorts(store, createFakeClock(), CHAIN_ID),
    catalogue,
    sha256,
    newId: () => `c${(ids += 1)}`,
  }
  const views = createViews(store.heads, CHAIN_ID)
  return {
    async writer() {
      const appender = createChainAppender(ports, CHAIN_ID, sources)
      await appender.open()
      return {
        async append(number: number, acts: readonly Act[], branch = 0, parent = branch) {
          const block = { number, hash: hashOf(number, branch) }
          await appender.take([actBlock(block, hashOf(number - 1, parent), acts)])
          await appender.commit({ number: -1, hash: hashOf(-1, 0) })
        },
        async goBackTo(number: number) {
          const to = waypointsOf(appender.view() as View).find((each) => each.number === number)
          await appender.moveBack(to as Waypoint)
        },
      }
    },
    /** Swaps of a pool in its document, and listed. */
    async swapsOf(pool: Hash) {
      const view = (await views.current()) as View
      const all = { ...store, views }
      const [found] = await readDocuments(all, view, poolDocuments, [[pool]])
      const rows = await listEvents(all, view, swapFamily, { address: pool, limit: 9 })
      return [found?.swapCount, rows.length]
    },
  }
}

test('a pool counts once it was seen to be made, and no later event of another stops the index', async () => {
  const history = openHistory()
  const writer = await history.writer()
  await writer.append(0, [swap(one)])
  expect(await history.swapsOf(one)).toEqual([undefined, 0])
  await writer.append(1, [swap(other), create(one), swap(one)])
  expect(await history.swapsOf(one)).toEqual([1, 1])
  expect(await history.swapsOf(other)).toEqual([undefined, 0])
})

test('a writer that starts knows the pools that were made, and forgets those of a branch that was left', async () => {
  const history = openHistory()
  const first = await history.writer()
  await first.append(0, [create(one)])
  await first.append(1, [create(other), swap(other)])
  const next = await history.writer()
  await next.append(2, [swap(one), swap(other)])
  expect(await history.swapsOf(one)).toEqual([1, 1])
  expect(await history.swapsOf(other)).toEqual([2, 2])
  await next.goBackTo(0)
  await next.append(1, [swap(one), swap(other)], 1, 0)
  expect(await history.swapsOf(one)).toEqual([1, 1])
  expect(await history.swapsOf(other)).toEqual([undefined, 0])
})

test('a pool that is told of again on a branch that was left is followed as before', async () => {
  const history = openHistory()
  const writer = await history.writer()
  await writer.append(0, [create(one)])
  await writer.append(1, [create(one)])
  await writer.goBackTo(0)
  await writer.append(1, [swap(one)], 1, 0)
  expect(await history.swapsOf(one)).toEqual([1, 1])
})

test('no node is asked for the logs of what is no contract', () => {
  const factory: Source = {
    kind: 'uniswap-v2',
    factory: addressOf(0xf2),
    feePips: 3_000,
    startBlock: null,
  }
  const admission = createAdmission(catalogue, [...sources, factory])
  const place = { blockNumber: 0, blockHash: one, transactionHash: one, transactionIndex: 0 }
  const admitted = admission.admit({ ...draftOf(create(one)), ...place, logIndex: 0 })
  if (admitted.status !== 'event' || !admitted.child) throw new Error('the pool was not found')
  const before = [...admission.scope().values()]
  admission.follow(admitted.child)
  expect([...admission.scope().values()]).toEqual(before)
})
