import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { createMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { createIndexes } from '#adapters/mongo/collections.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openThreadedSqliteChainStore } from '#adapters/sqlite/threaded-chain-store.ts'
import { halyardValues } from '#core/catalogue.ts'
import { swapFamily } from '#core/dex/events.ts'
import { isAppError } from '#core/errors.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import { readDocuments, scanDocuments } from '#core/history/resolve.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type ChainAppender, createChainAppender } from '#core/indexing/append-blocks.ts'
import { createCatalogue } from '#core/indexing/catalogue.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { fakeSources } from '../fakes/fake-chain.ts'
import { createFakeClock } from '../fakes/index-app.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'
import { greeters, greetingFamily, guestDocuments, guestsProjection } from './greetings.ts'
import {
  ANN,
  BOB,
  catalogue,
  CHAIN_ID,
  follow,
  GREETER,
  type Store,
  writerOf,
} from './toy-chain.ts'

async function expectGreetings(store: Store): Promise<void> {
  const { ports, appender } = writerOf(store)
  const view = await follow(appender)
  const keys = [ANN, BOB].map((guest) => [GREETER, guest])
  const guests = await readDocuments(ports, view, guestDocuments, keys)
  expect(guests.map((guest) => guest?.times)).toEqual([3n, 5n])
  const scan = { order: 'byTimes', prefix: [], descending: true, limit: 9 }
  const walked = await scanDocuments(ports, view, guestDocuments, scan)
  expect(walked.map(({ guest }) => guest)).toEqual([BOB, ANN])
  for (const query of [{ limit: 9 }, { limit: 9, address: GREETER }]) {
    const events = await listEvents(ports, view, greetingFamily, query)
    expect(events.map(({ body }) => [body.guest, body.times])).toEqual([
      [ANN, 1n],
      [BOB, 5n],
      [ANN, 2n],
    ])
  }
  expect(await listEvents(ports, view, greetingFamily, { limit: 9, address: ANN })).toEqual([])
  // What was there is there as well.
  expect((await listEvents(ports, view, swapFamily, { limit: 99 })).length).toBeGreaterThan(0)
  // A reorg takes it back.
  await appender.moveBack(waypointAt(appender, view.head.number - 2))
  const before = appender.view() as View
  expect(await readDocuments(ports, before, guestDocuments, keys)).toEqual([undefined, undefined])
}

function waypointAt(appender: ChainAppender, number: number): Waypoint {
  const found = waypointsOf(appender.view() as View).find((each) => each.number === number)
  if (!found) throw new Error(`block ${number} is in the window`)
  return found
}

const server = await openMongoServer()
afterAll(() => server?.stop())

describe('a kind of contract that was added from outside is indexed, read and taken back', () => {
  test('in memory', () =>
    expectGreetings(createMemoryChainStore(createMemoryTables(), undefined, catalogue)))

  test('in SQLite, also in a thread of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-toy-'))
    const plain = openSqliteChainStore(join(folder, 'plain.db'), catalogue)
    const threaded = await openThreadedSqliteChainStore(join(folder, 'threaded.db'), catalogue)
    try {
      await expectGreetings(plain)
      await expectGreetings(threaded)
    } finally {
      plain.close()
      await threaded.close()
      rmSync(folder, { recursive: true })
    }
  })

  test.skipIf(!server)('in MongoDB', async () => {
    const client = new MongoClient(server?.url('admin') as string)
    const db = client.db(freshDatabase())
    try {
      await createIndexes(db, catalogue)
      await expectGreetings(createMongoChainStore(db, catalogue))
    } finally {
      await db.dropDatabase()
      await client.close()
    }
  })
})

describe('a store that was filled without it', () => {
  test('is refused with the reason and the remedy, and is not called damaged', async () => {
    const tables = createMemoryTables()
    const plain = createMemoryChainStore(tables)
    const ports = { ...commitPorts(plain, createFakeClock(), CHAIN_ID), sha256, newId }
    await follow(createChainAppender(ports, CHAIN_ID, fakeSources))
    const { appender } = writerOf(createMemoryChainStore(tables, undefined, catalogue))
    await expect(appender.open()).rejects.toSatisfy(
      (error) =>
        isAppError(error, 'conflict') &&
        error.details.reason === 'other-version' &&
        error.message.includes('guests: none stored, version 1 here'),
    )
  })

  test('is given its tables in SQLite, also in a thread of its own, and is refused by a writer alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-toy-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const open of [openSqliteChainStore, openThreadedSqliteChainStore]) {
      const path = join(folder, `${open.name}.db`)
      const plain = openSqliteChainStore(path)
      const ports = { ...commitPorts(plain, createFakeClock(), CHAIN_ID), sha256, newId }
      const { head } = await follow(createChainAppender(ports, CHAIN_ID, fakeSources))
      plain.close()
      const store = await open(path, catalogue)
      expect(await store.heads.latest(CHAIN_ID)).toMatchObject({ number: head.number })
      const { appender } = writerOf(store)
      await expect(appender.open()).rejects.toThrow(/guests: none stored, version 1 here/)
      await store.close()
      // Without the toy nobody would know what is in its tables.
      expect(() => openSqliteChainStore(path)).toThrow(
        /document_guest, which this one does not know/,
      )
    }
  })

  test('does not hold its documents, and says which version is at fault', async () => {
    const plain = createMemoryChainStore(createMemoryTables())
    const ports = { ...commitPorts(plain, createFakeClock(), CHAIN_ID), sha256, newId }
    const view = await follow(createChainAppender(ports, CHAIN_ID, fakeSources))
    await expect(readDocuments(ports, view, guestDocuments, [[GREETER, ANN]])).rejects.toThrow(
      /indexed without guests; `halyard derive` makes them/,
    )
  })
})

describe('a catalogue', () => {
  const broken = (change: Partial<typeof halyardValues>) => () =>
    createCatalogue({ ...halyardValues, ...change })

  test('refuses what shares a name or a number', () => {
    const [first] = greetingFamily.events
    if (!first) throw new Error('the family has an event')
    const { families, projections } = halyardValues
    expect(broken({ families: [...families, ...families] })).toThrow(/family of events: swap/)
    expect(
      broken({ families: [...families, { ...greetingFamily, events: [{ ...first, number: 0 }] }] }),
    ).toThrow(/number of an event: 0/)
    expect(broken({ projections: [...projections, ...projections] })).toThrow(
      /projection: pools is there twice/,
    )
  })

  test('refuses a projection that stands behind one that it reads', () => {
    const { projections } = halyardValues
    expect(broken({ projections: projections.toReversed() })).toThrow(
      /must stand in front of pools/,
    )
  })

  test('refuses documents that name another projection than the one that writes them', () => {
    const stolen = {
      ...guestsProjection,
      documents: [{ ...guestDocuments, projection: { name: 'pools', version: 3 } }],
    }
    expect(broken({ projections: [...halyardValues.projections, stolen] })).toThrow(
      /guest belong to the projection guests/,
    )
  })
})

test('a fold that reads a document which it did not ask for fails at once, and says which', async () => {
  const forgetful = createCatalogue({
    ...halyardValues,
    sources: [...halyardValues.sources, greeters],
    families: [...halyardValues.families, greetingFamily],
    projections: [...halyardValues.projections, { ...guestsProjection, wants: () => [] }],
  })
  const { appender } = writerOf(createMemoryChainStore(createMemoryTables(), undefined, forgetful))
  await expect(follow(appender)).rejects.toThrow(/the document guest:.* was not asked for/)
})
