import { Binary } from 'mongodb'
import { type AppError, assert, damagedStore } from '#core/errors.ts'
import type { KeyPart } from '#core/history/document.ts'
import { type AnyFields, type FieldType, scalarOf } from '#core/record.ts'

/** A document as the driver takes and gives it. */
export type Stored = Record<string, unknown>

type Codec = {
  readonly write: (value: unknown) => unknown
  readonly read: (value: unknown) => unknown
}
type Column = Codec & { readonly name: string; readonly isNullable: boolean }

const WORD_BYTES = 8
const WORD_BITS = 64n
const UINT256_BYTES = 32
/** Q128.192 prices. */
const UINT320_BYTES = 40

/**
 * An unsigned number as big-endian bytes. MongoDB orders Binary by length before content, so numbers of one length
 * sort as numbers. A sum may outgrow its type, for a contract can emit any amount as often as it likes: it then takes
 * more bytes, and still sorts behind every smaller one.
 */
export function bytesOf(value: bigint, length: number): Binary {
  assert(value >= 0n, 'an unsigned number is not negative')
  let size = length
  while (value >> BigInt(size * 8) > 0n) size += WORD_BYTES
  const bytes = Buffer.allocUnsafe(size)
  let rest = value
  for (let offset = size - WORD_BYTES; offset >= 0; offset -= WORD_BYTES) {
    bytes.writeBigUInt64BE(BigInt.asUintN(64, rest), offset)
    rest >>= WORD_BITS
  }
  return new Binary(bytes)
}

export function numberOf(value: unknown): bigint {
  if (!(value instanceof Binary) || value.length() % WORD_BYTES !== 0) throw damaged()
  const { buffer, byteOffset } = value.buffer
  const view = new DataView(buffer, byteOffset, value.length())
  let number = 0n
  for (let offset = 0; offset < view.byteLength; offset += WORD_BYTES)
    number = (number << WORD_BITS) | view.getBigUint64(offset)
  return number
}

const damaged = (): AppError => damagedStore('the fields of a record do not fit its kind')

const asIs = (type: string): Codec => ({
  write: (value) => value,
  read(value) {
    // oxlint-disable-next-line valid-typeof -- the types asked for are the ones that typeof gives
    if (typeof value !== type) throw damaged()
    return value
  },
})
const unsigned = (length: number): Codec => ({
  write: (value) => bytesOf(value as bigint, length),
  read: numberOf,
})
const uint256 = unsigned(UINT256_BYTES)

const codecs: Readonly<Record<ReturnType<typeof scalarOf>, Codec>> = {
  text: asIs('string'),
  hex: asIs('string'),
  bool: asIs('boolean'),
  int: asIs('number'),
  uint256,
  // Two's complement, as the EVM has it: exact, but it sorts negative numbers last, so no order may walk over one.
  int256: {
    write: (value) => bytesOf(BigInt.asUintN(256, value as bigint), UINT256_BYTES),
    read: (value) => BigInt.asIntN(256, numberOf(value)),
  },
  uint320: unsigned(UINT320_BYTES),
  'uint256[]': {
    write: (value) => (value as bigint[]).map(uint256.write),
    read(value) {
      if (!Array.isArray(value)) throw damaged()
      return value.map(uint256.read)
    },
  },
}

const compiled = new WeakMap<AnyFields, readonly Column[]>()

function columnsOf(fields: AnyFields): readonly Column[] {
  const known = compiled.get(fields)
  if (known) return known
  const columns = Object.entries(fields).map(([name, type]: [string, FieldType]): Column => {
    const scalar = scalarOf(type)
    return { name, ...codecs[scalar], isNullable: type !== scalar }
  })
  compiled.set(fields, columns)
  return columns
}

/** The fields of a record under their own names, behind those of `envelope`. */
export function toStored(envelope: object, fields: AnyFields, record: object): Stored {
  const stored = envelope as Stored
  for (const { name, write } of columnsOf(fields)) {
    const value = (record as Stored)[name]
    stored[name] = value === null ? null : write(value)
  }
  return stored
}

/** The record that `toStored` wrote. @throws AppError `unavailable` when a field is damaged */
export function fromStored(fields: AnyFields, stored: object): Stored {
  const record: Stored = {}
  for (const { name, read, isNullable } of columnsOf(fields)) {
    const value = (stored as Stored)[name]
    record[name] = isNullable && value === null ? null : read(value)
  }
  return record
}

/** A value of an identity or an order as it is stored. */
export const partOf = (part: KeyPart): unknown =>
  typeof part === 'bigint' ? bytesOf(part, UINT256_BYTES) : part
