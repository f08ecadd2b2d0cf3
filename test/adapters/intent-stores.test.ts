import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll } from 'vitest'
import { openIntents } from '#wiring/open-intents.ts'
import type { StoreSetting } from '#wiring/settings.ts'
import { type IntentHarness, intentStoreContract } from '../contracts/intent-store.contract.ts'
import { createMemoryIntentStore, newMemoryIntents } from '../fakes/intent-store.ts'
import { expectIndexes } from '../servers/mongo-scans.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

const connectTo =
  (setting: StoreSetting): IntentHarness['connect'] =>
  async () => {
    const { intents, close } = await openIntents(setting)
    return { ...intents, close }
  }

intentStoreContract('memory', async () => {
  const tables = newMemoryIntents()
  return {
    connect: async () => createMemoryIntentStore(tables),
    dispose: async () => undefined,
    isAtomic: true,
  }
})

intentStoreContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-intents-'))
  return {
    connect: connectTo({ kind: 'sqlite', path: join(folder, 'records.db') }),
    dispose: async () => rmSync(folder, { recursive: true }),
    isAtomic: true,
  }
})

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) {
  const client = new MongoClient(server.url('admin'))
  afterAll(() => client.close())
  intentStoreContract('MongoDB', async () => {
    const name = freshDatabase()
    return {
      connect: connectTo({ kind: 'mongodb', url: watched(name) }),
      dispose: async () => void (await client.db(name).dropDatabase()),
      isAtomic: server.kind !== 'ferretlite',
    }
  })
  const watched = expectIndexes(server)
}
