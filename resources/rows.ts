import { inUnits, type SideDecimals, valueOf } from './json.ts'
import { fieldsOn, type Resource, type Type } from './resource.ts'

/** A value of a table. */
export type Cell = string | number | bigint | null
export type Row = Readonly<Record<string, Cell>>

/**
 * An item as one line of a table: what it holds is spread over columns (`block.number` is `blockNumber`), and what is
 * only mentioned is its key. The chain is not asked: values that need it are null.
 *
 * @param whole where amounts are to be in whole tokens: how many decimals both have
 */
export function toRow<T>(resource: Resource<T>, item: T, whole?: SideDecimals): Row {
  const row: Record<string, Cell> = {}
  fill(row, resource, item, '', whole)
  return row
}

/** The columns of such lines, which are the same for every item, in their order. */
export const columnsOf = (resource: Resource): string[] => {
  const row: Record<string, Cell> = {}
  fill(row, resource, null, '')
  return Object.keys(row)
}

function fill(
  row: Record<string, Cell>,
  resource: Resource,
  item: unknown,
  prefix: string,
  whole?: SideDecimals,
): void {
  for (const [name, each] of fieldsOn('rows', resource)) {
    const value = item === null ? null : inUnits(each, valueOf(each, item), whole)
    const column = each.column ?? (prefix === '' ? name : prefix + capitalised(name))
    const inner = spreadOf(each.type)
    if (inner) fill(row, inner, value, column)
    else row[column] = cellOf(each.type, value)
  }
}

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** The resource whose fields have columns of their own. */
const spreadOf = (type: Type): Resource | undefined =>
  type.kind === 'resource' && !type.key ? type : undefined

function cellOf(type: Type, value: unknown): Cell {
  if (value === null) return null
  if (type.kind === 'list') throw new Error('a list has no cell: keep the field off tables')
  if (type.kind === 'values') return (value as readonly unknown[]).join(' ')
  return type.kind === 'resource' && type.key ? type.key(value) : (value as Cell)
}
