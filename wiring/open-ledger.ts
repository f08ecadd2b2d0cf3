import { AppError } from '#core/errors.ts'
import { type LedgerClerk, createLedgerClerk } from '#core/ledger/clerk.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import { migrate } from '#core/operations/migrate.ts'
import { openMigrations } from './open-migrations.ts'
import type { StoreSetting } from './settings.ts'
import { sha256, systemClock } from './system.ts'

/** One ledger in people's records. */
export type OpenLedger = AsyncDisposable & {
  readonly store: LedgerStore
  readonly clerk: LedgerClerk
  /** What about the server an operator should know. */
  readonly warnings: readonly string[]
}

/**
 * Opens a ledger. Records that are not there yet are made.
 *
 * @param ledger its name
 * @throws AppError `conflict` where records wait for a migration; `unavailable` where they cannot be used
 */
export async function openLedger(setting: StoreSetting, ledger: string): Promise<OpenLedger> {
  await refuseOldRecords(setting)
  const { store, warnings, close } = await openStore(setting)
  return {
    store,
    warnings,
    clerk: createLedgerClerk({ store, clock: systemClock, sha256 }, ledger),
    [Symbol.asyncDispose]: close,
  }
}

async function openStore(setting: StoreSetting) {
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteLedgerStore } = await import('#adapters/sqlite/ledger-store.ts')
      const store = openSqliteLedgerStore(setting.path)
      return { store, warnings: [], close: async () => store.close() }
    }
    case 'mongodb': {
      const { openMongoLedgerStore } = await import('#adapters/mongo/ledger-store.ts')
      const store = await openMongoLedgerStore(setting.url)
      return { store, warnings: store.warnings, close: () => store.close() }
    }
    default:
      return setting satisfies never
  }
}

/**
 * Makes records that hold nothing yet: these need no backup before they are migrated.
 *
 * @throws AppError `conflict` where records wait for a migration
 */
export async function refuseOldRecords(setting: StoreSetting): Promise<void> {
  await using opened = await openMigrations(setting)
  const { migrations } = opened
  const isNew = (await migrations.records()).length === 0
  const { status } = await migrate({ migrations, sha256 }, { isDryRun: !isNew })
  if (status === 'pending')
    throw new AppError(
      'conflict',
      'records: they are of an older version; make a backup and run halyard migrate',
      { details: { field: 'records' } },
    )
}
