import type { Database } from './database.ts'
import { openOwnFile } from './own-file.ts'

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
  openOwnFile(path, {
    field: 'records',
    applicationId: APPLICATION_ID,
    holds: "people's records",
    schema: MIGRATIONS,
    synchronous: 'FULL',
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  })
