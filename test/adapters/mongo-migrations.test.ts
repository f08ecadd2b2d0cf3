import { MongoClient } from 'mongodb'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { openMongoMigrationStore } from '#adapters/mongo/migration-store.ts'
import { migrations } from '#adapters/mongo/migrations/all.ts'
import { commandsMigration, commandsOf } from '#adapters/mongo/migrations/commands-migration.ts'
import type { Migration } from '#core/operations/migration.ts'
import {
  type MigrationHarness,
  migrationStoreContract,
} from '../contracts/migration-store.contract.ts'
import { openMigrationStore } from '../fakes/migrate-process.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'

const server = await openMongoServer()
afterAll(() => server?.stop())

/** Adds a name at the end, unless it is there: as often as one likes. */
const add = (name: string, place: number) => ({
  update: 'names',
  updates: [{ q: { _id: name }, u: { $setOnInsert: { place } }, upsert: true }],
})

if (server) suiteOver(server)
else test.skip('MongoDB: no server to run on', () => {})

function suiteOver({ url }: MongoServer): void {
  vi.setConfig({ testTimeout: 60_000 })
  const client = new MongoClient(url('admin'))
  afterAll(() => client.close())

  async function harness(): Promise<MigrationHarness> {
    const database = freshDatabase()
    const db = client.db(database)
    const place = { kind: 'mongodb', at: url(database) } as const
    const named = (number: number, commands: readonly object[]): Migration =>
      commandsMigration(number, 'names', commands)
    const addAll = (number: number, names: readonly string[]) =>
      names.map((name, index) => add(name, number * 1_000_000 + index))
    return {
      place,
      connect: (known) => openMigrationStore(place, known),
      adding: (number, ...names) => named(number, addAll(number, names)),
      failing: (number, ...names) =>
        named(number, [...addAll(number, names), { noSuchCommand: 1 }]),
      async names() {
        const found = await db
          .collection<{ _id: string }>('names')
          .find()
          .sort({ place: 1 })
          .toArray()
        return found.length > 0 ? found.map(({ _id }) => _id) : undefined
      },
      shape: () => shapeOf(database),
      dispose: async () => {
        await db.dropDatabase()
      },
    }
  }

  /** Every collection with its indexes and documents, ids left out. */
  async function shapeOf(database: string) {
    const db = client.db(database)
    const names = (await db.listCollections().toArray()).map(({ name }) => name)
    const own = names.filter((name) => !/^(system|migration)/.test(name)).toSorted()
    return Promise.all(
      own.map(async (name) => {
        const indexes = await db.collection(name).listIndexes().toArray()
        const documents = await db
          .collection(name)
          .find({}, { projection: { _id: 0 } })
          .toArray()
        return { name, indexes: indexes.map(({ key }) => key as object), documents }
      }),
    )
  }

  migrationStoreContract('MongoDB', migrations, harness)

  describe('a turn', () => {
    test('of a process that is not heard of any more is taken, and that process told', async () => {
      const place = await harness()
      const open = () => openMongoMigrationStore(place.place.at, { known: [], silenceMsMax: 600 })
      const [first, second] = [await open(), await open()]
      const stuck = first.inTurn(
        async (turn) => {
          // As if it had slept all the time: no beat of it is counted.
          await client
            .db(new URL(place.place.at).pathname.slice(1))
            .collection('migrationTurn')
            .deleteMany({})
          await second.inTurn(
            async () => undefined,
            () => undefined,
          )
          await turn.run(place.adding(1, 'late'), 'x')
        },
        () => undefined,
      )
      await expect(stuck).rejects.toMatchObject({ kind: 'conflict' })
      expect(await place.names()).toBeUndefined()
      await Promise.all([first.close(), second.close()])
      await place.dispose()
    })

    test('that does not end is given up with the remedy', async () => {
      const place = await harness()
      const open = () => openMongoMigrationStore(place.place.at, { known: [], waitMsMax: 200 })
      const [first, second] = [await open(), await open()]
      await first.inTurn(
        async () => {
          const late = second.inTurn(
            async () => undefined,
            () => undefined,
          )
          await expect(late).rejects.toMatchObject({
            kind: 'unavailable',
            message: expect.stringMatching(/^records: another process migrates them/),
          })
        },
        () => undefined,
      )
      await Promise.all([first.close(), second.close()])
      await place.dispose()
    })
  })

  test('every command of the product does no harm when it is run again', async () => {
    const database = freshDatabase()
    const db = client.db(database)
    for (const migration of migrations) {
      for (const command of commandsOf(migration)) await db.command(command)
      const once = await shapeOf(database)
      for (const command of commandsOf(migration)) {
        await db.command(command)
        expect(await shapeOf(database)).toEqual(once)
      }
    }
    await db.dropDatabase()
  })
}
