import type { Database } from './database.ts'
import { isBusy, toAppError } from './errors.ts'
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

/** How long another process may hold the write lock, in milliseconds. */
const WAIT_MS_MAX = 10_000
const POLL_MS = 2

/** Does something in a file of records, again while another process holds its lock. */
export async function outwaitLocks<T>(step: () => T): Promise<T> {
  const startedAt = performance.now()
  for (;;) {
    try {
      return step()
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedAt > WAIT_MS_MAX) throw error
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS)
      })
    }
  }
}

/**
 * Does something in a file of records: again while another process holds its lock, failures told as `toAppError` does.
 *
 * @param step one statement or one transaction, so that it has done nothing where it finds the file locked
 */
export const toldOfRecords =
  (path: string) =>
  async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await outwaitLocks(step)
    } catch (error) {
      throw toAppError(error, path, 'records')
    }
  }
