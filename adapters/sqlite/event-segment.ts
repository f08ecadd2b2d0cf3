import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { damagedStore, messageOf } from '#core/errors.ts'
import { type EventRow, readBlockRows, ROW } from '#core/indexing/block-rows.ts'
import type { BlockEvents } from '#core/indexing/ports.ts'

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
const CHARACTERS_MAX = 65_536

/** Higher levels take twice the time for some percent: most of what a row holds is hashes and amounts. */
const LEVEL = 1

/** Collects the rows of one family in one block into segments, without taking them apart. */
export type SegmentWriter = {
  /** @param at where the numbers of the row begin in the block's offsets */
  add(block: Pick<BlockEvents, 'rows' | 'offsets'>, at: number, kind: string): void
  /** The rows that are not in a segment yet; undefined where there are none. */
  close(): Segment | undefined
  /** Whether no more should be added before `close`. */
  isFull(): boolean
  /** Drops the rows that are not in a segment yet. */
  forget(): void
}

export function createSegmentWriter(): SegmentWriter {
  let pieces: string[] = []
  let [transaction, size, characters, firstIndex, lastIndex] = [-1, 0, 0, 0, 0]
  function forget(): void {
    pieces = []
    transaction = -1
    size = 0
    characters = 0
  }
  return {
    add({ rows, offsets }, at, kind) {
      lastIndex = offsets[at + ROW.logIndex] as number
      const transactionAt = offsets[at + ROW.transactionAt] as number
      const startAt = offsets[at + ROW.startAt] as number
      const kindAt = offsets[at + ROW.kindAt] as number
      const endAt = offsets[at + ROW.endAt] as number
      const bodyAt = kindAt + kind.length
      if (size === 0) firstIndex = lastIndex
      // Lines but the first bring the end of the line above with them.
      if (transactionAt !== transaction)
        pieces.push(
          rows.slice(
            size === 0 ? transactionAt : transactionAt - 1,
            rows.indexOf('\n', transactionAt),
          ),
        )
      transaction = transactionAt
      pieces.push(rows.slice(startAt - 1, kindAt), String(offsets[at + ROW.kind]))
      pieces.push(rows.slice(bodyAt, endAt))
      size++
      characters += endAt - bodyAt - 1
    },
    close() {
      if (size === 0) return undefined
      const segment = { firstIndex, lastIndex, rows: packRows(pieces.join('')) }
      forget()
      return segment
    },
    isFull: () => size >= ROWS_MAX || characters >= CHARACTERS_MAX,
    forget,
  }
}

export function packRows(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8')
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
