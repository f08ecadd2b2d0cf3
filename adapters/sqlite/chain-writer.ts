import type { SQLInputValue } from 'node:sqlite'
import {
  type DocumentKind,
  documentSpecs,
  encodeDocument,
  keyText,
  type Version,
} from '#core/history/document.ts'
import type { ChainWriter, Replacement } from '#core/indexing/ports.ts'
import type { Database } from './database.ts'
import { idOfBlock, insertEvents } from './insert-events.ts'
import { documentTable, eventFamilies, eventTable, keyColumns } from './schema.ts'
import { toColumn, treeId, undoOf } from './working-tree.ts'

/** Stands in an undo record's key for "there was none". */
const NO_VERSION = ''

export const createSqliteChainWriter = (db: Database): ChainWriter => ({
  atomically: (steps) => db.transaction(steps),

  async putBlocks(chainId, blocks) {
    const sql = `INSERT INTO block (chain, number, hash, parent_hash, timestamp) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`
    for (const { number, hash, parentHash, timestamp } of blocks)
      db.run(sql, chainId, number, hash, parentHash, timestamp)
  },

  async putEvents(chainId, blocks) {
    insertEvents(db, chainId, blocks)
  },

  async putQuarantined(chainId, logs) {
    const sql = `INSERT INTO quarantine (chain, number, log_index, hash, reason, log) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`
    for (const { block, log, reason } of logs)
      db.run(sql, chainId, block.number, log.logIndex, block.hash, reason, JSON.stringify(log))
  },

  async putUndo(tree, records) {
    const id = makeTree(db, tree)
    const sql = `INSERT INTO undo (tree, kind, key, by_number, by_hash, at_number, at_hash, move, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
    for (const { id: document, version, by } of records) {
      db.run(
        sql,
        id,
        document.kind,
        keyText(document.kind, document.key),
        by.number,
        by.hash,
        version?.at.number ?? null,
        version?.at.hash ?? NO_VERSION,
        version?.move ?? null,
        version && encodeDocument(document.kind, version.value),
      )
    }
  },

  async replace(tree, changes) {
    const id = makeTree(db, tree)
    const missed: number[] = []
    for (const [index, change] of changes.entries())
      if (replaceOne(db, id, change) === 0) missed.push(index)
    return missed
  },

  async appendHead(entry) {
    const sql = 'INSERT INTO head (chain, move, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    return db.run(sql, entry.chainId, entry.move, JSON.stringify(entry)) === 1
  },

  async putCanonical(chainId, blocks) {
    const sql =
      'INSERT INTO canonical (chain, number, hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    for (const { number, hash } of blocks) db.run(sql, chainId, number, hash)
  },

  async mark(chainId, { settledTo = -1, sweptTo = -1, cleanTo = -1 }) {
    db.run(
      `INSERT INTO upkeep (chain, settled_to, swept_to, clean_to) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET settled_to = max(settled_to, excluded.settled_to),
        swept_to = max(swept_to, excluded.swept_to), clean_to = max(clean_to, excluded.clean_to)`,
      chainId,
      settledTo,
      sweptTo,
      cleanTo,
    )
  },

  async undoReplacedIn(tree, { from, to }) {
    const id = treeId(db, tree)
    if (id === undefined) return []
    const sql = 'SELECT * FROM undo WHERE tree = ? AND by_number BETWEEN ? AND ?'
    return db.all(sql, id, from, to).map((row) => undoOf(row.kind as DocumentKind, row))
  },

  async deleteUndo(tree, records) {
    const sql = `DELETE FROM undo
      WHERE tree = ? AND kind = ? AND key = ? AND by_number = ? AND by_hash = ? AND at_hash = ?`
    const id = makeTree(db, tree)
    for (const { id: document, by, version } of records) {
      const key = keyText(document.kind, document.key)
      db.run(sql, id, document.kind, key, by.number, by.hash, version?.at.hash ?? NO_VERSION)
    }
  },

  async deleteBlocks(chainId, blocks) {
    for (const block of blocks) {
      const id = idOfBlock(db, chainId, block)
      for (const family of eventFamilies)
        db.run(
          `DELETE FROM ${eventTable(family)} WHERE chain = ? AND number = ? AND block = ?`,
          chainId,
          block.number,
          id,
        )
      const sql = 'DELETE FROM quarantine WHERE chain = ? AND number = ? AND hash = ?'
      db.run(sql, chainId, block.number, block.hash)
      db.run('DELETE FROM block WHERE id = ?', id)
    }
  },
})

function makeTree(db: Database, tree: string): number {
  db.run('INSERT INTO tree (name) VALUES (?) ON CONFLICT DO NOTHING', tree)
  return treeId(db, tree) as number
}

type DocumentSql = { readonly insert: string; readonly update: string; readonly remove: string }
const documentSql = new Map<DocumentKind, DocumentSql>()

function sqlFor(kind: DocumentKind): DocumentSql {
  const known = documentSql.get(kind)
  if (known) return known
  const table = documentTable(kind)
  const columns = keyColumns(kind).map((name) => `"${name}"`)
  const { identity } = documentSpecs[kind]
  const where = ['tree', ...identity.map((name) => `"${name}"`), 'at_number', 'at_hash', 'move']
    .map((name) => `${name} = ?`)
    .join(' AND ')
  const marks = Array.from({ length: columns.length + 5 }, () => '?').join(', ')
  const made = {
    insert: `INSERT INTO ${table} (tree, ${columns.join(', ')}, at_number, at_hash, move, body)
      VALUES (${marks}) ON CONFLICT DO NOTHING`,
    update: `UPDATE ${table} SET at_number = ?, at_hash = ?, move = ?, body = ? WHERE ${where}`,
    remove: `DELETE FROM ${table} WHERE ${where}`,
  }
  documentSql.set(kind, made)
  return made
}

/** @returns the number of documents changed: 0 where another version than expected is stored */
function replaceOne(db: Database, tree: number, { id, version, expected }: Replacement): number {
  const sql = sqlFor(id.kind)
  const key = id.key.map(toColumn)
  const stored = expected ? [expected.at.number, expected.at.hash, expected.move] : []
  if (!version) return expected ? db.run(sql.remove, tree, ...key, ...stored) : 1
  const { at, move, value } = version
  const fresh = [at.number, at.hash, move, encodeDocument(id.kind, value)]
  return expected
    ? db.run(sql.update, ...fresh, tree, ...key, ...stored)
    : db.run(sql.insert, tree, ...keyValues(id.kind, version), ...fresh)
}

const keyValues = <K extends DocumentKind>(kind: K, version: Version<K>): SQLInputValue[] =>
  keyColumns(kind).map((name) =>
    toColumn((version.value as unknown as Record<string, string>)[name] as string),
  )
