import { documentKinds, documentSpecs, fieldsOfDocument } from '#core/history/document.ts'
import type { DocumentKind } from '#core/history/document.ts'
import type { EventFamily } from '#core/history/event.ts'
import { scalarOf } from '#core/record.ts'

/** Raised with every change of the tables. */
export const SCHEMA_VERSION = 4

export const eventFamilies: readonly EventFamily[] = ['swap', 'liquidity', 'pool', 'transfer']

export const eventTable = (family: EventFamily): string => `event_${family}`
export const documentTable = (kind: DocumentKind): string => `document_${kind}`

/** The fields that a document's orders walk over: its identity first, then the others. */
export function keyColumns(kind: DocumentKind): string[] {
  const { identity, orders } = documentSpecs[kind]
  return [...new Set([...identity, ...Object.values(orders).flat()])]
}

const columnType = (kind: DocumentKind, field: string): string => {
  const type = scalarOf(fieldsOfDocument(kind)[field] ?? 'text')
  return type === 'int' ? 'INTEGER' : type === 'uint256' ? 'BLOB' : 'TEXT'
}

function documentDdl(kind: DocumentKind): string {
  const { identity, orders } = documentSpecs[kind]
  const table = documentTable(kind)
  const columns = keyColumns(kind).map((name) => `"${name}" ${columnType(kind, name)} NOT NULL`)
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
  const indexes = Object.entries(orders).map(
    ([name, fields]) => `CREATE INDEX ${table}_${name} ON ${table}(tree, ${quoted(fields)});`,
  )
  return `
CREATE TABLE ${table} (
  tree INTEGER NOT NULL, ${columns.join(', ')},
  at_number INTEGER NOT NULL, at_hash TEXT NOT NULL, move INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (tree, ${quoted(identity)})
) STRICT, WITHOUT ROWID;
${indexes.join('\n')}`
}

function eventDdl(family: EventFamily): string {
  const table = eventTable(family)
  return `
CREATE TABLE ${table} (
  chain INTEGER NOT NULL, number INTEGER NOT NULL, log_index INTEGER NOT NULL, block INTEGER NOT NULL,
  kind INTEGER NOT NULL, contract INTEGER NOT NULL, transaction_hash BLOB NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (chain, number, log_index, block)
) STRICT, WITHOUT ROWID;
${
  family === 'pool'
    ? ''
    : `CREATE INDEX ${table}_by_contract ON ${table}(chain, contract, number, log_index, block);`
}`
}

/**
 * Objects (blocks, events, quarantined logs), the ref (head), what is settled (canonical, upkeep), and the working
 * tree with its undo. A pool's changes, of which there are as many as all trades, are rarely asked for by contract, so
 * that `pool_block` has only the heights that have any. Bodies are the canonical JSON that the digest hashes. An event's `kind` is its place in
 * `eventKinds`; blocks, contracts and trees, which rows name again and again, have short ids.
 */
export const SCHEMA = `
CREATE TABLE head (
  chain INTEGER NOT NULL, move INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (chain, move)
) STRICT, WITHOUT ROWID;
CREATE TABLE upkeep (
  chain INTEGER PRIMARY KEY,
  settled_to INTEGER NOT NULL, swept_to INTEGER NOT NULL, clean_to INTEGER NOT NULL
) STRICT;
CREATE TABLE block (
  id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL,
  parent_hash TEXT NOT NULL, timestamp INTEGER NOT NULL, UNIQUE (chain, number, hash)
) STRICT;
CREATE TABLE contract (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE pool_block (
  chain INTEGER NOT NULL, contract INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (chain, contract, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE canonical (
  chain INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;
${eventFamilies.map(eventDdl).join('')}
CREATE TABLE quarantine (
  chain INTEGER NOT NULL, number INTEGER NOT NULL, log_index INTEGER NOT NULL, hash TEXT NOT NULL,
  reason TEXT NOT NULL, log TEXT NOT NULL, PRIMARY KEY (chain, number, log_index, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE tree (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
${documentKinds.map(documentDdl).join('')}
CREATE TABLE undo (
  tree INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  by_number INTEGER NOT NULL, by_hash TEXT NOT NULL,
  at_number INTEGER, at_hash TEXT NOT NULL, move INTEGER, body TEXT,
  PRIMARY KEY (tree, kind, key, by_number, by_hash, at_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX undo_by_block ON undo(tree, by_number);
`
