import type { Row } from '#resources/rows.ts'

export type ExportFormat = 'ndjson' | 'csv'
export const exportFormats: readonly ExportFormat[] = ['ndjson', 'csv']

/** Writes rows of one shape as text; the first row of a CSV brings its header. */
export function createFormatter(format: ExportFormat): (row: Row) => string {
  if (format === 'ndjson') return (row) => `${JSON.stringify(row, bigintAsText)}\n`
  let hasHeader = false
  return (row) => {
    const header = hasHeader ? '' : `${Object.keys(row).map(csvCell).join(',')}\r\n`
    hasHeader = true
    return `${header}${Object.values(row).map(csvCell).join(',')}\r\n`
  }
}

const bigintAsText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

const NEEDS_QUOTES = /[",\r\n]/

/** RFC 4180; null is an empty cell. */
function csvCell(value: string | number | bigint | boolean | null): string {
  const text = value === null ? '' : String(value)
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
