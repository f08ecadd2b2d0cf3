import type { SQLInputValue } from 'node:sqlite'
import type { Hash } from '#core/chain.ts'
import {
  decodeDocument,
  type DocumentKind,
  documentSpecs,
  type Key,
  type KeyPart,
  keyText,
  orderFields,
  parseKeyText,
  type Version,
} from '#core/history/document.ts'
import type { Scan, Undo, WorkingTree } from '#core/history/ports.ts'
import type { Database, Row } from './database.ts'
import { documentTable } from './schema.ts'

/** uint256 as 32 bytes, big-endian: they sort as numbers. */
export const toColumn = (part: KeyPart): SQLInputValue =>
  typeof part === 'bigint' ? Buffer.from(part.toString(16).padStart(64, '0'), 'hex') : part

export const createSqliteWorkingTree = (db: Database): WorkingTree => ({
  async read(tree, kind, keys) {
    const id = treeId(db, tree)
    if (id === undefined) return keys.map(() => undefined)
    const where = documentSpecs[kind].identity.map((name) => `"${name}" = ?`).join(' AND ')
    const sql = `SELECT at_number, at_hash, move, body FROM ${documentTable(kind)} WHERE tree = ? AND ${where}`
    return keys.map((key) => {
      const row = db.get(sql, id, ...key.map(toColumn))
      return row && versionOf(kind, row)
    })
  },
  async readUndo(tree, kind, keys) {
    const id = treeId(db, tree)
    if (id === undefined) return keys.map(() => [])
    const sql = 'SELECT * FROM undo WHERE tree = ? AND kind = ? AND key = ?'
    return keys.map((key) =>
      db.all(sql, id, kind, keyText(kind, key)).map((row) => undoOf(kind, row)),
    )
  },
  async scan(tree, scan) {
    const id = treeId(db, tree)
    if (id === undefined) return []
    const { sql, parameters } = scanSql(scan)
    return db.all(sql, id, ...parameters).map((row) => versionOf(scan.kind, row))
  },
})

export const treeId = (db: Database, tree: string): number | undefined =>
  db.get('SELECT id FROM tree WHERE name = ?', tree)?.id as number | undefined

function versionOf<K extends DocumentKind>(kind: K, row: Row): Version<K> {
  return {
    at: { number: row.at_number as number, hash: row.at_hash as Hash },
    move: row.move as number,
    value: decodeDocument(kind, row.body as string),
  }
}

export function undoOf<K extends DocumentKind>(kind: K, row: Row): Undo<K> {
  return {
    id: { kind, key: parseKeyText(kind, row.key as string) },
    version: row.body === null ? null : versionOf(kind, row),
    by: { number: row.by_number as number, hash: row.by_hash as Hash },
  }
}

/** The walk as one index range. */
function scanSql(scan: Scan): { sql: string; parameters: SQLInputValue[] } {
  const fields = orderFields(scan.kind, scan.order)
  const rest = fields.slice(scan.prefix.length)
  const conditions = fields.slice(0, scan.prefix.length).map((name) => `"${name}" = ?`)
  const parameters = scan.prefix.map(toColumn)
  const bound = (key: Key | undefined, operator: string): void => {
    if (!key || key.length === 0) return
    const names = rest.slice(0, key.length).map((name) => `"${name}"`)
    conditions.push(`(${names.join(', ')}) ${operator} (${key.map(() => '?').join(', ')})`)
    parameters.push(...key.map(toColumn))
  }
  bound(scan.from, '>=')
  bound(scan.to, '<=')
  bound(scan.after?.slice(scan.prefix.length), scan.descending ? '<' : '>')
  const direction = scan.descending ? 'DESC' : 'ASC'
  const order = fields.map((name) => `"${name}" ${direction}`).join(', ')
  const where = ['tree = ?', ...conditions].join(' AND ')
  parameters.push(scan.limit)
  return {
    sql: `SELECT at_number, at_hash, move, body FROM ${documentTable(scan.kind)} WHERE ${where} ORDER BY ${order} LIMIT ?`,
    parameters,
  }
}
