import type { MigrationStore } from '#core/operations/ports.ts'
import type { StoreSetting } from './settings.ts'

/** The migrations of people's records, which are open. */
export type OpenMigrations = AsyncDisposable & {
  readonly migrations: MigrationStore
  /** What about the server an operator should know. */
  readonly warnings: readonly string[]
}

/** @throws AppError `unavailable` or `invalid`, with the remedy, where the records cannot be used */
export async function openMigrations(setting: StoreSetting): Promise<OpenMigrations> {
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteMigrationStore } = await import('#adapters/sqlite/migration-store.ts')
      const migrations = openSqliteMigrationStore(setting.path)
      return {
        migrations,
        warnings: [],
        [Symbol.asyncDispose]: async () => migrations.close(),
      }
    }
    case 'mongodb': {
      const { openMongoMigrationStore } = await import('#adapters/mongo/migration-store.ts')
      const migrations = await openMongoMigrationStore(setting.url)
      const { warnings } = migrations
      return { migrations, warnings, [Symbol.asyncDispose]: () => migrations.close() }
    }
    default:
      return setting satisfies never
  }
}
