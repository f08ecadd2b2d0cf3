import { MongoClient } from 'mongodb'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { createMongoChainStore, openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { createIndexes } from '#adapters/mongo/collections.ts'
import type { Hash } from '#core/chain.ts'
import type { DocumentSet, Key, Version } from '#core/history/document.ts'
import { emptyDigest } from '#core/history/digest.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { Replacement } from '#core/indexing/ports.ts'
import { chainStoreContract, type StoreHarness } from '../contracts/chain-store.contract.ts'
import { rebuildContract } from '../contracts/rebuild.contract.ts'
import type { Holder } from '#core/nft/holding.ts'
import { catalogue } from '#core/catalogue.ts'
import { addressOf } from '../fakes/encode.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'
import { steppedDb } from '../servers/stepped-db.ts'

/** Of the places where the contract stops a writer, the stand-in, which has no index, tries every thirtieth. */
const STAND_IN_EVERY_NTH = 30
/** A rebuild has many places that are alike. */
const REBUILD_EVERY_NTH = 4
/** Writers that want the same thing at once. */
const RIVALS = 20

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) suiteOver(server)
else test.skip('MongoDB: no server to run on', () => {})

function suiteOver({ url, kind }: MongoServer): void {
  // The contract's longest tests begin anew some hundred times.
  vi.setConfig({ testTimeout: 300_000 })
  const client = new MongoClient(url('admin'))
  afterAll(() => client.close())

  const harnessOf = async (everyNth: number): Promise<StoreHarness> => {
    const db = client.db(freshDatabase())
    await createIndexes(db, catalogue)
    return {
      connect: async (step) => ({
        ...createMongoChainStore(step ? steppedDb(db, step) : db),
        close: () => undefined,
      }),
      dispose: async () => {
        await db.dropDatabase()
      },
      locks: false,
      everyNth: kind === 'ferretlite' ? everyNth * STAND_IN_EVERY_NTH : everyNth,
    }
  }

  chainStoreContract('MongoDB', () => harnessOf(1))
  rebuildContract('MongoDB', () => harnessOf(REBUILD_EVERY_NTH))

  async function open() {
    const name = freshDatabase()
    const store = await openMongoChainStore(url(name))
    onTestFinished(async () => {
      await store.close()
      await client.db(name).dropDatabase()
    })
    return store
  }

  test('of many replacements those that found another version are named, and no other', async () => {
    const { tree, writer } = await open()
    const holders = Array.from({ length: 10 }, (_, index) => index)
    const inserts = holders.map((holder) => change(holder, null, version(holder, 1)))
    expect(await writer.replace(inserts)).toEqual([])
    const early = [2, 7].map((holder) => change(holder, version(holder, 1), version(holder, 2)))
    expect(await writer.replace(early)).toEqual([])

    const batch = holders.map((holder) => change(holder, version(holder, 1), version(holder, 3)))
    batch[0] = change(0, null, version(0, 3))
    batch[4] = change(4, version(4, 1), null)
    batch[7] = change(7, version(7, 1), null)
    batch.push(change(10, null, version(10, 3)))
    const missed = await writer.replace(batch)
    expect(missed.toSorted((a, b) => a - b)).toEqual([0, 2, 7])
    const stored = await tree.read(HOLDERS, [...holders, 10].map(keyOf))
    expect(stored.map((found) => found?.move)).toEqual([1, 3, 2, 3, undefined, 3, 3, 2, 3, 3, 3])
  })

  test('a version of the same block and move that another history led to is not taken for one’s own', async () => {
    const { writer } = await open()
    await writer.replace([change(1, null, version(1, 1)), change(2, null, version(2, 1))])
    const other = version(1, 2)
    const theirs = { ...other, value: { ...other.value, amount: 5n } }
    expect(await writer.replace([change(1, version(1, 1), theirs)])).toEqual([])
    expect(await writer.replace([change(2, version(2, 1), version(2, 2))])).toEqual([])
    const mine = [1, 2].map((holder) => change(holder, version(holder, 1), version(holder, 2)))
    expect(await writer.replace(mine)).toEqual([0])
  })

  // Elsewhere a condition and the write that it guards may be two steps.
  test.skipIf(kind === 'ferretlite')(
    'of many writers that replace one version at once one does (mongod-only)',
    async () => {
      const { tree, writer } = await open()
      await writer.replace([change(1, null, version(1, 1))])
      const rivals = Array.from({ length: RIVALS }, (_, rival) => version(1, 2, 100 + rival))
      const missed = await Promise.all(
        rivals.map((rival) => writer.replace([change(1, version(1, 1), rival)])),
      )
      const winners = rivals.filter((_, rival) => missed[rival]?.length === 0)
      expect(winners).toHaveLength(1)
      expect(await tree.read(HOLDERS, [keyOf(1)])).toEqual(winners)
    },
  )

  test('an entry written before levels of proof were is read, and claims none', async () => {
    const name = freshDatabase()
    const store = await openMongoChainStore(url(name))
    onTestFinished(async () => {
      await store.close()
      await client.db(name).dropDatabase()
    })
    expect(await store.writer.appendHead(head(1))).toBe(true)
    expect(await store.heads.latest(1)).toEqual(head(1))
    await client
      .db(name)
      .collection('heads')
      .updateMany({}, { $unset: { proof: '' } })
    const proof = [{ from: 0, to: 0, level: 'unverified' }]
    expect(await store.heads.latest(1)).toEqual({ ...head(1), proof })
    expect(await store.heads.since(1, 1)).toEqual([{ ...head(1), proof }])
  })

  test('of many writers that append one move at once one does', async () => {
    const { heads, writer } = await open()
    const rivals = Array.from({ length: RIVALS }, (_, rival) => head(rival))
    const appended = await Promise.all(rivals.map(writer.appendHead))
    const winners = rivals.filter((_, rival) => appended[rival])
    expect(winners).toHaveLength(1)
    expect(await heads.latest(1)).toEqual(winners[0])
  })
}

const HOLDERS: DocumentSet = { tree: '1-1-0123456789ab', kind: 'holder' }
const hashOf = (name: number): Hash => `0x${name.toString(16).padStart(64, '0')}`
const keyOf = (holder: number): Key => [addressOf(0x721), addressOf(holder)]

const version = (holder: number, move: number, block = move): Version<Holder> => ({
  number: move,
  commit: `commit-${block}`,
  move,
  value: { collection: addressOf(0x721), owner: addressOf(holder), tokenCount: move, amount: 1n },
})

const change = (
  holder: number,
  from: Version<Holder> | null,
  to: Version<Holder> | null,
): Replacement => ({
  id: { ...HOLDERS, key: keyOf(holder) },
  version: to,
  previous: null,
  expected: from,
})

const head = (block: number): HeadEntry => ({
  chainId: 1,
  move: 1,
  reason: 'origin',
  number: 0,
  hash: hashOf(block),
  timestamp: 0,
  blocks: 0,
  commit: `commit-${block}`,
  finalized: { number: 0, hash: hashOf(block) },
  floorMove: 1,
  digest: emptyDigest,
  coverage: [{ from: 0, to: 0 }],
  proof: [{ from: 0, to: 0, level: 'receipts' }],
  projections: { holdings: HOLDERS.tree },
  committedAtMs: 1_800_000_000_000,
})
