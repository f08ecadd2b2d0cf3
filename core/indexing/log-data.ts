import type { Hex } from '#core/chain.ts'

/** The data of a log: as a node's JSON has it, or as bytes. */
export type LogData = Hex | LogBytes

/**
 * The data of a log as bytes that many logs share: of a backfill's millions of logs most are decoded once and forgotten, and
 * a text of each would be made, moved and collected for nothing.
 */
export class LogBytes {
  readonly view: DataView
  /** Where the data begin in the view. */
  readonly start: number
  /** In bytes. */
  readonly length: number

  constructor(view: DataView, start: number, length: number) {
    this.view = view
    this.start = start
    this.length = length
  }
}

/** So many bytes; of text with an odd number of digits, a half more. */
export const bytesIn = (data: LogData): number =>
  typeof data === 'string' ? (data.length - 2) / 2 : data.length

/** Two digits for each byte. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** `count` bytes as hex without `0x`. */
export function digitsOf({ view, start }: LogBytes, from: number, count: number): string {
  let text = ''
  for (let at = start + from; at < start + from + count; at++)
    text += DIGITS[view.getUint8(at)] as string
  return text
}

export const hexOf = (data: LogData): Hex =>
  typeof data === 'string' ? data : `0x${digitsOf(data, 0, data.length)}`

/** The value of each hex digit by its character; -1 for others. */
const digitValues = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value++) digitValues[value.toString(16).charCodeAt(0)] = value

/** The value of the hex digit at `index`; negative for what is none. */
export const digitAt = (text: string, index: number): number =>
  digitValues[text.charCodeAt(index)] ?? -1

/** Writes data as bytes. False for text that is no hex, or ends within a byte. */
export function writeBytes(data: LogData, out: Uint8Array, start: number): boolean {
  if (typeof data !== 'string') {
    out.set(bytesOf(data), start)
    return true
  }
  let at = start
  for (let index = 2; index < data.length; index += 2) {
    const byte = (digitAt(data, index) << 4) | digitAt(data, index + 1)
    if (byte < 0) return false
    out[at++] = byte
  }
  return true
}

/** The bytes themselves, which others may hold too. */
export const bytesOf = ({ view, start, length }: LogBytes): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + start, length)

export const isSameData = (a: LogData, b: LogData): boolean =>
  a === b || (bytesIn(a) === bytesIn(b) && hexOf(a) === hexOf(b))

/**
 * The same logs, their data in memory of their own: whoever holds a few logs of many would hold the data of all of them,
 * which share theirs.
 */
export function withOwnData<Log extends { readonly data: LogData }>(logs: readonly Log[]): Log[] {
  let length = 0
  for (const { data } of logs) if (typeof data !== 'string') length += data.length
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  let start = 0
  return logs.map((log) => {
    const { data } = log
    if (typeof data === 'string') return log
    bytes.set(bytesOf(data), start)
    const own = new LogBytes(view, start, data.length)
    start += data.length
    return { ...log, data: own }
  })
}
