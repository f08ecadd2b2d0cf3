import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { catalogue, type Source } from '#core/catalogue.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { listPositions } from '#core/dex/positions/list-positions.ts'
import { readQuotedPools } from '#core/dex/read-pool.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { listTokenHolders, readBalanceAt } from '#core/tokens/list-balances.ts'
import { addressOf, dataOf, topicOf } from '../../fakes/encode.ts'
import { createFakeClock } from '../../fakes/index-app.ts'

const CHAIN_ID = 31_337
const [TOKEN, MANAGER, POOL, POOLS_V4] = [0x20, 0x40, 0x30, 0x44].map(addressOf) as [
  Address,
  Address,
  Address,
  Address,
]
const [ANN, BOB] = [addressOf(0xa1), addressOf(0xb1)]
const NOBODY = addressOf(0)
const ID_V4: Hash = `0x${'4d'.repeat(32)}`
const PRICE = 1n << 96n

const sources: readonly Source[] = [
  {
    kind: 'pool',
    protocol: 'uniswap-v3',
    address: POOL,
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 500,
    startBlock: 0,
  },
  { kind: 'uniswap-v3-positions', address: MANAGER, startBlock: 0 },
  { kind: 'erc20', address: TOKEN, wrapsNative: false, startBlock: 0 },
  { kind: 'uniswap-v4', address: POOLS_V4, startBlock: 0 },
]

/** First topics, as Etherscan has them. */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const MINT = '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde'
const INCREASE = '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f'
const INITIALIZE_V4 = '0xdd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438'
const SWAP_V4 = '0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f'

type Draft = { readonly address: Address; readonly topics: readonly Hash[]; readonly data: Hex }

const pay = (from: Address, to: Address, amount: bigint): Draft => ({
  address: TOKEN,
  topics: [TRANSFER, topicOf(from), topicOf(to)],
  data: dataOf(amount),
})
const give = (from: Address, to: Address): Draft => ({
  address: MANAGER,
  topics: [TRANSFER, topicOf(from), topicOf(to), topicOf(7n)],
  data: '0x',
})
const open: readonly Draft[] = [
  {
    address: POOL,
    topics: [MINT, topicOf(MANAGER), topicOf(-10n), topicOf(10n)],
    data: dataOf(MANAGER, 5n, 6n, 7n),
  },
  give(NOBODY, ANN),
  { address: MANAGER, topics: [INCREASE, topicOf(7n)], data: dataOf(5n, 6n, 7n) },
]
const initialize: Draft = {
  address: POOLS_V4,
  topics: [INITIALIZE_V4, ID_V4, topicOf(NOBODY), topicOf(addressOf(2))],
  data: dataOf(3_000n, 60n, NOBODY, PRICE, 0n),
}
const swap = (sqrtPriceX96: bigint): Draft => ({
  address: POOLS_V4,
  topics: [SWAP_V4, ID_V4, topicOf(ANN)],
  data: dataOf(-100n, 99n, sqrtPriceX96, 5n, -1n, 3_000n),
})

const hashOf = (branch: number, number: number): Hash =>
  `0x${branch}${String(number).padStart(63, '0')}`

/** A block, all of whose logs are of one transaction. */
function block(
  branch: number,
  number: number,
  parent: Hash,
  drafts: readonly Draft[],
): ProvenBlock {
  const hash = hashOf(branch, number)
  return {
    header: {
      number,
      hash,
      parentHash: parent,
      timestamp: 1_700_000_000 + number,
      receiptsRoot: hash,
      logsBloom: '0x',
      hashProven: true,
    },
    level: 'receipts',
    logs: drafts.map((draft, logIndex) => ({
      ...draft,
      blockNumber: number,
      blockHash: hash,
      transactionHash: sha256(`${hash} ${number}`),
      transactionIndex: 0,
      logIndex,
    })),
  }
}

async function expectTakenBack(store: Parameters<typeof commitPorts>[0]): Promise<void> {
  const clock = createFakeClock()
  const ports = { ...commitPorts(store, clock, CHAIN_ID), catalogue, sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, sources)
  const append = async (each: ProvenBlock): Promise<void> => {
    await appender.take([each])
    const final = { number: 0, hash: hashOf(0, 0) }
    expect(await appender.commit(final)).toBe('committed')
  }
  const seen = async () => {
    const view = appender.view() as View
    const holders = await listTokenHolders(ports, view, { token: TOKEN, limit: 9 })
    const of = async (owner: Address) =>
      (await listPositions(ports, view, { owner, limit: 9 })).items.map(({ tokenId }) => tokenId)
    const [pool] = await readQuotedPools(ports, view, [ID_V4])
    const block2 = { token: TOKEN, account: ANN, block: 2 }
    return {
      // Right behind a reorganisation, their order may still be that of the branch that was left.
      holders: holders.items
        .map(({ account, balance }) => [account, balance] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      annAtTwo: (await readBalanceAt(ports, view, block2)).balance,
      positions: [await of(ANN), await of(BOB)],
      pool: pool && [pool.sqrtPriceX96, pool.swapCount, pool.quotable.status],
    }
  }
  await appender.open()
  await append(block(0, 0, `0x${'0'.repeat(64)}`, []))
  await append(block(0, 1, hashOf(0, 0), [pay(NOBODY, ANN, 100n), initialize]))
  await append(block(0, 2, hashOf(0, 1), [pay(ANN, BOB, 40n), ...open, swap(PRICE - 5n)]))
  const atTwo = {
    holders: [
      [ANN, 60n],
      [BOB, 40n],
    ],
    annAtTwo: 60n,
    positions: [[7n], []],
    pool: [PRICE - 5n, 1, 'yes'],
  }
  expect(await seen()).toEqual(atTwo)
  await append(block(0, 3, hashOf(0, 2), [pay(ANN, BOB, 60n), give(ANN, BOB), swap(PRICE - 9n)]))
  expect(await seen()).toEqual({
    holders: [[BOB, 100n]],
    annAtTwo: 60n,
    positions: [[], [7n]],
    pool: [PRICE - 9n, 2, 'yes'],
  })
  const waypoint = waypointsOf(appender.view() as View).find(({ number }) => number === 2)
  if (!waypoint) throw new Error('block 2 is in the window')
  await appender.moveBack(waypoint)
  expect(await seen()).toEqual(atTwo)
  await append(block(1, 3, hashOf(0, 2), [pay(BOB, ANN, 1n), give(ANN, NOBODY)]))
  expect(await seen()).toEqual({
    holders: [
      [ANN, 61n],
      [BOB, 39n],
    ],
    annAtTwo: 60n,
    positions: [[], []],
    pool: [PRICE - 5n, 1, 'yes'],
  })
}

test('balances, positions and pools of Uniswap V4 are taken back with their blocks, in memory', () =>
  expectTakenBack(createMemoryChainStore(createMemoryTables())))

test('and in SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-taken-back-'))
  const store = openSqliteChainStore(join(folder, 'store.db'))
  onTestFinished(() => {
    store.close()
    rmSync(folder, { recursive: true })
  })
  await expectTakenBack(store)
})
