import type { Database } from './database.ts'
import { toAppError } from './errors.ts'
import { openOwnFile } from './own-file.ts'

/** "HALW": a file of proven logs. */
const APPLICATION_ID = 0x48414c57
/** Of the tables below. */
const SCHEMA_VERSION = 2
/** How long a writer waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000

const SEGMENT = `CREATE TABLE segment (
  id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, from_number INTEGER NOT NULL, to_number INTEGER NOT NULL,
  last_hash TEXT NOT NULL, scope INTEGER NOT NULL REFERENCES scope, logs INTEGER NOT NULL,
  level_asked TEXT NOT NULL DEFAULT 'unverified',
  UNIQUE (chain, from_number, to_number, last_hash, scope, level_asked)
) STRICT;`

/*
 * A scope is the same for most segments and may name hundreds of contracts, so it is kept once. Bodies are apart from
 * what is listed, so that a list reads a page of small rows.
 */
const SCHEMA = `
CREATE TABLE scope (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
${SEGMENT}
CREATE TABLE body (segment INTEGER PRIMARY KEY REFERENCES segment ON DELETE CASCADE, bytes BLOB NOT NULL) STRICT;
CREATE TABLE work_range (
  plan TEXT NOT NULL, from_number INTEGER NOT NULL, to_number INTEGER NOT NULL, state TEXT NOT NULL,
  owner TEXT, until INTEGER NOT NULL, tries INTEGER NOT NULL, reason TEXT,
  PRIMARY KEY (plan, from_number)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_range_by_state ON work_range(plan, state, from_number);
CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/*
 * A file of version 1 does not say how its blocks were proven. The table is made anew, since a unique key cannot be
 * changed; the rows keep their numbers, which name their bodies.
 */
const UPGRADES = {
  1: `
ALTER TABLE segment RENAME TO segment_1;
${SEGMENT}
INSERT INTO segment (id, chain, from_number, to_number, last_hash, scope, logs)
  SELECT id, chain, from_number, to_number, last_hash, scope, logs FROM segment_1;
DROP TABLE segment_1;
`,
} as const

/**
 * Opens a file of proven logs, and of the ranges that are being collected, or makes it. It is apart from the history,
 * which may be thrown away and made of it anew.
 *
 * @param path a file, or `:memory:`
 * @throws AppError `unavailable` when the file is damaged, locked, or holds something else
 */
export const openSqliteRawFile = (path: string): Database =>
  openOwnFile(path, {
    field: 'raw',
    applicationId: APPLICATION_ID,
    holds: 'proven logs',
    schema: SCHEMA,
    version: SCHEMA_VERSION,
    upgrades: UPGRADES,
    synchronous: 'NORMAL',
    busyTimeoutMs: BUSY_TIMEOUT_MS,
  })

/** Gives what does something with the file, the driver's failures told as `unavailable`. */
export const toldOfRaw =
  (db: Database) =>
  async <T>(ask: () => T): Promise<T> => {
    try {
      return ask()
    } catch (error) {
      throw toAppError(error, db.path, 'raw')
    }
  }
