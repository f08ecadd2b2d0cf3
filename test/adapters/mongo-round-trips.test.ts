import { MongoClient } from 'mongodb'
import { afterAll, expect, test } from 'vitest'
import { createMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { createIndexes } from '#adapters/mongo/collections.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { catalogue } from '#core/catalogue.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { appendGroup } from '#core/ledger/append.ts'
import type { Operation } from '#core/ledger/operation.ts'
import { hold, policy, spend } from '../core/ledger/ledger-app.ts'
import { createMongoLedgerStore } from '#adapters/mongo/ledger-store.ts'
import { createFakeChain, fakeSources, provenOf, refAt } from '../fakes/fake-chain.ts'
import { inRounds } from '../servers/db-in-rounds.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

const CHAIN_ID = 31_337
const WARM_UP = 10
/** Near the head one by one, and then without a pause. */
const BLOCKS = 7
/** For what a block reads; some blocks read what the documents of a first time name, and wait for that once more. */
const READS_MAX = 2
/** From the journal on: that, the documents, and the head. */
const WRITES = 3
const ALL_MAX = 13

const server = await openMongoServer()
afterAll(() => server?.stop())

test.skipIf(!server)(
  'a block near the head waits for the server a few times until it can be read, whatever it changes',
  { timeout: 120_000 },
  async () => {
    if (!server) return
    const client = new MongoClient(server.url('admin'))
    const database = client.db(freshDatabase())
    await createIndexes(database, catalogue)
    const { db, take } = inRounds(database)
    const store = createMongoChainStore(db)
    const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
    const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
    const chain = createFakeChain(95, { maxLogs: 12 })
    await chain.mine(WARM_UP + 2 * BLOCKS)
    await appender.open()
    const counts: { reads: number; untilHead: number; all: number }[] = []
    for (const [index, block] of chain.blocks.entries()) {
      take()
      await appender.take([provenOf(block)])
      await appender.commit(refAt(chain, block.header.number - 3))
      if (index < WARM_UP + BLOCKS) await appender.tidied()
      const { rounds, first } = take()
      const untilHead = first['heads insertOne'] ?? 0
      counts.push({ reads: (first['journal insertMany'] ?? 0) - 1, untilHead, all: rounds })
    }
    await appender.tidied()
    const alone = counts.slice(WARM_UP, WARM_UP + BLOCKS)
    const inARow = counts.slice(WARM_UP + BLOCKS + 1)
    const late = [...alone, ...inARow]
    for (const { reads, untilHead } of late) {
      expect(reads).toBeLessThanOrEqual(READS_MAX)
      expect(untilHead).toBe(reads + WRITES)
    }
    expect(Math.min(...late.map(({ untilHead }) => untilHead))).toBe(1 + WRITES)
    expect(Math.max(...alone.map(({ all }) => all))).toBeLessThanOrEqual(ALL_MAX)
    // What is left to do behind a block does not keep the next one.
    for (const { untilHead, all } of inARow) expect(all).toBe(untilHead)
    await database.dropDatabase()
    await client.close()
  },
)

/** Accounts that spend at once, each with a key of its own. */
const SPENDERS = 24
/** The mark, the head; what is decided on, what is posted to; the entry, the movements, the documents, the mark. */
const GROUP_ROUNDS = 8

test.skipIf(!server)(
  'a group of spends waits for the server as often as one spend does, and holds twice more',
  { timeout: 60_000 },
  async () => {
    if (!server) return
    const client = new MongoClient(server.url('admin'))
    const database = client.db(freshDatabase())
    const { db, take } = inRounds(database)
    const store = createMongoLedgerStore(db)
    const ports = { store, clock: systemClock, sha256 }
    const append = async (name: string, operations: readonly Operation[]): Promise<number> => {
      take()
      const requests = operations.map((operation, index) => ({
        scope: 'tests',
        actor: 'tests',
        key: `${name}-${index}`,
        operation,
      }))
      const receipts = await appendGroup(ports, 'points', requests)
      for (const receipt of receipts) expect(receipt).toMatchObject({ outcome: { status: 'done' } })
      return take().rounds
    }
    const asset = 'gems'
    const names = Array.from({ length: SPENDERS }, (_, index) => `user:${index}`)
    const grants = names.map((account) => ({ account, amountRaw: 100n }))
    await append('asset', [{ kind: 'set-asset', asset, ...policy }])
    await append('grants', [{ kind: 'grant-many', asset, grants, memo: '' }])
    const [first = ''] = names
    expect(await append('one', [spend(first, 1n)])).toBe(GROUP_ROUNDS)
    const spends = names.map((account) => spend(account, 1n))
    expect(await append('spends', spends)).toBe(GROUP_ROUNDS)
    const holds = names.map((account) => hold(account, 1n))
    expect(await append('holds', holds)).toBe(GROUP_ROUNDS + 2)
    const { breaches } = await auditLedger({ store, sha256 }, 'points')
    expect(breaches).toEqual([])
    await database.dropDatabase()
    await client.close()
  },
)
