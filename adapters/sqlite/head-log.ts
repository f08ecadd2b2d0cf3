import type { BlockRef, Hash } from '#core/chain.ts'
import { damagedStore } from '#core/errors.ts'
import { type DerivedRef, type HeadEntry, headOf, type StoredHead } from '#core/history/head.ts'
import type { HeadLog } from '#core/history/ports.ts'
import type { Database, Row } from './database.ts'

function entryOf(row: Row): HeadEntry {
  try {
    return headOf(JSON.parse(row.entry as string) as StoredHead)
  } catch (cause) {
    throw damagedStore('an entry of the head log is not JSON', cause)
  }
}

export const createSqliteHeadLog = (db: Database): HeadLog => ({
  latest: createLatest(db),
  async since(chainId, fromMove, limit = -1) {
    const sql = 'SELECT entry FROM head WHERE chain = ? AND move >= ? ORDER BY move LIMIT ?'
    return db.all(sql, chainId, fromMove, limit).map(entryOf)
  },
  async upkeep(chainId) {
    const row = db.get('SELECT * FROM upkeep WHERE chain = ?', chainId)
    return {
      settledTo: Number(row?.settled_to ?? -1),
      sweptTo: Number(row?.swept_to ?? -1),
      cleanTo: Number(row?.clean_to ?? -1),
    }
  },
  async settled(chainId, commits) {
    const sql = 'SELECT 1 FROM settled WHERE chain = ? AND "commit" = ?'
    return commits.filter((commit) => db.get(sql, chainId, commit) !== undefined)
  },
  async settledBlock(chainId, number) {
    const sql = `SELECT "commit", from_number FROM settled WHERE chain = ? AND to_number >= ?
      ORDER BY to_number LIMIT 1`
    const row = db.get(sql, chainId, number)
    if (!row || (row.from_number as number) > number) return undefined
    return blockOf(db, chainId, { number, commit: row.commit as string })
  },
  async blocks(chainId, { from, to }) {
    const sql = `SELECT number, hash, "commit" FROM block
      WHERE chain = ? AND number BETWEEN ? AND ? ORDER BY number`
    return db.all(sql, chainId, from, to).map((row) => ({
      number: Number(row.number),
      hash: row.hash as Hash,
      commit: row.commit as string,
    }))
  },
  async block(chainId, ref) {
    return blockOf(db, chainId, ref)
  },
  asOneAnswer: (read) => read(),
  // One transaction sees one moment, whatever others commit. Until it ends the file's log grows.
  async asOneView(_, read) {
    db.exec('BEGIN')
    try {
      return await read()
    } finally {
      db.rollback()
    }
  },
})

/** Every answer begins with the newest entry, and most find the one that the answer before them found. */
function createLatest(db: Database): HeadLog['latest'] {
  const last = new Map<number, { readonly text: unknown; readonly entry: HeadEntry }>()
  return async (chainId) => {
    const row = db.get('SELECT entry FROM head WHERE chain = ? ORDER BY move DESC LIMIT 1', chainId)
    if (!row) return undefined
    const known = last.get(chainId)
    if (known && known.text === row.entry) return known.entry
    const entry = entryOf(row)
    last.set(chainId, { text: row.entry, entry })
    return entry
  }
}

function blockOf(db: Database, chainId: number, ref: DerivedRef): BlockRef | undefined {
  const sql = 'SELECT hash FROM block WHERE chain = ? AND number = ? AND "commit" = ?'
  const row = db.get(sql, chainId, ref.number, ref.commit)
  return row && { number: ref.number, hash: row.hash as Hash }
}
