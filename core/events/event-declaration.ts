import { keccakOfText, KECCAK_TEXT_MAX } from '#core/checksum.ts'
import type { Hash } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'

/** A value of an event: one word of 32 bytes. */
export type EventParameter = {
  /** Empty where the declaration gives none. */
  readonly name: string
  /** `address`, `bool`, `uint256`, `int24`, `bytes32` and their like. */
  readonly type: string
  readonly isIndexed: boolean
}

/** An event as Solidity declares it. */
export type EventDeclaration = {
  /** Name and types alone, as they are hashed: `Staked(address,uint256)`. */
  readonly signature: string
  /** The first topic of its logs. */
  readonly topic: Hash
  /** What its logs are read by, whatever its values are called: `Staked(address indexed,uint256)`. */
  readonly form: string
  /** In the order in which they are declared. */
  readonly parameters: readonly EventParameter[]
}

const DECLARATION = /^(?:event\s+)?([A-Za-z_$][\w$]*)\s*\(([^()]*)\)\s*;?$/
const PARAMETER = /^([a-z]+\d*)(\s+indexed)?(?:\s+([A-Za-z_$][\w$]*))?$/
/** A log has four topics, of which the first names the event. */
const INDEXED_MAX = 3
const PARAMETERS_MAX = 16

/**
 * Reads a declaration such as `Staked(address indexed account, uint256 amount)`.
 *
 * @returns a text that says what is wrong with it, where something is
 */
export function parseDeclaration(text: string): EventDeclaration | string {
  const [, name, inside = ''] = DECLARATION.exec(text.trim()) ?? []
  if (name === undefined)
    return 'not a declaration such as "Staked(address indexed account, uint256 amount)"'
  const parts = inside.trim() === '' ? [] : inside.split(',')
  if (parts.length > PARAMETERS_MAX) return `more than ${PARAMETERS_MAX} values`
  const parameters: EventParameter[] = []
  for (const part of parts) {
    const [, written, indexed, own = ''] = PARAMETER.exec(part.trim()) ?? []
    const type = written === undefined ? undefined : wordType(written)
    if (type === undefined)
      return `"${part.trim()}": only values of one word (address, bool, uint, int and bytes1 to bytes32) can be read`
    if (own !== '' && parameters.some((each) => each.name === own)) return `two values are "${own}"`
    parameters.push({ name: own, type, isIndexed: indexed !== undefined })
  }
  if (parameters.filter(({ isIndexed }) => isIndexed).length > INDEXED_MAX)
    return `more than ${INDEXED_MAX} values are indexed`
  const signature = `${name}(${parameters.map(({ type }) => type).join(',')})`
  if (signature.length > KECCAK_TEXT_MAX)
    return `more than ${KECCAK_TEXT_MAX} characters of name and types`
  const forms = parameters.map(({ type, isIndexed }) => (isIndexed ? `${type} indexed` : type))
  return {
    signature,
    topic: `0x${keccakOfText(signature)}`,
    form: `${name}(${forms.join(',')})`,
    parameters,
  }
}

/** A declaration that was looked at before. @throws AppError `invalid` naming `sources` for one that was not */
export function declarationOf(text: string): EventDeclaration {
  const declaration = parseDeclaration(text)
  if (typeof declaration === 'string') throw invalidField('sources', `"${text}": ${declaration}`)
  return declaration
}

const NUMBER = /^u?int([1-9]\d*)$/
const BYTES = /^bytes([1-9]\d*)$/

/** A type by the name that is hashed; undefined where it takes more than a word, or there is none. */
function wordType(written: string): string | undefined {
  if (written === 'uint' || written === 'int') return `${written}256`
  if (written === 'address' || written === 'bool') return written
  const bits = Number(NUMBER.exec(written)?.[1] ?? 0)
  if (bits > 0 && bits <= 256 && bits % 8 === 0) return written
  const bytes = Number(BYTES.exec(written)?.[1] ?? 0)
  return bytes > 0 && bytes <= 32 ? written : undefined
}

/** Whether a word can be a value of a type: what is over its size are zeros, of a negative number ones. */
export function isValueOf(type: string, word: bigint): boolean {
  if (type === 'bool') return word <= 1n
  if (type === 'address') return word >> 160n === 0n
  const bytes = BYTES.exec(type)?.[1]
  if (bytes !== undefined) return BigInt.asUintN(256 - 8 * Number(bytes), word) === 0n
  const bits = Number(NUMBER.exec(type)?.[1] ?? 256)
  return type.startsWith('u')
    ? BigInt.asUintN(bits, word) === word
    : BigInt.asUintN(256, BigInt.asIntN(bits, word)) === word
}

/** The name of an event by its signature. */
export const nameOf = (signature: string): string => signature.slice(0, signature.indexOf('('))

/** The types of an event's values by its signature, as `parseDeclaration` has made it. */
function typesOf(signature: string): string[] {
  const inside = signature.slice(signature.indexOf('(') + 1, -1)
  return inside === '' ? [] : inside.split(',')
}

/**
 * Values of an event as people write them: addresses and bytes in hex, numbers in digits, `true` and `false`.
 *
 * @param words one of 32 bytes for each type of the signature
 */
export const valueTexts = (signature: string, words: readonly bigint[]): string[] =>
  typesOf(signature).map((type, index) => valueText(type, words[index] ?? 0n))

function valueText(type: string, word: bigint): string {
  if (type === 'bool') return word === 0n ? 'false' : 'true'
  if (type === 'address') return `0x${word.toString(16).padStart(40, '0')}`
  const bytes = Number(BYTES.exec(type)?.[1] ?? 0)
  if (bytes > 0)
    return `0x${word
      .toString(16)
      .padStart(64, '0')
      .slice(0, 2 * bytes)}`
  return `${type.startsWith('u') ? word : BigInt.asIntN(256, word)}`
}
