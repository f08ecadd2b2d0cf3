import type { SQLInputValue } from 'node:sqlite'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import {
  decodeDocument,
  type DocumentSpec,
  type Key,
  type KeyPart,
  keyText,
  orderFields,
  type Version,
} from '#core/history/document.ts'
import type { Scan, WorkingTree } from '#core/history/ports.ts'
import type { Database, Row } from './database.ts'
import { documentTable } from './schema.ts'

/** uint256 as 32 bytes, big-endian: they sort as numbers. */
export const toColumn = (part: KeyPart): SQLInputValue =>
  typeof part === 'bigint' ? Buffer.from(part.toString(16).padStart(64, '0'), 'hex') : part

export const createSqliteWorkingTree = (
  db: Database,
  catalogue: HistoryCatalogue,
): WorkingTree => ({
  read: readColumns(db, catalogue, VERSION),
  readPrevious: readColumns(db, catalogue, PREVIOUS),
  async versions({ tree, kind }, key, { atMost, limit }) {
    const id = treeId(db, tree)
    if (id === undefined) return []
    const spec = catalogue.document(kind)
    const identity = key.map(toColumn)
    const where = whereIdentity(spec)
    const table = documentTable(kind)
    // One statement sees one moment.
    const sql = `SELECT ${VERSION} FROM ${table} WHERE ${where} AND at_number <= ?
      UNION ALL SELECT ${PREVIOUS} FROM ${table} WHERE ${where} AND previous_number <= ?
      UNION ALL SELECT * FROM (SELECT ${VERSION} FROM undo
        WHERE tree = ? AND kind = ? AND key = ? AND at_number <= ?
        ORDER BY at_number DESC, at_commit DESC LIMIT ?)
      ORDER BY at_number DESC, at_commit DESC LIMIT ?`
    const current = [id, ...identity, atMost]
    return db
      .all(sql, ...current, ...current, id, kind, keyText(kind, key), atMost, limit, limit)
      .flatMap((row) => versionOf(spec, row) ?? [])
  },
  async scan({ tree, kind }, scan) {
    const id = treeId(db, tree)
    if (id === undefined) return []
    const spec = catalogue.document(kind)
    const { sql, parameters } = scanSql(spec, scan)
    return db.all(sql, id, ...parameters).flatMap((row) => versionOf(spec, row) ?? [])
  },
})

export const treeId = (db: Database, tree: string): number | undefined =>
  db.get('SELECT id FROM tree WHERE name = ?', tree)?.id as number | undefined

const VERSION = 'at_number, at_commit, at_move, body'
const PREVIOUS =
  'previous_number AS at_number, previous_commit AS at_commit, previous_move AS at_move, previous_body AS body'

/** Reads of each document the version that stands in these columns. */
const readColumns =
  (db: Database, catalogue: HistoryCatalogue, columns: string): WorkingTree['read'] =>
  async ({ tree, kind }, keys) => {
    const id = treeId(db, tree)
    if (id === undefined) return keys.map(() => undefined)
    const spec = catalogue.document(kind)
    const sql = `SELECT ${columns} FROM ${documentTable(kind)} WHERE ${whereIdentity(spec)}`
    return keys.map((key) => versionOf(spec, db.get(sql, id, ...key.map(toColumn))))
  }

const whereIdentity = ({ identity }: DocumentSpec): string =>
  ['tree', ...identity.map((name) => `"${name}"`)].map((name) => `${name} = ?`).join(' AND ')

const versionOf = (spec: DocumentSpec, row: Row | undefined): Version | undefined =>
  row && row.body !== null
    ? {
        number: row.at_number as number,
        commit: row.at_commit as string,
        move: row.at_move as number,
        value: decodeDocument(spec, row.body as string),
      }
    : undefined

/** The walk as one index range. */
function scanSql(spec: DocumentSpec, scan: Scan): { sql: string; parameters: SQLInputValue[] } {
  const fields = orderFields(spec, scan.order)
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
    sql: `SELECT ${VERSION} FROM ${documentTable(spec.kind)} WHERE ${where} ORDER BY ${order} LIMIT ?`,
    parameters,
  }
}
