import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll } from 'vitest'

import { openIdentityStore } from '#wiring/open-identity.ts'
import { identityStoreContract } from '../contracts/identity-store.contract.ts'
import { createMemoryIdentityStore } from '../fakes/identity-store.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

identityStoreContract('memory', async () => ({
  store: createMemoryIdentityStore(),
  dispose: async () => undefined,
}))

identityStoreContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-identity-'))
  const store = await openIdentityStore({ kind: 'sqlite', path: join(folder, 'records.db') })
  return {
    store,
    async dispose() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
})

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) {
  const { url } = server
  const client = new MongoClient(url('admin'))
  afterAll(() => client.close())
  // Migrated once: what each test leaves is removed.
  const database = freshDatabase()
  identityStoreContract(
    'MongoDB',
    async () => {
      const store = await openIdentityStore({ kind: 'mongodb', url: url(database) })
      return {
        store,
        async dispose() {
          await store.close()
          for (const name of ['loginNonces', 'sessions', 'wallets', 'discordAccounts'])
            await client.db(database).collection(name).deleteMany({})
        },
      }
    },
    server.kind !== 'ferretlite',
  )
}
