import type { HistoryValues } from '#core/history/catalogue.ts'
import type { DocumentSpec } from '#core/history/document.ts'
import type { EventFamily } from '#core/history/event.ts'
import { scalarOf } from '#core/record.ts'

/** Raised where rows mean something else in tables that are the same; a change of the tables is seen by itself. */
export const ROW_FORMAT = 1

export const eventTable = (family: string): string => `event_${family}`
/** The heights of the blocks in which a contract emitted events of a family. */
export const contractTable = (family: string): string => `${eventTable(family)}_contract`
export const documentTable = (kind: string): string => `document_${kind}`

/** The fields that a document's orders walk over: its identity first, then the others. */
export function keyColumns({ identity, orders }: DocumentSpec): string[] {
  return [...new Set([...identity, ...Object.values(orders).flat()])]
}

const columnType = ({ fields }: DocumentSpec, field: string): string => {
  const type = scalarOf(fields[field] ?? 'text')
  return type === 'int' ? 'INTEGER' : type === 'uint256' ? 'BLOB' : 'TEXT'
}

function documentDdl(spec: DocumentSpec): string {
  const { kind, identity, orders } = spec
  const table = documentTable(kind)
  const columns = keyColumns(spec).map((name) => `"${name}" ${columnType(spec, name)} NOT NULL`)
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

/** Segments lie in the order in which they came, which is compact; what is looked up is in the indexes. */
const eventDdl = ({ name }: EventFamily): string => `
CREATE TABLE ${eventTable(name)} (
  id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, number INTEGER NOT NULL, log_index INTEGER NOT NULL,
  block INTEGER NOT NULL, last_index INTEGER NOT NULL, rows BLOB NOT NULL,
  UNIQUE (chain, number, log_index, block)
) STRICT;
CREATE TABLE ${contractTable(name)} (
  chain INTEGER NOT NULL, contract INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (chain, contract, number)
) STRICT, WITHOUT ROWID;`

/**
 * Objects (blocks, events, quarantined logs), the ref (head), what is settled (settled, upkeep), what commits were about
 * to change (journal), and the working tree with the versions that were put aside (undo). Events of a block are stored
 * together, a family at a time (see `Segment`): `log_index` and `last_index` are those of the first and the last one, and
 * `block` is the row of their block, which says whose commit it is. Where a block is removed, what the index by contract
 * has of it stays, and leads nowhere. Bodies are the canonical JSON that the digest hashes. Blocks, contracts and trees,
 * which rows name again and again, have short ids.
 */
export const schemaOf = ({ families, documents }: HistoryValues): string => `
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
${families.map(eventDdl).join('')}
CREATE TABLE quarantine (
  chain INTEGER NOT NULL, number INTEGER NOT NULL, log_index INTEGER NOT NULL, "commit" TEXT NOT NULL,
  hash TEXT NOT NULL, reason TEXT NOT NULL, log TEXT NOT NULL,
  PRIMARY KEY (chain, number, log_index, "commit")
) STRICT, WITHOUT ROWID;
CREATE TABLE tree (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
${documents.map(documentDdl).join('')}
CREATE TABLE undo (
  tree INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  at_number INTEGER NOT NULL, at_commit TEXT NOT NULL, at_move INTEGER NOT NULL, body TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (tree, kind, key, at_number, at_commit)
) STRICT, WITHOUT ROWID;
CREATE INDEX undo_by_until ON undo(tree, until);
`
