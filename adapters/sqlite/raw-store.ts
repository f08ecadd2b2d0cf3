import type { Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import type { ProofLevel } from '#core/history/proof.ts'
import { SEGMENT_BLOCKS_MAX, type SegmentHead } from '#core/indexing/raw/segment.ts'
import type { Database } from './database.ts'
import { toldOfRaw } from './raw-file.ts'

/** Proven logs in a file of them. A power cut may take back the newest segments, which are then fetched again. */
export function createSqliteRawStore(db: Database): RawStore {
  const told = toldOfRaw(db)
  return {
    put: (chainId, head, body) => told(() => put(db, chainId, head, body)),
    list: (chainId, range) =>
      told(() =>
        db
          .all(
            `SELECT from_number, to_number, last_hash, scope.text AS scope, logs, level_asked
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
            levelAsked: row.level_asked as ProofLevel,
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
  }
}

const OF_HEAD = `chain = ? AND from_number = ? AND to_number = ? AND last_hash = ?
  AND scope = (SELECT id FROM scope WHERE text = ?) AND level_asked = ?`

const keyOf = (
  chainId: number,
  { from, to, lastHash, scope, levelAsked }: SegmentHead,
): [number, number, number, string, string, string] => [
  chainId,
  from,
  to,
  lastHash,
  scope,
  levelAsked,
]

const put = (db: Database, chainId: number, head: SegmentHead, body: Uint8Array): void =>
  db.atOnce(() => {
    const [, from, to, hash, scope] = keyOf(chainId, head)
    db.run('INSERT OR IGNORE INTO scope (text) VALUES (?)', scope)
    const added = db.run(
      `INSERT OR IGNORE INTO segment (chain, from_number, to_number, last_hash, scope, logs, level_asked)
       SELECT ?, ?, ?, ?, id, ?, ? FROM scope WHERE text = ?`,
      chainId,
      from,
      to,
      hash,
      head.logs,
      head.levelAsked,
      scope,
    )
    if (added > 0) db.run('INSERT INTO body (segment, bytes) VALUES (last_insert_rowid(), ?)', body)
  })
