import { catalogue } from '#core/catalogue.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import {
  createMemoryChainStore,
  createMemoryTables,
  type MemoryTables,
  type WriteStep,
} from '#adapters/memory/chain-store.ts'
import { createMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { createIndexes } from '#adapters/mongo/collections.ts'
import { openSqliteDatabase, sqliteChainPorts } from '#adapters/sqlite/chain-ports.ts'
import { AppError } from '#core/errors.ts'
import type { CommitId } from '#core/history/head.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { ChainWriter, QuarantineTable } from '#core/indexing/ports.ts'
import { steppedDb } from '../servers/stepped-db.ts'
import { freshDatabase } from '../servers/mongo.ts'
import type { Actor, Lock, Scheduler } from './scheduler.ts'

export type StoreKind = 'memory' | 'sqlite' | 'mongo'
export type Connection = HistoryPorts & {
  readonly writer: ChainWriter
  readonly quarantine: QuarantineTable
}

/** One store that many actors are connected to. */
export type SimulatedStore = {
  /** A connection of the actor's own, which stops at every call. */
  connect(actor: Actor): Connection
  /** The actor's process is gone, and with it its open transaction. */
  disconnect(actor: Actor): void
  /** Where the store is in memory. */
  readonly tables: MemoryTables | undefined
  /** There: commits of which an event was stored when the row of its block had been swept already. */
  readonly storedTooLate: ReadonlySet<CommitId>
  dispose(): Promise<void>
}

/** Says of each call whether it fails, before it has done anything or after it has done all. */
export type Faults = (moment: 'before' | 'after') => boolean

const away = (call: string, moment: string): AppError =>
  new AppError('unavailable', `${call}: the connection broke ${moment} it was done`)

export async function openStore(
  kind: StoreKind,
  scheduler: Scheduler,
  faults: Faults,
  mongoUrl?: (database: string) => string,
): Promise<SimulatedStore> {
  switch (kind) {
    case 'memory':
      return memoryStore(scheduler, faults)
    case 'sqlite':
      return sqliteStore(scheduler, faults)
    case 'mongo':
      if (!mongoUrl) throw new Error('a MongoDB server is needed')
      return mongoStore(scheduler, faults, mongoUrl)
    default:
      return kind satisfies never
  }
}

/** Stops before each write and lets it fail before or after it is done. */
const stepOf =
  (actor: Actor, scheduler: Scheduler, faults: Faults): WriteStep =>
  async (call, moment) => {
    if (moment === 'before') await scheduler.stop(actor, call)
    if (faults(moment)) {
      scheduler.note(`${actor.name} FAILS ${moment} ${call}`)
      throw away(call, moment)
    }
  }

/** Every single row is a write of its own here, as on a server without transactions. */
function memoryStore(scheduler: Scheduler, faults: Faults): SimulatedStore {
  const tables = createMemoryTables()
  const storedTooLate = new Set<CommitId>()
  const { events } = tables
  const insert = events.set.bind(events)
  events.set = (key, row) => {
    if (!hasBlock(tables, row.event.block.number, row.commit)) storedTooLate.add(row.commit)
    return insert(key, row)
  }
  return {
    tables,
    storedTooLate,
    connect(actor) {
      const store = createMemoryChainStore(tables, stepOf(actor, scheduler, faults))
      return stoppedReads(store, actor, scheduler, faults)
    },
    disconnect: () => undefined,
    dispose: async () => undefined,
  }
}

const hasBlock = ({ blocks }: MemoryTables, number: number, commit: CommitId): boolean =>
  blocks.values().some((block) => block.number === number && block.commit === commit)

async function mongoStore(
  scheduler: Scheduler,
  faults: Faults,
  url: (database: string) => string,
): Promise<SimulatedStore> {
  const client = new MongoClient(url('admin'), { monitorCommands: true })
  let commands = 0
  client.on('commandStarted', () => void (commands += 1))
  client.on('commandSucceeded', () => void (commands -= 1))
  client.on('commandFailed', () => void (commands -= 1))
  scheduler.waitsFor(() => commands > 0)
  const db = client.db(freshDatabase())
  await createIndexes(db, catalogue)
  return {
    tables: undefined,
    storedTooLate: new Set(),
    connect(actor) {
      const store = createMongoChainStore(steppedDb(db, stepOf(actor, scheduler, faults)))
      return stoppedReads(store, actor, scheduler, faults)
    },
    disconnect: () => undefined,
    async dispose() {
      await db.dropDatabase()
      await client.close()
    },
  }
}

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>
const mapMethods = <P extends object>(
  port: P,
  map: (name: string, method: Methods[string]) => Methods[string],
): P =>
  Object.fromEntries(
    Object.entries(port as Methods).map(([name, method]) => [name, map(name, method)]),
  ) as P

/** Reads stop before each call; writes stop by themselves, and are only told to be under way. */
function stoppedReads(
  store: Connection,
  actor: Actor,
  scheduler: Scheduler,
  faults: Faults,
): Connection {
  const read = <P extends object>(port: P): P =>
    mapMethods(port, (name, method) => async (...args) => {
      await scheduler.stop(actor, name)
      if (faults('before')) throw away(name, 'before')
      return method(...args)
    })
  const readers = new Set(['journal', 'journalIds', 'unsettledBlocks', 'trees'])
  const { hasTransactions, keepsRows, ...methods } = store.writer
  const writer = mapMethods(methods, (name, method) =>
    name === 'atomically'
      ? method
      : readers.has(name)
        ? (read({ [name]: method })[name] as Methods[string])
        : method,
  )
  return {
    heads: read(store.heads),
    tree: read(store.tree),
    events: read(store.events),
    quarantine: read(store.quarantine),
    writer: { ...writer, hasTransactions, keepsRows },
  }
}

/** Files in memory where the system has such a place: nothing of a simulation outlives it. */
const FAST_FOLDERS = ['/dev/shm', tmpdir()]

function makeFolder(): string {
  for (const folder of FAST_FOLDERS)
    try {
      return mkdtempSync(join(folder, 'halyard-simulation-'))
    } catch {
      // The next one.
    }
  throw new Error('no folder for temporary files can be written to')
}

/** A connection each; who begins a transaction keeps the other writers out. */
function sqliteStore(scheduler: Scheduler, faults: Faults): SimulatedStore {
  const folder = makeFolder()
  const path = join(folder, 'store.db')
  const lock: Lock = { holder: undefined }
  const databases = new Map<Actor, ReturnType<typeof openSqliteDatabase>>()

  function connect(actor: Actor): Connection {
    const db = openSqliteDatabase(path, catalogue)
    databases.set(actor, db)
    const store = sqliteChainPorts(db, catalogue)
    const stopped = <P extends object>(port: P): P =>
      mapMethods(port, (name, method) => async (...args) => {
        await scheduler.stop(actor, name)
        if (faults('before')) throw away(name, 'before')
        return method(...args)
      })
    const { hasTransactions, keepsRows, ...methods } = store.writer
    const atomically: ChainWriter['atomically'] = async (steps, durability) => {
      await scheduler.stop(actor, 'begin', lock)
      if (faults('before')) throw away('begin', 'before')
      lock.holder = actor
      try {
        const result = await store.writer.atomically(async () => {
          const inner = await steps()
          await scheduler.stop(actor, 'commit')
          if (faults('before')) throw away('commit', 'before')
          return inner
        }, durability)
        scheduler.note(`${actor.name} committed`)
        if (faults('after')) throw away('commit', 'after')
        return result
      } finally {
        lock.holder = undefined
      }
    }
    return {
      heads: stopped(store.heads),
      tree: stopped(store.tree),
      events: stopped(store.events),
      quarantine: stopped(store.quarantine),
      writer: { ...stopped(methods), atomically, hasTransactions, keepsRows },
    }
  }

  function disconnect(actor: Actor): void {
    const db = databases.get(actor)
    databases.delete(actor)
    db?.rollback()
    db?.close()
    if (lock.holder === actor) lock.holder = undefined
  }

  return {
    tables: undefined,
    storedTooLate: new Set(),
    connect,
    disconnect,
    async dispose() {
      for (const actor of databases.keys()) disconnect(actor)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
