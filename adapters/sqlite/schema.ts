import { documentKinds, documentSpecs, fieldsOfDocument } from '#core/history/document.ts'
import type { DocumentKind } from '#core/history/document.ts'
import type { EventFamily } from '#core/history/event.ts'
import { scalarOf } from '#core/record.ts'

/** Raised with every change of the tables. */
export const SCHEMA_VERSION = 5

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
  at_number INTEGER NOT NULL, at_commit TEXT NOT NULL, at_move INTEGER NOT NULL, body TEXT NOT NULL,
  previous_number INTEGER, previous_commit TEXT, previous_move INTEGER, previous_body TEXT,
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
 * Objects (blocks, events, quarantined logs), the ref (head), what is settled (settled, upkeep), what commits were about
 * to change (journal), and the working tree with the versions that were put aside (undo). A pool's changes, of which
 * there are as many as all trades, are rarely asked for by contract, so that `pool_block` has only the heights that have
 * any. Bodies are the canonical JSON that the digest hashes. An event's `kind` is its place in `eventKinds`, and its
 * `block` the row of its block, which says whose commit it is; blocks, contracts and trees, which rows name again and
 * again, have short ids.
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
  parent_hash TEXT NOT NULL, timestamp INTEGER NOT NULL, "commit" TEXT NOT NULL,
  UNIQUE (chain, number, "commit")
) STRICT;
CREATE TABLE contract (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE pool_block (
  chain INTEGER NOT NULL, contract INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (chain, contract, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE settled (
  chain INTEGER NOT NULL, "commit" TEXT NOT NULL, from_number INTEGER NOT NULL, to_number INTEGER NOT NULL,
  PRIMARY KEY (chain, "commit")
) STRICT, WITHOUT ROWID;
CREATE INDEX settled_by_block ON settled(chain, to_number);
CREATE TABLE journal (
  chain INTEGER NOT NULL, "commit" TEXT NOT NULL, part INTEGER NOT NULL, move INTEGER NOT NULL,
  from_number INTEGER NOT NULL, to_number INTEGER NOT NULL, ids TEXT NOT NULL,
  PRIMARY KEY (chain, "commit", part)
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_by_block ON journal(chain, to_number);
${eventFamilies.map(eventDdl).join('')}
CREATE TABLE quarantine (
  chain INTEGER NOT NULL, number INTEGER NOT NULL, log_index INTEGER NOT NULL, "commit" TEXT NOT NULL,
  hash TEXT NOT NULL, reason TEXT NOT NULL, log TEXT NOT NULL,
  PRIMARY KEY (chain, number, log_index, "commit")
) STRICT, WITHOUT ROWID;
CREATE TABLE tree (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
${documentKinds.map(documentDdl).join('')}
CREATE TABLE undo (
  tree INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  at_number INTEGER NOT NULL, at_commit TEXT NOT NULL, at_move INTEGER NOT NULL, body TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (tree, kind, key, at_number, at_commit)
) STRICT, WITHOUT ROWID;
CREATE INDEX undo_by_until ON undo(tree, until);
`
