import type { Hex } from '#core/chain.ts'

/** Longer text is no symbol and no name, whatever it is. */
const TEXT_CHARACTERS_MAX = 64
/** In UTF-8 no character takes more. */
const TEXT_BYTES_MAX = TEXT_CHARACTERS_MAX * 4
const DECIMALS_MAX = 36n
const WORD_BYTES = 32

/** Control and format characters (NUL, line breaks, writing-direction overrides) and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A `symbol()` or `name()` as ABI-encoded `string` or, as in early tokens, `bytes32`; null where it is neither. */
export function decodeText(answer: Hex): string | null {
  const bytes = Buffer.from(answer.slice(2), 'hex')
  const raw = bytes.length === WORD_BYTES ? trimmedWord(bytes) : abiString(bytes)
  if (!raw || raw.length > TEXT_BYTES_MAX) return null
  try {
    return clean(utf8.decode(raw))
  } catch {
    return null
  }
}

/** A `decimals()` that amounts can be written with; null for anything else. */
export function decodeDecimals(answer: Hex): number | null {
  const word = answer.slice(2, 2 + 2 * WORD_BYTES)
  if (word.length < 2 * WORD_BYTES) return null
  const value = BigInt(`0x${word}`)
  return value <= DECIMALS_MAX ? Number(value) : null
}

/** Up to the first NUL: bytes32 is padded with them. */
function trimmedWord(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

/** The bytes of an ABI-encoded `string`; undefined where it is none. */
export function abiString(bytes: Buffer): Buffer | undefined {
  const offset = smallWord(bytes, 0)
  const length = offset === undefined ? undefined : smallWord(bytes, offset)
  if (offset === undefined || length === undefined) return undefined
  const start = offset + WORD_BYTES
  return start + length <= bytes.length ? bytes.subarray(start, start + length) : undefined
}

/** A word that is a place within the answer; anything larger is not. */
function smallWord(bytes: Buffer, at: number): number | undefined {
  if (at + WORD_BYTES > bytes.length) return undefined
  const value = BigInt(`0x${bytes.toString('hex', at, at + WORD_BYTES)}`)
  return value <= BigInt(bytes.length) ? Number(value) : undefined
}

function clean(text: string): string | null {
  const printable = text.replaceAll(UNPRINTABLE, '').trim()
  const { length } = Array.from(printable)
  return length === 0 || length > TEXT_CHARACTERS_MAX ? null : printable
}
