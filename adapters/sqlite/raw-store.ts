import type { DatabaseSync } from 'node:sqlite'
import type { Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import { SEGMENT_BLOCKS_MAX, type SegmentHead } from '#core/indexing/raw/segment.ts'
import { type Database, openConnection, pragmaOf, refuseDamaged, toAppError } from './database.ts'

export type SqliteRawStore = RawStore & { close(): void }

/** "HALW": a file of proven logs. */
const APPLICATION_ID = 0x48414c57
/** Of the tables below. */
const SCHEMA_VERSION = 1
/** How long a writer waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000

/*
 * A scope is the same for most segments and may name hundreds of contracts, so it is kept once. Bodies are apart from
 * what is listed, so that a list reads a page of small rows.
 */
const SCHEMA = `
CREATE TABLE scope (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE segment (
  id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, from_number INTEGER NOT NULL, to_number INTEGER NOT NULL,
  last_hash TEXT NOT NULL, scope INTEGER NOT NULL REFERENCES scope, logs INTEGER NOT NULL,
  UNIQUE (chain, from_number, to_number, last_hash, scope)
) STRICT;
CREATE TABLE body (segment INTEGER PRIMARY KEY REFERENCES segment ON DELETE CASCADE, bytes BLOB NOT NULL) STRICT;
`

/**
 * Proven logs in an SQLite file of their own: the history may be thrown away and made of them anew. A power cut may
 * take back the newest segments, which are then fetched again.
 *
 * @param path a file, which is made where there is none, or `:memory:`
 * @throws AppError `unavailable` when the file is damaged, locked, or holds something else
 */
export function openSqliteRawStore(path: string): SqliteRawStore {
  const db = openConnection(path, 'raw', (connection) => prepareFile(connection, path))
  const told = async <T>(ask: () => T | Promise<T>): Promise<T> => {
    try {
      return await ask()
    } catch (error) {
      throw toAppError(error, path, 'raw')
    }
  }
  return {
    put: (chainId, head, body) => told(() => put(db, chainId, head, body)),
    list: (chainId, range) =>
      told(() =>
        db
          .all(
            `SELECT from_number, to_number, last_hash, scope.text AS scope, logs
             FROM segment JOIN scope ON scope.id = segment.scope
             WHERE chain = ? AND from_number BETWEEN ? AND ? AND to_number >= ?
             ORDER BY from_number, to_number, segment.id`,
            chainId,
            range.from - SEGMENT_BLOCKS_MAX + 1,
            range.to,
            range.from,
          )
          .map((row) => ({
            from: Number(row.from_number),
            to: Number(row.to_number),
            lastHash: row.last_hash as Hash,
            scope: String(row.scope),
            logs: Number(row.logs),
          })),
      ),
    body: (chainId, head) =>
      told(() => {
        const row = db.get(
          `SELECT bytes FROM body WHERE segment = (SELECT id FROM segment WHERE ${OF_HEAD})`,
          ...keyOf(chainId, head),
        )
        if (row) return row.bytes as Uint8Array
        throw new AppError(
          'unavailable',
          `raw: the segment of blocks ${head.from}-${head.to} was removed meanwhile; try again`,
          { details: { field: 'raw', from: head.from, to: head.to } },
        )
      }),
    remove: (chainId, head) =>
      told(() => void db.run(`DELETE FROM segment WHERE ${OF_HEAD}`, ...keyOf(chainId, head))),
    close: () => db.close(),
  }
}

const OF_HEAD = `chain = ? AND from_number = ? AND to_number = ? AND last_hash = ?
  AND scope = (SELECT id FROM scope WHERE text = ?)`

const keyOf = (
  chainId: number,
  { from, to, lastHash, scope }: SegmentHead,
): [number, number, number, string, string] => [chainId, from, to, lastHash, scope]

/** One transaction without a pause in it, so that two connections of one process do not wait for each other. */
function put(db: Database, chainId: number, head: SegmentHead, body: Uint8Array): void {
  const [, from, to, hash, scope] = keyOf(chainId, head)
  db.begin('cheap')
  try {
    db.run('INSERT OR IGNORE INTO scope (text) VALUES (?)', scope)
    const added = db.run(
      `INSERT OR IGNORE INTO segment (chain, from_number, to_number, last_hash, scope, logs)
       SELECT ?, ?, ?, ?, id, ? FROM scope WHERE text = ?`,
      chainId,
      from,
      to,
      hash,
      head.logs,
      scope,
    )
    if (added > 0) db.run('INSERT INTO body (segment, bytes) VALUES (last_insert_rowid(), ?)', body)
    db.exec('COMMIT')
  } catch (error) {
    db.rollback()
    throw error
  }
}

function prepareFile(connection: DatabaseSync, path: string): void {
  connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  const isNew = (): boolean => pragmaOf(connection, 'schema_version') === 0
  if (!isNew()) {
    if (pragmaOf(connection, 'application_id') !== APPLICATION_ID)
      throw new AppError(
        'unavailable',
        `raw: ${path} holds something else than proven logs; name another file`,
        { details: { field: 'raw' } },
      )
    const found = pragmaOf(connection, 'user_version')
    if (found !== SCHEMA_VERSION)
      throw new AppError(
        'unavailable',
        `raw: ${path} was written by another version of Halyard (schema ${found}, this one has ${SCHEMA_VERSION}); ` +
          'use that version, or name another file',
        { details: { field: 'raw', found, version: SCHEMA_VERSION } },
      )
    refuseDamaged(connection, path, 'raw')
  }
  connection.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON',
  )
  if (!isNew()) return
  connection.exec('BEGIN IMMEDIATE')
  // Two processes may find the file new; the second one finds what the first one made.
  if (isNew()) {
    connection.exec(SCHEMA)
    connection.exec(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`,
    )
  }
  connection.exec('COMMIT')
}
