import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MongoClient } from 'mongodb'
import { afterAll, expect, test, vi } from 'vitest'
import { createMemoryLedgerStore, type MemoryLedgers } from '../fakes/ledger-store.ts'
import { createMongoLedgerStore } from '#adapters/mongo/ledger-store.ts'
import { openMongoMigrationStore } from '#adapters/mongo/migration-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteLedgerStore } from '#adapters/sqlite/ledger-store.ts'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrate } from '#core/operations/migrate.ts'
import { type LedgerHarness, ledgerStoreContract } from '../contracts/ledger-store.contract.ts'
import { expectIndexes } from '../servers/mongo-scans.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'

vi.setConfig({ testTimeout: 120_000 })

/** Of the places where the contract stops a writer, the stand-in for a server, which is slow, tries every so many. */
const STAND_IN_EVERY_NTH = 40

ledgerStoreContract('memory', async () => {
  const ledgers: MemoryLedgers = new Map()
  return {
    connect: async () => createMemoryLedgerStore(ledgers),
    dispose: async () => undefined,
    everyNth: 1,
    locks: false,
  }
})

async function migrated(path: string): Promise<void> {
  const migrations = openSqliteMigrationStore(path)
  await migrate({ migrations, sha256 }, { isDryRun: false })
  migrations.close()
}

ledgerStoreContract('SQLite', async (): Promise<LedgerHarness> => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-ledger-'))
  const path = join(folder, 'records.db')
  await migrated(path)
  return {
    connect: async () => openSqliteLedgerStore(path),
    dispose: async () => rmSync(folder, { recursive: true }),
    everyNth: 1,
    locks: true,
  }
})

test('no statement changes or removes an entry of a ledger in SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-ledger-'))
  const path = join(folder, 'records.db')
  await migrated(path)
  const store = openSqliteLedgerStore(path)
  const entry = { ledger: 'points', sequence: 1, atMs: 1, hash: sha256('1'), body: '[]' }
  await store.write((writer) => writer.insertEntry(entry))
  const db = new DatabaseSync(path)
  expect(() => db.exec('DELETE FROM ledger_entries')).toThrow(/never removed/)
  expect(() => db.exec(`UPDATE ledger_entries SET body = ''`)).toThrow(/never changed/)
  db.close()
  expect(await store.newest('points')).toEqual(entry)
  store.close()
  rmSync(folder, { recursive: true })
})

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) suiteOver(server)
else test.skip('MongoDB: no server to run on', () => {})

function suiteOver(mongo: MongoServer): void {
  const { url, kind } = mongo
  const client = new MongoClient(url('admin'), { monitorCommands: true })
  afterAll(() => client.close())

  ledgerStoreContract('MongoDB', async () => {
    const name = freshDatabase()
    const migrations = await openMongoMigrationStore(url(name))
    await migrate({ migrations, sha256 }, { isDryRun: false })
    await migrations.close()
    const db = client.db(name)
    return {
      connect: async () => createMongoLedgerStore(db),
      dispose: async () => void (await db.dropDatabase()),
      everyNth: kind === 'ferretlite' ? STAND_IN_EVERY_NTH : 1,
      locks: false,
    }
  })
  expectIndexes(mongo)
}
