import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MongoClient } from 'mongodb'
import { afterAll, expect, test, vi } from 'vitest'
import { createMemoryLedgerStore, type MemoryLedgers } from '../fakes/ledger-store.ts'
import { createMongoLedgerStore } from '#adapters/mongo/ledger-store.ts'
import { openMongoMigrationStore } from '#adapters/mongo/migration-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteLedgerStore } from '#adapters/sqlite/ledger-store.ts'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { isAppError } from '#core/errors.ts'
import type { Receipt } from '#core/ledger/append.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk, type LedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation, OperationRequest } from '#core/ledger/operation.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import { migrate } from '#core/operations/migrate.ts'
import { type LedgerHarness, ledgerStoreContract } from '../contracts/ledger-store.contract.ts'
import { expectIndexes } from '../servers/mongo-scans.ts'
import { type LedgerPlace, runUntilKilled } from '../fakes/ledger-process.ts'
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

const NO_LIMITS = {
  name: 'Gems',
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: null,
  supplyMaxRaw: null,
  expiresAfterMs: null,
} as const
const spendOf = (amountRaw: bigint): Operation => ({
  kind: 'spend',
  asset: 'gems',
  account: 'ann',
  amountRaw,
  feeRaw: 0n,
  memo: '',
})
const requestOf = (key: string, operation: Operation): OperationRequest => ({
  scope: 'tests',
  key,
  actor: 'tests',
  operation,
})

async function withPoints(store: LedgerStore, ledger: string): Promise<LedgerClerk> {
  const clerk = createLedgerClerk({ store, clock: systemClock, sha256 }, ledger)
  await clerk.submit(requestOf('asset', { kind: 'set-asset', asset: 'gems', ...NO_LIMITS }))
  const grant = { kind: 'grant', asset: 'gems', account: 'ann', amountRaw: 100n, memo: '' } as const
  await clerk.submit(requestOf('grant', grant))
  return clerk
}

/** The entry, its movement, three documents and the mark: killed before the first, and behind each. */
const KILLS = [0, 1, 2, 3, 4, 5, 6]

/** Whatever a process had written when it was killed, the next one makes one spend of it. */
async function expectOneSpendHoweverKilled(store: LedgerStore, place: LedgerPlace): Promise<void> {
  const kill = async (dieBehind: number): Promise<void> => {
    const ledger = `killed-${dieBehind}`
    const clerk = await withPoints(store, ledger)
    const request = requestOf('spend', spendOf(30n))
    expect(await runUntilKilled({ place, ledger, request, dieBehind })).toBe('SIGKILL')
    const of = { asset: 'gems', account: 'ann' }
    // A reader may come first, and sees all of it or nothing.
    const shown = (await readBalance({ store, sha256 }, ledger, of)).value.availableRaw
    expect([70n, 100n]).toContain(shown)
    const receipt = await clerk.submit(request)
    expect(receipt).toMatchObject({ outcome: { status: 'done' }, isReplay: shown === 70n })
    expect((await readBalance({ store, sha256 }, ledger, of)).value.availableRaw).toBe(70n)
    expect((await auditLedger({ store, sha256 }, ledger)).breaches).toEqual([])
  }
  // Two at a time: a process that starts takes longer than all that it does.
  const waiting = [...KILLS]
  const inTurn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await kill(next)
  }
  await Promise.all([inTurn(), inTurn()])
  const ledger = 'alive'
  await withPoints(store, ledger)
  const request = requestOf('spend', spendOf(30n))
  const dieBehind = KILLS.length
  expect(await runUntilKilled({ place, ledger, request, dieBehind })).toBe(0)
}

test('a process that is killed (kill -9) behind any write of a spend to SQLite has spent once or not at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-ledger-'))
  const at = join(folder, 'records.db')
  await migrated(at)
  const store = openSqliteLedgerStore(at)
  await expectOneSpendHoweverKilled(store, { kind: 'sqlite', at })
  store.close()
  rmSync(folder, { recursive: true })
})

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) suiteOver(server)
else test.skip('MongoDB: no server to run on', () => {})

function suiteOver(mongo: MongoServer): void {
  const { url, kind, crash } = mongo
  const client = new MongoClient(url('admin'), { monitorCommands: true })
  afterAll(() => client.close())

  async function migratedDatabase(): Promise<string> {
    const name = freshDatabase()
    const migrations = await openMongoMigrationStore(url(name))
    await migrate({ migrations, sha256 }, { isDryRun: false })
    await migrations.close()
    return name
  }

  test('a process that is killed (kill -9) behind any write of a spend to MongoDB has spent once or not at all', async () => {
    const name = await migratedDatabase()
    const store = createMongoLedgerStore(client.db(name))
    await expectOneSpendHoweverKilled(store, { kind: 'mongodb', at: url(name) })
    await client.db(name).dropDatabase()
  })

  ledgerStoreContract('MongoDB', async () => {
    const name = await migratedDatabase()
    const db = client.db(name)
    return {
      connect: async () => createMongoLedgerStore(db),
      dispose: async () => void (await db.dropDatabase()),
      everyNth: kind === 'ferretlite' ? STAND_IN_EVERY_NTH : 1,
      locks: false,
    }
  })
  expectIndexes(mongo)

  test.skipIf(!crash)(
    'a server that is killed and started again in the middle of spends loses none and does none twice',
    async () => {
      const name = await migratedDatabase()
      const own = new MongoClient(url(name))
      const store = createMongoLedgerStore(own.db(name))
      const clerk = await withPoints(store, 'points')
      /** Until it is known what became of it, as a client does. */
      async function insist(key: string): Promise<Receipt> {
        for (let sends = 0; ; sends++) {
          try {
            return await clerk.submit(requestOf(key, spendOf(1n)))
          } catch (error) {
            if (!isAppError(error, 'unavailable') || sends > 200) throw error
            await systemClock.sleep(50)
          }
        }
      }
      const spends = Array.from({ length: 24 }, async (_, index) => {
        await systemClock.sleep(index * 20)
        return insist(`k${index}`)
      })
      for (let crashes = 0; crashes < 2; crashes++) {
        await systemClock.sleep(150)
        await crash?.()
        await mongo.restart()
      }
      const receipts = await Promise.all(spends)
      expect(new Set(receipts.map((each) => each.status))).toEqual(new Set(['recorded']))
      const { value } = await readBalance({ store, sha256 }, 'points', {
        asset: 'gems',
        account: 'ann',
      })
      expect(value.availableRaw).toBe(100n - 24n)
      expect((await auditLedger({ store, sha256 }, 'points')).breaches).toEqual([])
      await own.close()
    },
  )
}
