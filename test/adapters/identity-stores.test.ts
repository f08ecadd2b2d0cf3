import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll } from 'vitest'

import type { StoreSetting } from '#wiring/settings.ts'
import { openIdentityStore } from '#wiring/open-identity.ts'
import { openMetadataStore } from '#wiring/open-metadata.ts'
import { openRoleStore } from '#wiring/open-roles.ts'
import { openWebhookStore } from '#wiring/open-webhooks.ts'
import { identityStoreContract } from '../contracts/identity-store.contract.ts'
import { metadataStoreContract } from '../contracts/metadata-store.contract.ts'
import { roleStoreContract } from '../contracts/role-store.contract.ts'
import { webhookStoreContract } from '../contracts/webhook-store.contract.ts'
import { createMemoryIdentityStore } from '../fakes/identity-store.ts'
import { createMemoryMetadataStore } from '../fakes/metadata-store.ts'
import { createMemoryRoleStore } from '../fakes/role-store.ts'
import { createMemoryWebhookStore } from '../fakes/webhook-store.ts'
import { expectIndexes } from '../servers/mongo-scans.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

identityStoreContract('memory', async () => ({
  store: createMemoryIdentityStore(),
  dispose: async () => undefined,
}))

roleStoreContract('memory', async () => ({
  store: createMemoryRoleStore(),
  dispose: async () => undefined,
}))

/** A store in a file of its own. */
const inFile =
  <S extends { close(): void | Promise<void> }>(open: (setting: StoreSetting) => Promise<S>) =>
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-people-'))
    const store = await open({ kind: 'sqlite', path: join(folder, 'records.db') })
    return {
      store,
      async dispose() {
        await store.close()
        rmSync(folder, { recursive: true })
      },
    }
  }

identityStoreContract('SQLite', inFile(openIdentityStore))
roleStoreContract('SQLite', inFile(openRoleStore))
webhookStoreContract('SQLite', inFile(openWebhookStore))
webhookStoreContract('memory', async () => ({
  store: createMemoryWebhookStore(),
  dispose: async () => undefined,
}))

metadataStoreContract('SQLite', inFile(openMetadataStore))
metadataStoreContract('memory', async () => ({
  store: createMemoryMetadataStore(),
  dispose: async () => undefined,
}))

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) {
  const { url } = server
  const client = new MongoClient(url('admin'))
  afterAll(() => client.close())
  // Migrated once: what each test leaves is removed.
  const database = freshDatabase()
  /** A store whose collections are empty when it is disposed of. */
  const inDatabase =
    <S extends { close(): void | Promise<void> }>(
      open: (setting: StoreSetting) => Promise<S>,
      collections: readonly string[],
    ) =>
    async () => {
      const store = await open({ kind: 'mongodb', url: watched(database) })
      return {
        store,
        async dispose() {
          await store.close()
          for (const name of collections) await client.db(database).collection(name).deleteMany({})
        },
      }
    }
  identityStoreContract(
    'MongoDB',
    inDatabase(openIdentityStore, ['loginNonces', 'sessions', 'wallets', 'discordAccounts']),
    server.kind !== 'ferretlite',
  )
  roleStoreContract(
    'MongoDB',
    inDatabase(openRoleStore, ['roleStates', 'roleChanges', 'roleCursors', 'roleAsks']),
  )
  const watched = expectIndexes(server)
  webhookStoreContract('MongoDB', inDatabase(openWebhookStore, ['webhooks', 'webhookProgress']))
  metadataStoreContract(
    'MongoDB',
    inDatabase(openMetadataStore, ['nftMetadata', 'nftTraitTypes', 'nftMetadataCursors']),
  )
}
