import { existsSync } from 'node:fs'
import { AppError } from '#core/errors.ts'
import { failedStep, type Migration, type MigrationRecord } from '#core/operations/migration.ts'
import type { MigrationStore } from '#core/operations/ports.ts'
import type { Database } from './database.ts'
import { isBusy, toAppError } from './errors.ts'
import { migrations } from './migrations/all.ts'
import { openRecordsFile } from './records-file.ts'

export type SqliteMigrationStore = MigrationStore & { close(): void }

export type MigrationStoreOptions = {
  /** Those of this version, unless given. */
  readonly known?: readonly Migration[]
  /** How long another process may be in its turn, in milliseconds. */
  readonly waitMsMax?: number
}

/** A migration may copy all records. */
const WAIT_MS_MAX = 600_000
const POLL_MS = 200

/**
 * Migrations of people's records in an SQLite file. A turn is one write transaction: of all that a process did not bring
 * to its end nothing is there.
 *
 * @param path of the file, which is made by the first turn
 */
export function openSqliteMigrationStore(
  path: string,
  { known = migrations, waitMsMax = WAIT_MS_MAX }: MigrationStoreOptions = {},
): SqliteMigrationStore {
  let opened: Database | undefined
  const open = (): Database => (opened ??= openRecordsFile(path))

  function begin(): Database {
    const db = open()
    db.begin('durable')
    return db
  }

  return {
    known,
    async records() {
      return opened || existsSync(path) ? readRecords(open()) : []
    },
    async identity() {
      if (!opened && !existsSync(path)) return undefined
      const db = open()
      const there = db.get(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'about'`)
      const row = there && db.get('SELECT id, made_at FROM about')
      return row && { id: String(row.id), madeAt: Number(row.made_at) }
    },
    async inTurn(steps, onWait) {
      const db = await whenFree(begin, path, waitMsMax, onWait)
      try {
        const result = await steps({
          run: async (migration, checksum) => runMigration(db, migration, checksum),
        })
        db.commit()
        return result
      } catch (error) {
        db.rollback()
        throw toAppError(error, path, 'records')
      }
    },
    close() {
      opened?.close()
      opened = undefined
    },
  }
}

const readRecords = (db: Database): MigrationRecord[] =>
  db.all('SELECT number, name, checksum FROM migrations ORDER BY number').map((row) => ({
    number: Number(row.number),
    name: String(row.name),
    checksum: String(row.checksum),
    isDone: true,
  }))

function runMigration(db: Database, migration: Migration, checksum: string): void {
  const { number, name, steps } = migration
  for (const [index, step] of steps.entries()) {
    try {
      db.exec(step)
    } catch (error) {
      throw failedStep(migration, index + 1, toAppError(error, db.path, 'records'))
    }
  }
  db.run(
    'INSERT INTO migrations (number, name, checksum, ran_at) VALUES (?, ?, ?, unixepoch())',
    number,
    name,
    checksum,
  )
}

/** Tries until no other process holds the write lock. */
async function whenFree<T>(
  attempt: () => T,
  path: string,
  waitMsMax: number,
  onWait: () => void,
): Promise<T> {
  const startedAt = performance.now()
  for (let isFirst = true; ; isFirst = false) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error)) throw toAppError(error, path, 'records')
      if (isFirst) onWait()
      if (performance.now() - startedAt > waitMsMax)
        throw new AppError(
          'unavailable',
          `records: another process holds the write lock of ${path}; let it end or stop it, then try again`,
          { details: { field: 'records' }, cause: error },
        )
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS)
      })
    }
  }
}
