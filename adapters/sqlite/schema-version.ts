import { DatabaseSync } from 'node:sqlite'

/** FNV-1a: spreads over 32 bits what differs in a single character. */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
/** SQLite keeps a signed number of 32 bits with a file. */
const POSITIVE = 0x7fffffff

/**
 * The version of a file's tables: a digest of the statements that make them, so that no table can change without it.
 *
 * @param format raised where rows mean something else in tables that are the same
 */
export function schemaVersion(schema: string, format: number): number {
  const text = `${format} ${schema.replaceAll(/\s+/g, ' ').trim()}`
  let hash = FNV_OFFSET
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, FNV_PRIME)
  // 0 is what a file has that nobody gave a version.
  return hash & POSITIVE || 1
}

/** How the tables and indexes of a file differ from those of a schema, for people. */
export function schemaDifference(connection: DatabaseSync, schema: string): string {
  const fresh = new DatabaseSync(':memory:')
  try {
    fresh.exec(schema)
    const [found, expected] = [statementsOf(connection), statementsOf(fresh)]
    const differences = [...new Set([...found.keys(), ...expected.keys()])].flatMap((name) => {
      if (!found.has(name)) return [`no ${name}`]
      if (!expected.has(name)) return [`${name}, which this one does not know`]
      return found.get(name) === expected.get(name) ? [] : [`another ${name}`]
    })
    return differences.length > 0
      ? `it has ${differences.join(', ')}`
      : 'its rows have another form'
  } finally {
    fresh.close()
  }
}

const statementsOf = (connection: DatabaseSync): Map<string, string> =>
  new Map(
    connection
      .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
      .all()
      .map(({ name, sql }) => [String(name), String(sql).replaceAll(/\s+/g, ' ')]),
  )
