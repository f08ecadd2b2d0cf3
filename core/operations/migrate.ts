import type { Sha256 } from '#core/history/digest.ts'
import { checksumOf, type Migration, pendingMigrations } from './migration.ts'
import type { MigrationStore } from './ports.ts'

export type MigrateInput = {
  /** Only tells what would be run. */
  readonly isDryRun: boolean
  /** Told before each migration. */
  readonly onRun?: (migration: Migration) => void
  /** Told once when another process migrates the same records. */
  readonly onWait?: () => void
}

export type MigrateOutcome = {
  /** `current`: there was nothing to do. `pending`: there is, and it was not done. */
  readonly status: 'current' | 'pending' | 'migrated'
  /** What was run, or would be, in its order. */
  readonly migrations: readonly Migration[]
}

/**
 * Brings people's records to the form that this version of Halyard works with. Forward only. Several processes may do
 * so at once: one does it, the others wait for it.
 *
 * @throws AppError `conflict` where the records are of a newer version, or a migration was edited after it ran;
 *   `unavailable` where the store cannot be used, or another process does not end its turn
 */
export async function migrate(
  ports: { readonly migrations: MigrationStore; readonly sha256: Sha256 },
  { isDryRun, onRun, onWait }: MigrateInput,
): Promise<MigrateOutcome> {
  const { migrations: store, sha256 } = ports
  const pending = async (): Promise<Migration[]> =>
    pendingMigrations(sha256, store.known, await store.records())

  const planned = await pending()
  if (planned.length === 0) return { status: 'current', migrations: [] }
  if (isDryRun) return { status: 'pending', migrations: planned }
  const migrations = await store.inTurn(
    async (turn) => {
      // Another process may have had its turn meanwhile.
      const mine = await pending()
      for (const migration of mine) {
        onRun?.(migration)
        await turn.run(migration, checksumOf(sha256, migration))
      }
      return mine
    },
    () => onWait?.(),
  )
  return { status: migrations.length > 0 ? 'migrated' : 'current', migrations }
}
