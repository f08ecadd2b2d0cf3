import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '#core/errors.ts'
import { type Database, openConnection, pragmaOf, refuseDamaged } from './database.ts'

/** "HALR": a file of people's records, which chain history is never put into. */
const APPLICATION_ID = 0x48414c52
/** Who waits for a lock waits outside of SQLite, so that the process can be told to end meanwhile. */
const BUSY_TIMEOUT_MS = 100

const MIGRATIONS = `
  CREATE TABLE migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    ran_at INTEGER NOT NULL
  ) STRICT`

/**
 * Opens a file of people's records, or makes it. Every transaction waits for the disk.
 *
 * @throws AppError `unavailable` when the file is damaged, locked, or holds something else
 */
export const openRecordsFile = (path: string): Database =>
  openConnection(path, 'records', (connection) => prepareFile(connection, path))

function prepareFile(connection: DatabaseSync, path: string): void {
  connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  const isNew = (): boolean => pragmaOf(connection, 'schema_version') === 0
  if (!isNew()) {
    if (pragmaOf(connection, 'application_id') !== APPLICATION_ID)
      throw new AppError(
        'unavailable',
        `records: ${path} holds something else than people's records; name another file`,
        { details: { field: 'records' } },
      )
    refuseDamaged(connection, path, 'records')
  }
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  if (!isNew()) return
  connection.exec('BEGIN IMMEDIATE')
  // Two processes may find the file new; the second one finds what the first one made.
  if (isNew()) {
    connection.exec(MIGRATIONS)
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  }
  connection.exec('COMMIT')
}
