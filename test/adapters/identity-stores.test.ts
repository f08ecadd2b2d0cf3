import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, expect, test } from 'vitest'

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

test('who writes to a file of records waits while another process writes, and loses nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-people-'))
  const setting: StoreSetting = { kind: 'sqlite', path: join(folder, 'records.db') }
  const [identities, webhooks] = [await openIdentityStore(setting), await openWebhookStore(setting)]
  const other = new DatabaseSync(setting.path)
  other.exec('BEGIN IMMEDIATE')
  const login = { nonce: 'n', login: '0x01', expiresAtMs: 9 } as const
  const writes = [identities.putNonce(login), webhooks.remove('none', null)]
  // Longer than SQLite itself waits.
  await wait(300)
  other.exec('COMMIT')
  other.close()
  await Promise.all(writes)
  expect(await identities.hasNonce('n', '0x01', 1)).toBe(true)
  await Promise.all([identities.close(), webhooks.close()])
  rmSync(folder, { recursive: true })
})

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
