import { DatabaseSync } from 'node:sqlite'

/** FNV-1a: spreads over 32 bits what differs in a single character. */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
/** SQLite keeps a signed number of 32 bits with a file. */
const POSITIVE = 0x7fffffff

/** What a file is to hold. */
export type FileForm = {
  /** The statements that make its tables and indexes; none has a semicolon in it. */
  readonly schema: string
  /** Raised where rows mean something else in tables that are the same. */
  readonly format: number
}

/**
 * The version of a file's tables: a digest of the statements that make them, so that no table can change without it.
 */
export function schemaVersion({ schema, format }: FileForm): number {
  const text = `${format} ${normalised(schema)}`
  let hash = FNV_OFFSET
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, FNV_PRIME)
  // 0 is what a file has that nobody gave a version.
  return hash & POSITIVE || 1
}

/** How the tables and indexes of a file differ from those of a schema, for people. */
export function schemaDifference(connection: DatabaseSync, schema: string): string {
  const [found, expected] = [statementsOf(connection), statementsIn(schema)]
  const differences = [...new Set([...found.keys(), ...expected.keys()])].flatMap((name) => {
    if (!found.has(name)) return [`no ${name}`]
    if (!expected.has(name)) return [`${name}, which this one does not know`]
    return found.get(name) === expected.get(name) ? [] : [`another ${name}`]
  })
  return differences.length > 0 ? `it has ${differences.join(', ')}` : 'its rows have another form'
}

/**
 * The statements that bring a file of a version into the form, where it only lacks tables and indexes: what it has is as
 * here, and its rows are of the same format. Undefined where it differs in anything else.
 */
export function additionsTo(
  connection: DatabaseSync,
  version: number,
  { schema, format }: FileForm,
): string | undefined {
  const found = statementsOf(connection)
  const expected = statementsIn(schema)
  const lacking = [...expected].filter(([name]) => !found.has(name)).map(([, text]) => text)
  // The version proves the rest: it is a digest of the schema that the file was made with.
  const before = listed(schema).filter((text) => !lacking.includes(text))
  const isOnlyLacking = schemaVersion({ schema: joined(before), format }) === version
  return isOnlyLacking ? joined(lacking) : undefined
}

const normalised = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

const listed = (schema: string): string[] =>
  schema
    .split(';')
    .map(normalised)
    .filter((text) => text !== '')

const joined = (statements: readonly string[]): string =>
  statements.map((text) => `${text};`).join(' ')

/** The statements of a schema by what they make. */
function statementsIn(schema: string): Map<string, string> {
  const fresh = new DatabaseSync(':memory:')
  try {
    fresh.exec(schema)
    return statementsOf(fresh)
  } finally {
    fresh.close()
  }
}

const statementsOf = (connection: DatabaseSync): Map<string, string> =>
  new Map(
    connection
      .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY rowid")
      .all()
      .map(({ name, sql }) => [String(name), normalised(String(sql))]),
  )
