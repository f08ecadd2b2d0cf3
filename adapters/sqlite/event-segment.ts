import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { damagedStore, messageOf } from '#core/errors.ts'
import { type EventRow, readBlockRows } from '#core/indexing/block-rows.ts'

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

/** Collects the rows of one block into segments. */
export type SegmentWriter = {
  add(row: Pick<EventRow, 'transactionHash' | 'logIndex' | 'address' | 'body'>, kind: number): void
  /** The rows that are not in a segment yet; undefined where there are none. */
  close(): Segment | undefined
  /** Whether no more should be added before `close`. */
  isFull(): boolean
}

export function createSegmentWriter(): SegmentWriter {
  let lines: string[] = []
  let transaction = ''
  let [size, characters, firstIndex, lastIndex] = [0, 0, 0, 0]
  return {
    add({ transactionHash, logIndex, address, body }, kind) {
      if (size === 0) firstIndex = logIndex
      if (transactionHash !== transaction) lines.push(transactionHash)
      transaction = transactionHash
      lines.push(`${logIndex} ${address} ${kind} ${body}`)
      lastIndex = logIndex
      size++
      characters += body.length
    },
    close() {
      if (size === 0) return undefined
      const segment = { firstIndex, lastIndex, rows: packRows(lines.join('\n')) }
      lines = []
      transaction = ''
      size = 0
      characters = 0
      return segment
    },
    isFull: () => size >= ROWS_MAX || characters >= CHARACTERS_MAX,
  }
}

export const packRows = (text: string): Uint8Array =>
  zstdCompressSync(text, {
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  })

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
