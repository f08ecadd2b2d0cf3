import type { DocumentKind, LedgerDocument } from '#core/ledger/document.ts'
import type { StoredEntry } from '#core/ledger/entry.ts'
import type { LedgerReader, LedgerStore, LedgerWriter, Movement } from '#core/ledger/ports.ts'
import type { Database, Row, Tuple } from './database.ts'
import { toAppError } from './errors.ts'
import { openRecordsFile, outwaitLocks } from './records-file.ts'

export type SqliteLedgerStore = LedgerStore & { close(): void }

/**
 * Ledgers in a file of people's records that was migrated. Steps that write are one transaction, which waits for the disk.
 * Whoever reads meanwhile has a connection of its own, and sees nothing of a transaction that has not ended.
 */
export function openSqliteLedgerStore(path: string): SqliteLedgerStore {
  const writing = openRecordsFile(path)
  let reading: Database
  try {
    reading = openRecordsFile(path)
  } catch (error) {
    writing.close()
    throw error
  }
  const writer = createWriter(writing)
  const reader = toldReader(createReader(reading), path)
  /** Transactions of this process, one at a time. */
  let last: Promise<unknown> = Promise.resolve()

  async function transaction<T>(steps: (writer: LedgerWriter) => Promise<T>): Promise<T> {
    try {
      await outwaitLocks(() => writing.begin('durable'))
      const result = await steps(writer)
      writing.commit()
      return result
    } catch (error) {
      writing.rollback()
      throw toAppError(error, path, 'records')
    }
  }

  return {
    ...reader,
    write(steps) {
      const turn = last.then(() => transaction(steps))
      last = turn.catch(() => undefined)
      return turn
    },
    close() {
      reading.close()
      writing.close()
    },
  }
}

/** Failures of the file as an operator reads them. */
function toldReader(reader: LedgerReader, path: string): LedgerReader {
  const told =
    <A extends unknown[], T>(read: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      try {
        return await read(...args)
      } catch (error) {
        throw toAppError(error, path, 'records')
      }
    }
  return {
    newest: told(reader.newest),
    entries: told(reader.entries),
    documents: told(reader.documents),
    walkDocuments: told(reader.walkDocuments),
    leaders: told(reader.leaders),
    movements: told(reader.movements),
  }
}

const DOCUMENT = 'kind, id, sequence, hash, body, board, CAST(value AS TEXT) AS value'

/** An audit walks over as many documents as the log has operations, so that nothing is read that is known or null. */
const WALK = `SELECT id, sequence, hash, body, board, iif(board IS NULL, NULL, CAST(value AS TEXT))
  FROM ledger_documents WHERE ledger = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?`

type WalkedRow = readonly [string, number, string, string, string | null, string | null]

function walkedDocument(kind: DocumentKind, row: Tuple): LedgerDocument {
  const [id, sequence, hash, body, board, value] = row as WalkedRow
  return {
    kind,
    id,
    at: { sequence, hash: hash as StoredEntry['hash'] },
    body,
    rank: board === null || value === null ? null : { board, valueRaw: BigInt(value) },
  }
}

function createReader(db: Database): LedgerReader {
  return {
    async newest(ledger) {
      const row = db.get(
        `SELECT sequence, at_ms, hash, body FROM ledger_entries WHERE ledger = ? ORDER BY sequence DESC LIMIT 1`,
        ledger,
      )
      return row && entryOf(ledger, row)
    },
    async entries(ledger, from, limit) {
      const rows = db.all(
        `SELECT sequence, at_ms, hash, body FROM ledger_entries WHERE ledger = ? AND sequence >= ?
         ORDER BY sequence LIMIT ?`,
        ledger,
        from,
        limit,
      )
      return rows.map((row) => entryOf(ledger, row))
    },
    async documents(ledger, names) {
      return names.map(({ kind, id }) => {
        const row = db.get(
          `SELECT ${DOCUMENT} FROM ledger_documents WHERE ledger = ? AND kind = ? AND id = ?`,
          ledger,
          kind,
          id,
        )
        return row && documentOf(row)
      })
    },
    async walkDocuments(ledger, kind, after, limit) {
      const rows = db.tuples(WALK, ledger, kind, after ?? '', limit)
      return rows.map((row) => walkedDocument(kind, row))
    },
    async leaders(ledger, board, after, limit) {
      const rows = after
        ? db.all(
            `SELECT ${DOCUMENT} FROM ledger_documents WHERE ledger = ? AND board = ?
             AND (value < ? OR (value = ? AND id > ?))
             ORDER BY ledger_documents.value DESC, id LIMIT ?`,
            ledger,
            board,
            after.valueRaw,
            after.valueRaw,
            after.id,
            limit,
          )
        : db.all(
            `SELECT ${DOCUMENT} FROM ledger_documents WHERE ledger = ? AND board = ?
             ORDER BY ledger_documents.value DESC, id LIMIT ?`,
            ledger,
            board,
            limit,
          )
      return rows.map(documentOf)
    },
    async movements(ledger, asset, account, { before, untilMs, limit }) {
      const rows = db.all(
        `SELECT sequence, position, at_ms, body FROM ledger_movements
         WHERE ledger = ? AND asset = ? AND account = ? AND (sequence, position) < (?, ?) AND at_ms <= ?
         ORDER BY sequence DESC, position DESC LIMIT ?`,
        ledger,
        asset,
        account,
        before?.sequence ?? Number.MAX_SAFE_INTEGER,
        before?.position ?? 0,
        untilMs ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      return rows.map((row): Movement => ({
        asset,
        account,
        sequence: Number(row.sequence),
        position: Number(row.position),
        atMs: Number(row.at_ms),
        body: String(row.body),
      }))
    },
  }
}

const INSERT_DOCUMENT =
  'INSERT INTO ledger_documents (ledger, kind, id, sequence, hash, body, board, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ' +
  'ON CONFLICT DO NOTHING'
const VERSION =
  'SELECT sequence, hash FROM ledger_documents WHERE ledger = ? AND kind = ? AND id = ?'
const UPDATE_DOCUMENT =
  'UPDATE ledger_documents SET sequence = ?, hash = ?, body = ?, board = ?, value = ? ' +
  'WHERE ledger = ? AND kind = ? AND id = ? AND sequence = ? AND hash = ?'

function createWriter(db: Database): LedgerWriter {
  return {
    ...createReader(db),
    async insertEntry({ ledger, sequence, atMs, hash, body }) {
      const changes = db.run(
        'INSERT INTO ledger_entries (ledger, sequence, at_ms, hash, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        ledger,
        sequence,
        atMs,
        hash,
        body,
      )
      return changes > 0
    },
    async insertMovements(ledger, movements) {
      for (const { asset, account, sequence, position, atMs, body } of movements)
        db.run(
          'INSERT INTO ledger_movements (ledger, asset, account, sequence, position, at_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?) ' +
            'ON CONFLICT DO NOTHING',
          ledger,
          asset,
          account,
          sequence,
          position,
          atMs,
          body,
        )
    },
    async replace(ledger, changes) {
      const missed: number[] = []
      for (const [index, { document, expected }] of changes.entries()) {
        const { kind, id, at, body, rank } = document
        const version = [at.sequence, at.hash, body, rank?.board ?? null, rank?.valueRaw ?? null]
        const changed = expected
          ? db.run(UPDATE_DOCUMENT, ...version, ledger, kind, id, expected.sequence, expected.hash)
          : db.run(INSERT_DOCUMENT, ledger, kind, id, ...version)
        if (changed > 0) continue
        const there = db.get(VERSION, ledger, kind, id)
        if (there?.sequence !== at.sequence || there.hash !== at.hash) missed.push(index)
      }
      return missed
    },
  }
}

const entryOf = (ledger: string, row: Row): StoredEntry => ({
  ledger,
  sequence: Number(row.sequence),
  atMs: Number(row.at_ms),
  hash: String(row.hash) as StoredEntry['hash'],
  body: String(row.body),
})

const documentOf = (row: Row): LedgerDocument => ({
  kind: String(row.kind) as DocumentKind,
  id: String(row.id),
  at: { sequence: Number(row.sequence), hash: String(row.hash) as StoredEntry['hash'] },
  body: String(row.body),
  // As text: 64 bits do not fit into a number.
  rank:
    row.board === null ? null : { board: String(row.board), valueRaw: BigInt(String(row.value)) },
})
