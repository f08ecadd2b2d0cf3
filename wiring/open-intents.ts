import type { IntentStore } from '#core/relay/ports.ts'
import { refuseOldRecords } from './open-ledger.ts'
import type { StoreSetting } from './settings.ts'

export type OpenIntents = { readonly intents: IntentStore; close(): Promise<void> }

/**
 * Opens what is kept of spends under way, in people's records.
 *
 * @throws AppError `conflict` where records wait for a migration; `unavailable` where they cannot be used
 */
export async function openIntents(setting: StoreSetting): Promise<OpenIntents> {
  await refuseOldRecords(setting)
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteIntentStore } = await import('#adapters/sqlite/intent-store.ts')
      const intents = openSqliteIntentStore(setting.path)
      return { intents, close: async () => intents.close() }
    }
    case 'mongodb': {
      const { openMongoIntentStore } = await import('#adapters/mongo/intent-store.ts')
      const intents = openMongoIntentStore(setting.url)
      return { intents, close: () => intents.close() }
    }
    default:
      return setting satisfies never
  }
}
