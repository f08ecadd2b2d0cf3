import { type SideDecimals, toLine, type TokenInfos } from '#resources/json.ts'
import type { Resource } from '#resources/resource.ts'
import { type Cell, columnsOf, toRow } from '#resources/rows.ts'

export type ExportFormat = 'ndjson' | 'csv'
export const exportFormats: readonly ExportFormat[] = ['ndjson', 'csv']

/** What stands in front of the fields of an item, by name. */
export type Front = Readonly<Record<string, string | number>>

/** Writes items of one resource as text. */
export type Formatter<T> = {
  /** What is written before the first item, and also where there is none. */
  readonly header: string
  item(item: T, words?: Words): string
}

/** What an item is written with. */
export type Words = {
  /** What tokens say of themselves. */
  readonly infos: TokenInfos
  /** Where its amounts are to be in whole tokens. */
  readonly whole?: SideDecimals
}

/**
 * NDJSON: each item in the form that REST gives it. CSV: a table with the same columns for every item, flat by the rule
 * of `toRow`.
 *
 * @param front stands in front of the fields of every item, in both
 * @param ofLine the same of each item, in NDJSON alone: a table has columns for what an item holds
 */
export function createFormatter<T>(
  format: ExportFormat,
  resource: Resource<T>,
  front: Front,
  ofLine: (item: T) => Front = () => ({}),
): Formatter<T> {
  if (format === 'ndjson')
    return {
      header: '',
      item: (item, words) =>
        `${JSON.stringify({ ...front, ...ofLine(item), ...toLine(resource, item, words?.infos, words?.whole) })}\n`,
    }
  const line = (cells: readonly Cell[]): string => `${cells.map(csvCell).join(',')}\r\n`
  return {
    header: line([...Object.keys(front), ...columnsOf(resource)]),
    item: (item, words) =>
      line([...Object.values(front), ...Object.values(toRow(resource, item, words?.whole))]),
  }
}

const NEEDS_QUOTES = /[",\r\n]/

/** RFC 4180; null is an empty cell. */
function csvCell(value: Cell): string {
  const text = value === null ? '' : String(value)
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
