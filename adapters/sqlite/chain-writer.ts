import type { SQLInputValue } from 'node:sqlite'
import type { HistoryCatalogue } from '#core/history/catalogue.ts'
import {
  type DocumentSpec,
  encodeDocument,
  idText,
  isSameVersion,
  keyText,
  parseDocumentId,
  type Version,
  type VersionRef,
} from '#core/history/document.ts'
import type { ChainWriter, Replacement } from '#core/indexing/ports.ts'
import type { Database } from './database.ts'
import { findBlock, type InsertEvents } from './insert-events.ts'
import { packBlocks } from './packed-blocks.ts'
import { documentTable, eventTable, keyColumns } from './schema.ts'
import { toColumn, treeId } from './working-tree.ts'

/** Identities in one row of the journal. */
const JOURNAL_PART = 1_000

export const createSqliteChainWriter = (
  db: Database,
  catalogue: HistoryCatalogue,
  insertEvents: InsertEvents,
): ChainWriter => ({
  hasTransactions: true,
  keepsRows: true,
  atomically: (steps, durability = 'cheap') => db.transaction(steps, durability),

  async putBlocks(chainId, commit, blocks) {
    const insert =
      db.prepareRun(`INSERT INTO block (chain, number, hash, parent_hash, timestamp, "commit")
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
    for (const { number, hash, parentHash, timestamp } of blocks)
      insert(chainId, number, hash, parentHash, timestamp, commit)
  },

  async putEvents(chainId, commit, blocks) {
    insertEvents(chainId, commit, packBlocks(blocks))
  },

  async putQuarantined(chainId, commit, logs) {
    const sql = `INSERT INTO quarantine (chain, number, log_index, "commit", hash, reason, log)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
    for (const { block, log, reason } of logs) {
      const text = JSON.stringify(log)
      db.run(sql, chainId, block.number, log.logIndex, commit, block.hash, reason, text)
    }
  },

  async putJournal(chainId, { commit, move, from, to }, ids) {
    const sql = `INSERT INTO journal (chain, "commit", part, move, from_number, to_number, ids)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
    const texts = ids.map(idText)
    for (let start = 0; start < texts.length; start += JOURNAL_PART) {
      const part = texts.slice(start, start + JOURNAL_PART).join('\n')
      db.run(sql, chainId, commit, start / JOURNAL_PART, move, from, to, part)
    }
  },

  async putUndo(records) {
    const treeOf = trees(db)
    const insert =
      db.prepareRun(`INSERT INTO undo (tree, kind, key, at_number, at_commit, at_move, body, until)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET until = max(until, excluded.until)`)
    for (const { id: document, version, until } of records) {
      const { tree, kind, key } = document
      const { number, commit, move, value } = version
      const body = encodeDocument(catalogue.document(kind), value)
      insert(treeOf(tree), kind, keyText(kind, key), number, commit, move, body, until)
    }
  },

  async replace(changes) {
    const treeOf = trees(db)
    const missed: number[] = []
    for (const [index, change] of changes.entries()) {
      const spec = catalogue.document(change.id.kind)
      if (replaceOne(db, spec, treeOf(change.id.tree), change) === 0) missed.push(index)
    }
    return missed
  },

  async appendHead(entry) {
    const sql = 'INSERT INTO head (chain, move, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    return db.run(sql, entry.chainId, entry.move, JSON.stringify(entry)) === 1
  },

  // A reader's transaction keeps what it reads.
  held: async () => undefined,

  async putSettled(chainId, commits) {
    const sql = `INSERT INTO settled (chain, "commit", from_number, to_number) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING`
    for (const { commit, from, to } of commits) db.run(sql, chainId, commit, from, to)
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

  async journal(chainId, { from, to }) {
    const sql = `SELECT DISTINCT "commit", move, from_number, to_number FROM journal
      WHERE chain = ? AND to_number BETWEEN ? AND ? ORDER BY to_number`
    return db.all(sql, chainId, from, to).map((row) => ({
      commit: row.commit as string,
      move: row.move as number,
      from: row.from_number as number,
      to: row.to_number as number,
    }))
  },

  async journalIds(chainId, commit) {
    const sql = 'SELECT ids FROM journal WHERE chain = ? AND "commit" = ? ORDER BY part'
    return db
      .all(sql, chainId, commit)
      .flatMap((row) => (row.ids as string).split('\n'))
      .map((text) => parseDocumentId(text, catalogue.document))
  },

  async deleteJournal(chainId, commits) {
    for (const commit of commits)
      db.run('DELETE FROM journal WHERE chain = ? AND "commit" = ?', chainId, commit)
  },

  async deleteUndo(names, upTo) {
    for (const name of names) {
      const id = treeId(db, name)
      if (id !== undefined) db.run('DELETE FROM undo WHERE tree = ? AND until <= ?', id, upTo)
    }
  },

  async unsettledBlocks(chainId, { from, to }) {
    const sql = `SELECT number, "commit" FROM block b WHERE chain = ? AND number BETWEEN ? AND ? AND NOT EXISTS
      (SELECT 1 FROM settled s WHERE s.chain = b.chain AND s."commit" = b."commit")`
    return db
      .all(sql, chainId, from, to)
      .map((row) => ({ number: row.number as number, commit: row.commit as string }))
  },

  async deleteBlocks(chainId, blocks) {
    for (const { number, commit } of blocks) {
      const id = findBlock(db, chainId, { number, commit })
      // Somebody else was there.
      if (id === undefined) continue
      for (const { name } of catalogue.families) {
        const sql = `DELETE FROM ${eventTable(name)} WHERE chain = ? AND number = ? AND block = ?`
        db.run(sql, chainId, number, id)
      }
      const sql = 'DELETE FROM quarantine WHERE chain = ? AND number = ? AND "commit" = ?'
      db.run(sql, chainId, number, commit)
      db.run('DELETE FROM block WHERE id = ?', id)
    }
  },

  async trees(chainId) {
    const tables = ['undo', ...catalogue.documents.map(({ kind }) => documentTable(kind))]
    const has = tables.map((table) => `EXISTS (SELECT 1 FROM ${table} d WHERE d.tree = t.id)`)
    return db
      .all(`SELECT name FROM tree t WHERE ${has.join(' OR ')}`)
      .map((row) => row.name as string)
      .filter((name) => name.startsWith(`${chainId}-`))
  },

  async deleteTree(tree) {
    const id = treeId(db, tree)
    if (id === undefined) return
    for (const { kind } of catalogue.documents)
      db.run(`DELETE FROM ${documentTable(kind)} WHERE tree = ?`, id)
    db.run('DELETE FROM undo WHERE tree = ?', id)
  },
})

/** The short ids of trees, made where they are not there yet. */
function trees(db: Database): (tree: string) => number {
  const ids = new Map<string, number>()
  return (tree) => {
    const known = ids.get(tree)
    if (known !== undefined) return known
    db.run('INSERT INTO tree (name) VALUES (?) ON CONFLICT DO NOTHING', tree)
    const id = treeId(db, tree) as number
    ids.set(tree, id)
    return id
  }
}

type DocumentSql = {
  readonly insert: string
  readonly update: string
  /** The same where the version that is to stand beside the new one is the one that is stored. */
  readonly advance: string
  readonly remove: string
}
const documentSql = new WeakMap<DocumentSpec, DocumentSql>()

function sqlFor(spec: DocumentSpec): DocumentSql {
  const known = documentSql.get(spec)
  if (known) return known
  const table = documentTable(spec.kind)
  const quoted = (names: readonly string[]): string[] => names.map((name) => `"${name}"`)
  const current = [...quoted(keyColumns(spec)), ...VERSION_COLUMNS]
  const columns = [...current, ...PREVIOUS_COLUMNS]
  const set = (names: readonly string[]): string => names.map((name) => `${name} = ?`).join(', ')
  // The right-hand sides are what the columns had before.
  const kept = PREVIOUS_COLUMNS.map((name, index) => `${name} = ${VERSION_COLUMNS[index]}`)
  const where = ['tree', ...quoted(spec.identity), 'at_number', 'at_commit', 'at_move']
    .map((name) => `${name} = ?`)
    .join(' AND ')
  const made = {
    insert: `INSERT INTO ${table} (tree, ${columns.join(', ')})
      VALUES (?, ${columns.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`,
    // The fields that other orders walk may change with the value.
    update: `UPDATE ${table} SET ${set(columns)} WHERE ${where}`,
    advance: `UPDATE ${table} SET ${set(current)}, ${kept.join(', ')} WHERE ${where}`,
    remove: `DELETE FROM ${table} WHERE ${where}`,
  }
  documentSql.set(spec, made)
  return made
}

const VERSION_COLUMNS = ['at_number', 'at_commit', 'at_move', 'body']
const PREVIOUS_COLUMNS = ['previous_number', 'previous_commit', 'previous_move', 'previous_body']

/** A replacement whose `previous` may be a mere name: where it is `expected`, the store has it. */
type StoredReplacement = Omit<Replacement, 'previous'> & {
  readonly previous: Version | VersionRef | null
}

/** Whether the version that is to stand beside the new one is the one that the store is expected to have. */
const isStored = (previous: VersionRef | null, expected: VersionRef | null): boolean =>
  expected !== null && isSameVersion(previous, expected)

/** Replacements as they go to another thread: the versions that the store has are named, not sent. */
export const withoutStored = (changes: readonly Replacement[]): StoredReplacement[] =>
  changes.map((change) => {
    const { previous, expected } = change
    return isStored(previous, expected) ? { ...change, previous: expected } : change
  })

/** @returns the number of documents changed: 0 where another version than expected is current */
function replaceOne(
  db: Database,
  spec: DocumentSpec,
  tree: number,
  { id, version, previous, expected }: StoredReplacement,
): number {
  const sql = sqlFor(spec)
  const key = id.key.map(toColumn)
  const stored = expected ? [expected.number, expected.commit, expected.move] : []
  if (!version) return expected ? db.run(sql.remove, tree, ...key, ...stored) : 1
  const fresh = [...keyValues(spec, version), ...versionColumns(spec, version)]
  if (isStored(previous, expected)) return db.run(sql.advance, ...fresh, tree, ...key, ...stored)
  fresh.push(...versionColumns(spec, previous as Version | null))
  return expected
    ? db.run(sql.update, ...fresh, tree, ...key, ...stored)
    : db.run(sql.insert, tree, ...fresh)
}

const versionColumns = (spec: DocumentSpec, version: Version | null): SQLInputValue[] =>
  version
    ? [version.number, version.commit, version.move, encodeDocument(spec, version.value)]
    : [null, null, null, null]

const keyValues = (spec: DocumentSpec, { value }: Version): SQLInputValue[] =>
  keyColumns(spec).map((name) => toColumn((value as Record<string, string>)[name] as string))
