import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { blockOf, follow, hashOf, openWriter, waypoint } from '../../simulation/mint-chain.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { CommitListener } from '#core/indexing/append-blocks.ts'
import { collectGarbage } from '../../fakes/held-memory.ts'
import { addressOf } from '../../fakes/encode.ts'
import type { Act } from '../../oracle/acts.ts'
import type { Connection } from '../../simulation/stores.ts'
import { CHAIN_ID } from '../../simulation/writer.ts'

/** What a commit asks of a store: each call is a round trip to a server, and each durable one waits for a disk. */

type Calls = Record<string, number>
type Methods = Record<string, (...args: never[]) => unknown>

/** Counts calls of all ports, single writes apart, and tells how durable the transaction of each call is. */
function counted() {
  const tables = createMemoryTables()
  let calls: Calls = {}
  let writes: Calls = {}
  let durability = 'none'
  const durabilities: Record<string, Set<string>> = {}
  const add = (sum: Calls, what: string): void => void (sum[what] = (sum[what] ?? 0) + 1)
  const store = createMemoryChainStore(tables, async (name, moment) => {
    if (moment === 'before') add(writes, name.replace(/^(document|undo|block|event) .*/, '$1'))
  })
  const counting = <P extends object>(port: P): P =>
    Object.fromEntries(
      Object.entries(port as Methods).map(([name, method]) => [
        name,
        (...args: never[]) => {
          add(calls, name)
          ;(durabilities[name] ??= new Set()).add(durability)
          return method(...args)
        },
      ]),
    ) as P
  const { hasTransactions, keepsRows, ...methods } = store.writer
  const writer: Connection['writer'] = {
    ...counting(methods),
    hasTransactions,
    keepsRows,
    async atomically(steps, wanted = 'cheap') {
      durability = wanted
      const result = await store.writer.atomically(steps)
      durability = 'none'
      return result
    },
  }
  const { asOneAnswer, ...heads } = store.heads
  const connection: Connection = {
    heads: { ...counting(heads), asOneAnswer },
    tree: counting(store.tree),
    events: counting(store.events),
    quarantine: counting(store.quarantine),
    writer,
  }
  return {
    tables,
    connection,
    durabilities,
    /** What was counted since it was asked the last time. */
    take() {
      const taken = { calls, writes }
      calls = {}
      writes = {}
      return taken
    },
  }
}

const pool = addressOf(0x77)
const created: Act = {
  act: 'create',
  factory: addressOf(0xf2),
  pool,
  token0: addressOf(3),
  token1: addressOf(9),
  terms: null,
}

/** Every other block changes a pool, which a writer keeps at hand, and every other one a holding, which it does not. */
function mixedBlock(number: number) {
  if (number % 2 === 1) return blockOf(number)
  const sync: Act = { act: 'sync', pool, reserves: [BigInt(number + 1), 7n] }
  return blockOf(number, 0, number === 0 ? [created, sync] : [sync])
}

test('in batches of final blocks each document is written once, and nothing is put aside', async () => {
  const { connection, tables, take } = counted()
  const writer = await openWriter(connection)
  for (const from of [0, 10, 20]) {
    take()
    await writer.take(Array.from({ length: 10 }, (_, index) => mixedBlock(from + index)))
    expect(await writer.commit({ number: from + 9, hash: hashOf(from + 9, 0) })).toBe('committed')
    const { writes } = take()
    expect(writes.document).toBe(tables.documents.size)
    expect(writes.undo).toBeUndefined()
    expect(writes['delete undo']).toBeUndefined()
  }
})

test('near the head a commit makes so many calls, however much is remembered', async () => {
  const { connection, take } = counted()
  const writer = await openWriter(connection)
  await follow(writer, 0, 9)
  const usual: Calls = {
    // Whether the head is where it was.
    latest: 1,
    // What readers hold: for what is put aside, and for what is swept.
    held: 2,
    // The objects.
    putBlocks: 1,
    putEvents: 1,
    // Of each of three kinds of documents what is current, and what stands beside it.
    read: 3,
    readPrevious: 3,
    putJournal: 1,
    putUndo: 1,
    replace: 1,
    appendHead: 1,
    putSettled: 1,
    // What is about to be swept, what is settled, and what is clean.
    mark: 3,
    upkeep: 1,
    journal: 1,
    deleteUndo: 1,
    deleteJournal: 1,
    unsettledBlocks: 1,
  }
  const sums: Calls = {}
  take()
  await follow(writer, 10, 10)
  expect(take().calls).toEqual(usual)

  for (let move = 1; move <= 20; move++)
    await connection.writer.putJournal(
      CHAIN_ID,
      { commit: `dead-${move}`, move, from: 5, to: 5 },
      [],
    )
  take()
  const BLOCKS = 160
  for (let number = 11; number < 11 + BLOCKS; number++) {
    await follow(writer, number, number)
    for (const [what, count] of Object.entries(take().calls)) sums[what] = (sums[what] ?? 0) + count
  }
  const looks = (sums.journal as number) - BLOCKS
  expect(looks).toBeGreaterThanOrEqual(9)
  expect(looks).toBeLessThanOrEqual(11)
  const expected = Object.fromEntries(
    Object.entries(usual).map(([what, count]) => [what, count * BLOCKS]),
  )
  expect(sums).toEqual({ ...expected, journal: BLOCKS + looks, journalIds: looks })
})

test('whatever moves the head is durable before anybody is told, and nothing else waits for it', async () => {
  const { connection, durabilities, tables } = counted()
  const first = await openWriter(connection)
  await follow(first, 0, 6)
  await first.moveBack(waypoint(first, 4))
  const second = await openWriter(connection)
  await second.take([blockOf(5, 1)])
  // Its rows are stored by then, so that the next writer fences it off.
  await setImmediate()
  await openWriter(connection)
  expect(await second.commit({ number: 2, hash: hashOf(2, 0) })).toBe('conflict')
  expect([...tables.heads.values()].map(({ reason }) => reason)).toContain('fence')
  expect([...(durabilities.appendHead ?? [])]).toEqual(['durable'])
  for (const cheap of ['putBlocks', 'putEvents'])
    expect([...(durabilities[cheap] ?? [])]).toEqual(['cheap'])
})

test('what was folded is let go before it is stored, but for events that somebody is to be told of', async () => {
  const store = createMemoryChainStore(createMemoryTables())
  const turn = Promise.withResolvers<void>()
  const writer: Connection['writer'] = {
    ...store.writer,
    keepsRows: true,
    async atomically(steps) {
      await turn.promise
      return store.writer.atomically(steps)
    },
  }
  const events: WeakRef<ChainEvent>[] = []
  const told: number[] = []
  const committed: CommitListener = {
    wants(event) {
      events.push(new WeakRef(event))
      return event.block.number % 10 === 0
    },
    tell: (of) => void told.push(...of.map(({ block }) => block.number)),
  }
  const appender = await openWriter({ ...store, writer }, committed)
  for (let number = 0; number < 30; number++) await appender.take([blockOf(number, 0)])
  const status = appender.commit({ number: 29, hash: hashOf(29, 0) })
  // What is held weakly is held until the turn ends, and the folds take some.
  for (let turns = 0; turns < 5; turns++) await setImmediate()
  collectGarbage()
  const held = events.flatMap((each) => each.deref()?.block.number ?? [])
  expect([events.length, held]).toEqual([30, [0, 10, 20]])
  turn.resolve()
  expect([await status, told]).toEqual(['committed', [0, 10, 20]])
})
