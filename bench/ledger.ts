import { join } from 'node:path'
import { systemClock } from '#adapters/node/clock.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteLedgerStore } from '#adapters/sqlite/ledger-store.ts'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk, type LedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation } from '#core/ledger/operation.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import { migrate } from '#core/operations/migrate.ts'
import { createMongoLedgerStore } from '#adapters/mongo/ledger-store.ts'
import { openMongoMigrationStore } from '#adapters/mongo/migration-store.ts'
import { MongoClient } from 'mongodb'
import { freshDatabase, openMongoServer } from '../test/servers/mongo.ts'
import { inFolder } from './measure.ts'

const ACCOUNTS = 1_000
const SPENDS = 20_000
/** Requests that are under way at once, as of so many clients. */
const CLIENTS = 256
const AUDITED = 100_000
const AUDITED_LARGE = 1_000_000
const GRANTS = 500
/** `ferretlite` never answers a command of 100 updates, and an entry changes as many documents as accounts spend in it. */
const MONGO_ACCOUNTS = 64
const MONGO_SPENDS = 1_000

const asset = 'gems'
const account = (index: number): string => `user:${index}`

/** How many spends a ledger takes, each acknowledged when it is on the disk, and how long an audit takes. */
export async function benchLedger(print: (line: string) => void): Promise<void> {
  await withStore(async (store) => {
    const spread = await spends(store, 'spread', SPENDS, ACCOUNTS)
    print(`SQLite, synchronous=FULL: ${rate(spread)} spends/s over ${ACCOUNTS} accounts`)
    const hot = await spends(store, 'hot', SPENDS, 1)
    print(`  one hot account: ${rate(hot)} spends/s, ${(hot / spread).toFixed(2)} of that`)
    print(await audit(store, AUDITED))
  })
  await mongo(print)
}

/** How long an audit of a ledger takes that many people have used for long. To fill it takes some minutes. */
export const benchLargeAudit = (print: (line: string) => void): Promise<void> =>
  withStore(async (store) => print(await audit(store, AUDITED_LARGE)))

async function withStore(use: (store: LedgerStore) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, 'records.db')
    const migrations = openSqliteMigrationStore(path)
    await migrate({ migrations, sha256 }, { isDryRun: false })
    migrations.close()
    const store = openSqliteLedgerStore(path)
    await use(store)
    store.close()
  })
}

async function audit(store: LedgerStore, spendCount: number): Promise<string> {
  const clerk = clerkOf(store, 'audited')
  await prepare(clerk, ACCOUNTS, spendCount)
  await inTurns(clerk, spendCount, (index) => spend(index % ACCOUNTS))
  const startedAt = performance.now()
  const { breaches, operations, head } = await auditLedger({ store, sha256 }, 'audited')
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  return `  audit of ${operations} operations in ${head.sequence} entries: ${seconds} s, ${breaches.length} breaches`
}

async function mongo(print: (line: string) => void): Promise<void> {
  const server = await openMongoServer()
  if (!server) return
  const name = freshDatabase()
  const migrations = await openMongoMigrationStore(server.url(name))
  await migrate({ migrations, sha256 }, { isDryRun: false })
  await migrations.close()
  const client = new MongoClient(server.url(name))
  const store = createMongoLedgerStore(client.db(name))
  const spread = await spends(store, 'spread', MONGO_SPENDS, MONGO_ACCOUNTS)
  const of = `${MONGO_SPENDS} over ${MONGO_ACCOUNTS} accounts`
  print(`MongoDB (${server.kind}): ${rate(spread)} spends/s, ${of}`)
  await client.db(name).dropDatabase()
  await client.close()
  await server.stop()
}

const rate = (perSecond: number): string => perSecond.toFixed(0)

const clerkOf = (store: LedgerStore, ledger: string): LedgerClerk =>
  createLedgerClerk({ store, clock: systemClock, sha256 }, ledger)

const spend = (index: number): Operation => ({
  kind: 'spend',
  asset,
  account: account(index),
  amountRaw: 1n,
  feeRaw: 0n,
  memo: '',
})

/** @returns spends a second */
async function spends(
  store: LedgerStore,
  ledger: string,
  count: number,
  accounts: number,
): Promise<number> {
  const clerk = clerkOf(store, ledger)
  await prepare(clerk, accounts, count)
  const startedAt = performance.now()
  await inTurns(clerk, count, (index) => spend(index % accounts))
  return (count / (performance.now() - startedAt)) * 1_000
}

async function prepare(clerk: LedgerClerk, accounts: number, spendsMax: number): Promise<void> {
  const limits = { spendMaxRaw: null, spendPerDayMaxRaw: null, balanceMaxRaw: null }
  const policy = { name: 'Gems', decimals: 0, ...limits, supplyMaxRaw: null, expiresAfterMs: null }
  await submit(clerk, 'asset', { kind: 'set-asset', asset, ...policy })
  for (let from = 0; from < accounts; from += GRANTS) {
    const grants = Array.from({ length: Math.min(GRANTS, accounts - from) }, (_, index) => ({
      account: account(from + index),
      amountRaw: BigInt(spendsMax + AUDITED),
    }))
    await submit(clerk, `grant-${from}`, { kind: 'grant-many', asset, grants, memo: '' })
  }
}

async function inTurns(
  clerk: LedgerClerk,
  count: number,
  operationOf: (index: number) => Operation,
): Promise<void> {
  let next = 0
  const client = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      // oxlint-disable-next-line no-await-in-loop -- a client waits for its answer
      await submit(clerk, `k${index}`, operationOf(index))
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

async function submit(clerk: LedgerClerk, key: string, operation: Operation): Promise<void> {
  const receipt = await clerk.submit({ scope: 'bench', key, actor: 'bench', operation })
  if (receipt.status !== 'recorded' || receipt.outcome.status !== 'done')
    throw new Error(`${key}: ${JSON.stringify(receipt)}`)
}
