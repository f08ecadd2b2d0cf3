import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { damagedStore, messageOf } from '#core/errors.ts'
import type { EventSpec } from '#core/history/event.ts'
import { type EventRow, readBlockRows, ROW } from '#core/indexing/block-rows.ts'
import type { BlockBytes } from './packed-blocks.ts'

/**
 * Events of one family in one block, some of them in order of log index, as one value: the lines of
 * `createBlockRows`, with the number of its spec for an event's kind, as a Zstandard frame with a checksum. Rows of a
 * block say much the same, so that it takes a fifth of the room; and a single bit that flips is noticed.
 */
type Segment = {
  readonly firstIndex: number
  readonly lastIndex: number
  readonly rows: Uint8Array
}

/** Few enough that a page which needs one row of a segment is not slowed down by the others. */
const ROWS_MAX = 200
/** Of the bodies of its rows, but the last. */
const BODY_BYTES_MAX = 65_536

/** Higher levels take twice the time for some percent: most of what a row holds is hashes and amounts. */
const LEVEL = 1

/** Of the number of a kind. */
const DIGITS_MAX = 16

const LINE_END = 0x0a

/** What stands in place of a kind's name. */
export type KindNumber = { readonly digits: Uint8Array; readonly nameBytes: number }

export const kindNumber = ({ kind, number }: Pick<EventSpec, 'kind' | 'number'>): KindNumber => ({
  digits: Buffer.from(String(number)),
  nameBytes: Buffer.byteLength(kind),
})

/**
 * Cuts rows of one family out of a block's.
 *
 * @param rows where the numbers of each begin in the block's offsets
 * @param each is given the segments in turn
 */
export type CutSegments = (
  block: BlockBytes,
  rows: readonly number[],
  each: (segment: Segment) => void,
) => void

/** It keeps the memory that it works in. */
export function createCutSegments(kinds: ReadonlyMap<number, KindNumber>): CutSegments {
  /** The rows of the block and behind them a segment of them: within one memory it costs least to copy a few bytes. */
  let memory = new Uint8Array(0)
  let end = 0
  function copy(from: number, to: number): void {
    memory.copyWithin(end, from, to)
    end += to - from
  }

  /** Copies the segment that begins with a row, and gives the first row that is not in it. */
  function cut({ bytes, offsets }: BlockBytes, rows: readonly number[], first: number) {
    end = bytes.length
    let transaction = -1
    /** What follows from here to the end of the last row belongs to the segment, and is not copied yet. */
    let from = 0
    let lastEnd = 0
    let bodyBytes = 0
    let index = first
    for (; index < rows.length && index - first < ROWS_MAX && bodyBytes < BODY_BYTES_MAX; index++) {
      const at = rows[index] as number
      const transactionAt = offsets[at + ROW.transactionAt] as number
      const startAt = offsets[at + ROW.startAt] as number
      const kindAt = offsets[at + ROW.kindAt] as number
      const isNew = transactionAt !== transaction
      // Lines but the first bring the end of the line above with them.
      const lineAt = isNew ? transactionAt : startAt
      if (index === first) from = lineAt
      else if (lineAt !== lastEnd + 1) {
        copy(from, lastEnd)
        from = lineAt - 1
      }
      if (isNew) {
        const lineEnd = bytes.indexOf(LINE_END, transactionAt)
        if (lineEnd !== startAt - 1) {
          copy(from, lineEnd)
          from = startAt - 1
        }
      }
      copy(from, kindAt)
      const { digits, nameBytes } = kinds.get(offsets[at + ROW.kind] as number) as KindNumber
      for (let digit = 0; digit < digits.length; digit++) memory[end++] = digits[digit] as number
      from = kindAt + nameBytes
      lastEnd = offsets[at + ROW.endAt] as number
      transaction = transactionAt
      bodyBytes += lastEnd - from - 1
    }
    copy(from, lastEnd)
    return index
  }

  return (block, rows, each) => {
    const { bytes, offsets } = block
    // A segment is no longer than what it is cut from, unless numbers are longer than names.
    const needed = 2 * bytes.length + ROWS_MAX * DIGITS_MAX
    if (needed > memory.length) memory = new Uint8Array(needed)
    memory.set(bytes)
    for (let first = 0; first < rows.length;) {
      const next = cut(block, rows, first)
      each({
        firstIndex: offsets[(rows[first] as number) + ROW.logIndex] as number,
        lastIndex: offsets[(rows[next - 1] as number) + ROW.logIndex] as number,
        rows: packBytes(memory.subarray(bytes.length, end)),
      })
      first = next
    }
  }
}

export const packRows = (text: string): Uint8Array => packBytes(Buffer.from(text, 'utf8'))

function packBytes(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, {
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
    // Who knows the size takes no more memory than that needs: a fifth of the time.
    pledgedSrcSize: bytes.length,
  })
}

/** @throws AppError `unavailable` (`damaged`) where the bytes are not what `packRows` gave */
export function unpackRows(rows: Uint8Array): string {
  try {
    return zstdDecompressSync(rows).toString('utf8')
  } catch (error) {
    throw damagedStore(`a segment of events cannot be unpacked (${messageOf(error)})`, error)
  }
}

/** @throws AppError `unavailable` (`damaged`) */
export const readSegment = (rows: Uint8Array, each: (row: EventRow) => void): void =>
  readBlockRows(unpackRows(rows), each)
