import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import {
  createMemoryChainStore,
  createMemoryTables,
  type MemoryTables,
} from '#adapters/memory/chain-store.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import { refuseLeftView, whileStale } from '#core/history/at-head.ts'
import type { View } from '#core/history/head.ts'
import { readDocuments } from '#core/history/resolve.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createRandom } from '../../fakes/random.ts'
import type { Act } from '../../oracle/acts.ts'
import { amountAt, append, blockOf, follow, openWriter } from '../../simulation/mint-chain.ts'
import { type History, openHistory } from '../../simulation/reader.ts'
import type { Connection } from '../../simulation/stores.ts'

/**
 * Two members of a replica set, of which one lags. A read is answered by whichever is asked. Reads of one answer carry
 * what was seen by then, and a member that is behind that waits until it has caught up.
 */

type Member = 'primary' | 'lagging'
/** Who is asked: decided for each read by its name. */
type Asked = (read: string) => Member

/** The reads that make a view. */
const ofTheHead = new Set(['latest', 'upkeep', 'since'])

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>

function replicated(primary: MemoryTables, lagging: MemoryTables, asked: Asked): Connection {
  const stores = {
    primary: createMemoryChainStore(primary),
    lagging: createMemoryChainStore(lagging),
  }
  const answers = new AsyncLocalStorage<{ seen: Member }>()
  const read = <P extends object>(port: (store: Connection) => P): P =>
    Object.fromEntries(
      Object.keys(port(stores.primary)).map((name) => [
        name,
        (...args: unknown[]) => {
          const answer = answers.getStore()
          const member = answer?.seen === 'primary' ? 'primary' : asked(name)
          if (answer) answer.seen = member
          return (port(stores[member]) as Methods)[name]?.(...args)
        },
      ]),
    ) as P
  let seenSoFar: Member = 'lagging'
  async function asOneAnswer<T>(work: () => Promise<T>): Promise<T> {
    const answer = { seen: seenSoFar }
    const given = await answers.run(answer, work)
    if (answer.seen === 'primary') seenSoFar = 'primary'
    return given
  }
  return {
    heads: { ...read((store) => store.heads), asOneAnswer },
    tree: read((store) => store.tree),
    events: read((store) => store.events),
    quarantine: stores.primary.quarantine,
    writer: stores.primary.writer,
  }
}

/** The amount that a reader is given, and the one that its head says. */
async function answerOf(history: History): Promise<{ given: bigint | undefined; right: bigint }> {
  const view = (await history.views.current()) as View
  const given = await amountAt(history, view)
  await refuseLeftView(history.views, view)
  return { given, right: BigInt(view.head.number + 1) }
}

/** A member that has seen blocks up to 8, and one that has the next ones, too. */
async function openMembers(more: number): Promise<[MemoryTables, MemoryTables]> {
  const primary = createMemoryTables()
  const writer = await openWriter(createMemoryChainStore(primary))
  await follow(writer, 0, 8)
  const lagging = structuredClone(primary)
  await follow(writer, 9, 8 + more)
  return [primary, lagging]
}

test('an answer does not mix a newer head with documents of a member that lags', async () => {
  const [primary, lagging] = await openMembers(1)
  const asked: Asked = (read) => (ofTheHead.has(read) ? 'primary' : 'lagging')
  const history = openHistory(replicated(primary, lagging, asked))
  // Outside of an answer it does, so the members do what they are here for.
  const mixed = await answerOf(history)
  expect(mixed).toEqual({ given: 9n, right: 10n })
  const { given, right } = await whileStale(history.views, () => answerOf(history))
  expect(given).toBe(right)
})

test('an answer does not mix an older head with documents of a newer member', async () => {
  const [primary, lagging] = await openMembers(1)
  const asked: Asked = (read) => (ofTheHead.has(read) ? 'lagging' : 'primary')
  const history = openHistory(replicated(primary, lagging, asked))
  const { given, right } = await whileStale(history.views, () => answerOf(history))
  expect([given, right]).toEqual([9n, 9n])
})

test('whichever members answer, a process gives what the head of each answer says', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed)
    const [primary, lagging] = await openMembers(1 + random.int(6))
    const asked: Asked = () => (random.chance(0.5) ? 'primary' : 'lagging')
    const history = openHistory(replicated(primary, lagging, asked))
    for (let answers = 0; answers < 4; answers++) {
      const { given, right } = await whileStale(history.views, () => answerOf(history))
      expect(given).toBe(right)
    }
  }
})

test('a writer does not build on documents that lag behind its head', async () => {
  const primary = createMemoryTables()
  const first = await openWriter(createMemoryChainStore(primary))
  await follow(first, 0, 8)
  const lagging = structuredClone(primary)
  const pool = addressOf(0x77)
  const terms = { token0: addressOf(3), token1: addressOf(9), terms: null }
  const create: Act = { act: 'create', factory: addressOf(0xf2), pool, ...terms }
  await append(first, blockOf(9, 0, [create]))
  const asked: Asked = (read) => (ofTheHead.has(read) ? 'primary' : 'lagging')
  const next = await openWriter(replicated(primary, lagging, asked))
  const sync: Act = { act: 'sync', pool, reserves: [5n, 6n] }
  expect(await append(next, blockOf(10, 0, [sync]))).toBe('committed')
  const history = openHistory(createMemoryChainStore(primary))
  const view = (await history.views.current()) as View
  const [found] = await readDocuments(history, view, poolDocuments, [[pool]])
  expect([found?.reserve0, found?.reserve1]).toEqual([5n, 6n])
})
