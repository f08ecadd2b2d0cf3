import type { Hex } from './chain.ts'

/** What a contract's call takes (Solidity ABI specification, "Formal Specification of the Encoding"). */
export type AbiValue =
  /** Any integer; negative ones as two's complement. */
  | bigint
  | number
  | boolean
  /** An address or 32 bytes. */
  | Hex
  | { readonly bytes: Hex }
  | { readonly array: readonly AbiValue[] }
  | { readonly tuple: readonly AbiValue[] }

const WORD_BYTES = 32
const WORD_DIGITS = WORD_BYTES * 2

/** Calldata: the function's selector, and its arguments. */
export const encodeCall = (selector: Hex, values: readonly AbiValue[]): Hex =>
  `${selector}${encodeSequence(values)}`

/** The arguments alone. */
export const encodeArguments = (values: readonly AbiValue[]): Hex => `0x${encodeSequence(values)}`

/** Values in a row: what has a fixed size in its place, of the rest the offset, and the rest behind. */
function encodeSequence(values: readonly AbiValue[]): string {
  const bodies = values.map(encodeBody)
  let offset = values.reduce<number>(
    (size, value, index) =>
      size + (isDynamic(value) ? WORD_BYTES : (bodies[index] as string).length / 2),
    0,
  )
  let heads = ''
  let tails = ''
  for (const [index, value] of values.entries()) {
    const body = bodies[index] as string
    if (!isDynamic(value)) {
      heads += body
      continue
    }
    heads += word(BigInt(offset))
    tails += body
    offset += body.length / 2
  }
  return heads + tails
}

function encodeBody(value: AbiValue): string {
  if (typeof value === 'string') return value.slice(2).toLowerCase().padStart(WORD_DIGITS, '0')
  if (typeof value !== 'object') return word(BigInt(value))
  if ('tuple' in value) return encodeSequence(value.tuple)
  if ('array' in value) return word(BigInt(value.array.length)) + encodeSequence(value.array)
  const digits = value.bytes.slice(2)
  const padded = Math.ceil(digits.length / WORD_DIGITS) * WORD_DIGITS
  return word(BigInt(digits.length / 2)) + digits.padEnd(padded, '0')
}

function isDynamic(value: AbiValue): boolean {
  if (typeof value !== 'object') return false
  return 'tuple' in value ? value.tuple.some(isDynamic) : true
}

const word = (value: bigint): string =>
  BigInt.asUintN(256, value).toString(16).padStart(WORD_DIGITS, '0')

/** Reads words of what a call returned. */
export type AbiReader = {
  readonly length: number
  /** The word at `index`. @throws Error where the answer is shorter */
  uint(index: number): bigint
  int(index: number): bigint
  /** A safe integer. @throws Error where it is none */
  number(index: number): number
  /** `length` bytes from the word at `index` on. */
  bytes(index: number, length: number): Hex
}

/** @throws Error where `data` is not whole words */
export function readWords(data: Hex): AbiReader {
  const digits = data.slice(2)
  if (digits.length % WORD_DIGITS !== 0 || !/^[0-9a-fA-F]*$/.test(digits))
    throw new Error('not whole words')
  const length = digits.length / WORD_DIGITS
  const uint = (index: number): bigint => {
    if (!(index >= 0 && index < length)) throw new Error(`no word ${index} of ${length}`)
    return BigInt(`0x${digits.slice(index * WORD_DIGITS, (index + 1) * WORD_DIGITS)}`)
  }
  const int = (index: number): bigint => BigInt.asIntN(256, uint(index))
  return {
    length,
    uint,
    int,
    number(index) {
      const value = Number(int(index))
      if (!Number.isSafeInteger(value)) throw new Error(`word ${index} is no safe integer`)
      return value
    },
    bytes(index, size) {
      const from = index * WORD_DIGITS
      if (size < 0 || from + size * 2 > digits.length) throw new Error(`no ${size} bytes there`)
      return `0x${digits.slice(from, from + size * 2)}`
    },
  }
}
