import { assert, damagedStore } from './errors.ts'

/**
 * How a stored field is written. `hex` is text that needs no escaping (addresses, hashes). `int` is a JavaScript number
 * (a safe integer); the others are bigints: `uint256` and `int256` (two's complement where a store writes bytes) are Solidity's, `uint320` holds a Q128.192
 * price. A trailing `?` means that the field may be null.
 */
export type FieldType = ScalarType | `${ScalarType}?`
type ScalarType = 'text' | 'hex' | 'bool' | 'int' | 'uint256' | 'int256' | 'uint320' | 'uint256[]'

type ScalarFor<V> = V extends bigint
  ? 'uint256' | 'int256' | 'uint320'
  : V extends readonly bigint[]
    ? 'uint256[]'
    : V extends number
      ? 'int'
      : V extends boolean
        ? 'bool'
        : V extends string
          ? 'text' | 'hex'
          : never
type TypeFor<V> = null extends V ? `${ScalarFor<NonNullable<V>>}?` : ScalarFor<V>

/** The fields of a record in their canonical order: one table drives digest, stores and exports. */
export type Fields<T> = { readonly [K in keyof T & string]-?: TypeFor<T[K]> }
export type AnyFields = Readonly<Record<string, FieldType>>

type Write = (value: unknown) => string
/** `before` is what stands between the value before it and its own: a bracket or comma, and the quotes of both. */
type Column = {
  readonly name: string
  readonly type: ScalarType
  readonly before: string
  readonly write: Write
}
type Columns = { readonly columns: readonly Column[]; readonly end: string }

const plain: Write = (value) => `${value as bigint}`
/** Every store must refuse the same values: one that keeps bytes has no room for the sign. */
const unsigned: Write = (value) => {
  // Half of the amounts of swaps are zero.
  if (value === 0n) return '0'
  assert((value as bigint) >= 0n, 'an unsigned number is not negative')
  return `${value as bigint}`
}
const quoted =
  (write: Write): Write =>
  (value) =>
    `"${write(value)}"`

/** What stands between quotes. */
const textWriters = { hex: plain, uint256: unsigned, int256: plain, uint320: unsigned }
const isText = (type: FieldType): type is keyof typeof textWriters => type in textWriters
const writers: Record<Exclude<ScalarType, keyof typeof textWriters>, Write> = {
  text: (value) => JSON.stringify(value),
  bool: (value) => (value === true ? 'true' : 'false'),
  int: plain,
  'uint256[]': (value) => `[${(value as bigint[]).map(quoted(unsigned)).join(',')}]`,
}

const isNullable = (type: FieldType): boolean => type.endsWith('?')
/** The type without its `?`. */
export const scalarOf = (type: FieldType): ScalarType =>
  (isNullable(type) ? type.slice(0, -1) : type) as ScalarType

const compiled = new WeakMap<AnyFields, Columns>()

function columnsOf(fields: AnyFields): Columns {
  const known = compiled.get(fields)
  if (known) return known
  let before = '['
  const columns = Object.entries(fields).map(([name, type]): Column => {
    const column = { name, type: scalarOf(type), before, write: writerOf(type) }
    if (isText(type)) column.before += '"'
    before = isText(type) ? '",' : ','
    return column
  })
  const made = { columns, end: columns.length === 0 ? '[]' : before.replace(',', ']') }
  compiled.set(fields, made)
  return made
}

function writerOf(type: FieldType): Write {
  if (isText(type)) return textWriters[type]
  const scalar = scalarOf(type)
  const write = isText(scalar) ? quoted(textWriters[scalar]) : writers[scalar]
  return isNullable(type) ? (value) => (value === null ? 'null' : write(value)) : write
}

/**
 * A record as canonical JSON: the array of its values in the table's order, no white space, bigints as decimal
 * strings. Equal records give equal text, which is what the digest hashes and what SQLite stores.
 */
export function encodeRecord(fields: AnyFields, record: object): string {
  const { columns, end } = columnsOf(fields)
  let text = ''
  for (const { name, before, write } of columns)
    text += before + write((record as Record<string, unknown>)[name])
  return text + end
}

/** The record that `encodeRecord` wrote. @throws AppError `unavailable` when the text is damaged. */
export function decodeRecord(fields: AnyFields, text: string): object {
  const { columns } = columnsOf(fields)
  const values = parseArray(text)
  if (values.length !== columns.length)
    throw damagedStore('the fields of a record do not fit its kind')
  const record: Record<string, unknown> = {}
  for (const [index, { name, type }] of columns.entries()) {
    try {
      record[name] = valueOf(type, values[index])
    } catch (cause) {
      throw damagedStore(`the ${name} of a record is no ${type}`, cause)
    }
  }
  return record
}

function valueOf(type: ScalarType, value: unknown): unknown {
  if (value === null) return null
  if (type === 'uint256[]') return (value as string[]).map(BigInt)
  return type === 'uint256' || type === 'int256' || type === 'uint320'
    ? BigInt(value as string)
    : value
}

function parseArray(text: string): unknown[] {
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch (cause) {
    throw damagedStore('a record is not JSON', cause)
  }
  if (!Array.isArray(values)) throw damagedStore('a record is not a list of fields')
  return values
}
