import { DatabaseSync } from 'node:sqlite'
import { packRows, unpackRows } from '#adapters/sqlite/event-segment.ts'
import { eventTable } from '#adapters/sqlite/schema.ts'
import type { BlockRange } from '#core/chain.ts'

/** A row of an event in an SQLite file, as a line: log index, contract, number of its kind, body. */
type StoredLine = { readonly number: number; readonly logIndex: number; readonly line: string }

/**
 * Edits events in an SQLite file behind the program's back.
 *
 * @param edit gives the line as it shall be, or null where it goes; the lines of transactions are no rows
 * @returns the rows that were changed
 */
export function editStoredEvents(
  path: string,
  family: string,
  { from, to }: BlockRange,
  edit: (row: StoredLine) => string | null,
): StoredLine[] {
  const changed: StoredLine[] = []
  editSegments(path, family, { from, to }, (text, number) => {
    const lines = text.split('\n').flatMap((line) => {
      if (line.startsWith('0x')) return [line]
      const row = { number, logIndex: Number.parseInt(line, 10), line }
      const edited = edit(row)
      if (edited !== line) changed.push(row)
      return edited === null ? [] : [edited]
    })
    return lines.join('\n')
  })
  return changed
}

/** The same for the text of each segment as a whole. */
export function editSegments(
  path: string,
  family: string,
  { from, to }: BlockRange,
  edit: (text: string, number: number) => string,
): void {
  const db = new DatabaseSync(path)
  try {
    db.exec('PRAGMA busy_timeout = 5000')
    const table = eventTable(family)
    const segments = db
      .prepare(`SELECT id, number, rows FROM ${table} WHERE number BETWEEN ? AND ? ORDER BY number`)
      .all(from, to)
    const update = db.prepare(`UPDATE ${table} SET rows = ? WHERE id = ?`)
    for (const { id, number, rows } of segments) {
      const text = unpackRows(rows as Uint8Array)
      const edited = edit(text, Number(number))
      if (edited !== text) update.run(packRows(edited), id as number)
    }
  } finally {
    db.close()
  }
}

/** Where the body of an event's line begins. */
const bodyAt = (line: string): number => line.split(' ', 3).join(' ').length + 1

/** A line with another body. */
export const withBody = (line: string, change: (body: string) => string): string =>
  line.slice(0, bodyAt(line)) + change(line.slice(bodyAt(line)))
