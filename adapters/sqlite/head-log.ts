import type { Hash } from '#core/chain.ts'
import { damagedStore } from '#core/errors.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { HeadLog } from '#core/history/ports.ts'
import type { Database, Row } from './database.ts'

function entryOf(row: Row): HeadEntry {
  try {
    return JSON.parse(row.entry as string) as HeadEntry
  } catch (cause) {
    throw damagedStore('an entry of the head log is not JSON', cause)
  }
}

export const createSqliteHeadLog = (db: Database): HeadLog => ({
  async latest(chainId) {
    const row = db.get('SELECT entry FROM head WHERE chain = ? ORDER BY move DESC LIMIT 1', chainId)
    return row && entryOf(row)
  },
  async since(chainId, fromMove) {
    const sql = 'SELECT entry FROM head WHERE chain = ? AND move >= ? ORDER BY move'
    return db.all(sql, chainId, fromMove).map(entryOf)
  },
  async upkeep(chainId) {
    const row = db.get('SELECT * FROM upkeep WHERE chain = ?', chainId)
    return {
      settledTo: Number(row?.settled_to ?? -1),
      sweptTo: Number(row?.swept_to ?? -1),
      cleanTo: Number(row?.clean_to ?? -1),
    }
  },
  async blocks(chainId, from, to) {
    const sql =
      'SELECT number, hash, parent_hash FROM block WHERE chain = ? AND number BETWEEN ? AND ? ORDER BY number'
    return db.all(sql, chainId, from, to).map((row) => ({
      number: row.number as number,
      hash: row.hash as Hash,
      parentHash: row.parent_hash as Hash,
    }))
  },
  async canonicalHashes(chainId, numbers) {
    const hashes = new Map<number, Hash>()
    for (const number of numbers) {
      const row = db.get(
        'SELECT hash FROM canonical WHERE chain = ? AND number = ?',
        chainId,
        number,
      )
      if (row) hashes.set(number, row.hash as Hash)
    }
    return hashes
  },
})
