import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore, type SqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { type Hash, ZERO_ADDRESS } from '#core/chain.ts'
import { newPool, type Pool, poolDocuments } from '#core/dex/pool.ts'
import { emptyDigest } from '#core/history/digest.ts'
import type { Version } from '#core/history/document.ts'
import { type HeadEntry, ORIGIN_COMMIT, type View, viewAt } from '#core/history/head.ts'
import { readDocuments } from '#core/history/resolve.ts'
import { createViews } from '#core/history/view.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { addressOf } from '../test/fakes/encode.ts'
import { createFakeClock } from '../test/fakes/index-app.ts'
import { actBlock } from '../test/fakes/act-block.ts'
import type { Act } from '../test/oracle/acts.ts'
import { ownIds } from '../test/fakes/own-ids.ts'
import { inFolder, median } from './measure.ts'

const CHAIN_ID = 1
const PROJECTIONS = ownIds(CHAIN_ID)
/** Blocks that can be reorganised: hours of a fast chain whose finality has stalled. */
const WINDOW = 20_000
const ROUNDS = 9
const LOGS_PER_BLOCK = 100
const BATCHES = 6
const BLOCKS_PER_BATCH = 32
const SINGLE_BLOCKS = 40
const EMPTY_COMMITS = 200
const COMMIT_ROUNDS = 2

/** What the commit protocol costs where windows are long, and what SQLite's durable commits cost. */
export async function benchHistory(print: (line: string) => void): Promise<void> {
  print(`SQLite in ${tmpdir()}; medians of ${ROUNDS}`)
  await inFolder((folder) => longWindow(folder, print))
  print(`${LOGS_PER_BLOCK} transfers of a collection in each block`)
  const times: Record<Durability, Times> = {
    FULL: { batch: [], single: [], empty: [] },
    NORMAL: { batch: [], single: [], empty: [] },
  }
  // In turns, so that both meet the same moods of the machine.
  for (let round = 0; round < COMMIT_ROUNDS; round++)
    for (const durability of durabilities)
      await inFolder((folder) => commits(folder, durability, times[durability]))
  for (const durability of durabilities) {
    const { batch, single, empty } = times[durability]
    print(
      `  synchronous=${durability.padEnd(6)} ${median(batch).toFixed(1)} ms a batch of ${BLOCKS_PER_BATCH} final blocks, ` +
        `${median(single).toFixed(2)} ms a block near the head, ${median(empty).toFixed(3)} ms a transaction of one row`,
    )
  }
}

const hashOf = (number: number): Hash => `0x${(number + 1).toString(16).padStart(64, '0')}`

const entryOf = (number: number): HeadEntry => ({
  chainId: CHAIN_ID,
  move: number + 2,
  reason: number < 0 ? 'origin' : 'advance',
  number,
  hash: hashOf(number),
  timestamp: number + 1,
  blocks: number < 0 ? 0 : 1,
  commit: number < 0 ? ORIGIN_COMMIT : `c${number}`,
  finalized: { number: -1, hash: hashOf(-1) },
  floorMove: 1,
  digest: emptyDigest,
  coverage: number < 0 ? [] : [{ from: 0, to: number }],
  proof: [],
  projections: PROJECTIONS,
  committedAtMs: 0,
})

const pool = addressOf(0x99)
/** A busy pool as a block left it. */
const versionOf = (number: number): Version<Pool> => ({
  number,
  commit: `c${number}`,
  move: number + 2,
  value: newPool({
    address: pool,
    protocol: 'uniswap-v3',
    factory: addressOf(1),
    token0: addressOf(2),
    token1: addressOf(3),
    feePips: 500,
    createdBlock: number,
  }),
})

/** A window in which every block has changed one pool, and the next block is about to. */
async function longWindow(folder: string, print: (line: string) => void): Promise<void> {
  const store = openSqliteChainStore(join(folder, 'window.db'))
  const id = { tree: PROJECTIONS.pools as string, kind: 'pool', key: [pool] }
  await store.writer.atomically(async () => {
    for (let number = -1; number < WINDOW; number++) await store.writer.appendHead(entryOf(number))
    const numbers = Array.from({ length: WINDOW - 1 }, (_, number) => number)
    await store.writer.putUndo(
      numbers.map((number) => ({ id, version: versionOf(number), until: number + 1 })),
    )
    const [version, previous] = [versionOf(WINDOW), versionOf(WINDOW - 1)]
    await store.writer.replace([{ id, version, previous, expected: null }])
  })
  const cold = await medianOf(async () => {
    await createViews(store.heads, CHAIN_ID).current()
  })
  const views = createViews(store.heads, CHAIN_ID)
  const newest = (await views.current()) as View
  print(`cold view over ${WINDOW} blocks that can be reorganised: ${cold.toFixed(0)} ms`)
  for (const [name, number] of [
    ['one block below it', WINDOW - 1],
    ['in the middle of the window', WINDOW / 2],
  ] as const) {
    const view = viewAt(newest, number) as View
    const time = await medianOf(async () => {
      const [found] = await readDocuments({ ...store, views }, view, poolDocuments, [[pool]])
      if (found?.createdBlock !== number)
        throw new Error(`block ${number} sees ${found?.createdBlock}`)
    })
    print(`hidden document with ${WINDOW} older versions, read ${name}: ${time.toFixed(2)} ms`)
  }
  store.close()
}

async function medianOf(work: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  return median(times)
}

const durabilities = ['FULL', 'NORMAL'] as const
type Durability = (typeof durabilities)[number]
/** Milliseconds of each commit. */
type Times = { readonly batch: number[]; readonly single: number[]; readonly empty: number[] }

async function commits(folder: string, durability: Durability, times: Times): Promise<void> {
  const store = openSqliteChainStore(join(folder, 'commits.db'))
  const appender = await openAppender(durability === 'FULL' ? store : cheap(store))
  let number = 0
  /** Commits the next blocks; the last of them is final, or is far from it. */
  async function commit(count: number, depth: number): Promise<void> {
    const blocks = Array.from({ length: count }, (_, index) => blockOf(number + index))
    number += count
    await appender.take(blocks)
    const final = number - 1 - depth
    const status = await appender.commit({ number: final, hash: hashOf(final) })
    if (status !== 'committed') throw new Error(`block ${number}: ${status}`)
  }
  const time = async (to: number[], count: number, work: () => Promise<unknown>): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const startedAt = performance.now()
      await work()
      to.push(performance.now() - startedAt)
    }
  }
  await time([], 2, () => commit(BLOCKS_PER_BATCH, 0))
  await time(times.batch, BATCHES, () => commit(BLOCKS_PER_BATCH, 0))
  await time(times.single, SINGLE_BLOCKS, () => commit(1, 64))
  const { writer } = durability === 'FULL' ? store : cheap(store)
  let settledTo = number
  await time(times.empty, EMPTY_COMMITS, () =>
    writer.atomically(() => writer.mark(CHAIN_ID, { settledTo: (settledTo += 1) }), 'durable'),
  )
  store.close()
}

const cheap = (store: SqliteChainStore): SqliteChainStore => ({
  ...store,
  writer: { ...store.writer, atomically: (steps) => store.writer.atomically(steps, 'cheap') },
})

const collection = addressOf(0x1155)

async function openAppender(store: SqliteChainStore) {
  let ids = 0
  const ports = {
    ...commitPorts(store, createFakeClock(), CHAIN_ID),
    sha256,
    newId: () => `c${(ids += 1)}`,
  }
  const source = { kind: 'erc1155', address: collection, startBlock: 0 } as const
  const appender = createChainAppender(ports, CHAIN_ID, [source])
  await appender.open()
  return appender
}

function blockOf(number: number): ProvenBlock {
  const acts = Array.from({ length: LOGS_PER_BLOCK }, (_, logIndex): Act => {
    const to = addressOf(0xa000 + ((number * 7 + logIndex * 13) % 997))
    const tokens = [{ tokenId: BigInt(logIndex % 20), amount: 1n }]
    const parties = { operator: to, from: ZERO_ADDRESS, to }
    return { act: 'transfer1155', collection, ...parties, isBatch: false, tokens }
  })
  return actBlock({ number, hash: hashOf(number) }, hashOf(number - 1), acts)
}
