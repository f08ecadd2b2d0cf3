import { ROW, type RowOffsets } from '#core/indexing/block-rows.ts'
import type { BlockEvents } from '#core/indexing/ports.ts'

/**
 * The rows of blocks as UTF-8, all in one memory, so that they go to another thread without being copied, whatever
 * number of blocks they are of. Blocks without rows of events are left out.
 */
export type PackedBlocks = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** As `BlockEvents` has them, of one block behind the other. */
  readonly offsets: Int32Array<ArrayBuffer>
  readonly blocks: readonly PackedBlock[]
}

type PackedBlock = {
  readonly number: number
  /** How many bytes its rows have. */
  readonly size: number
  /** How many of the offsets are of them. */
  readonly places: number
}

/** The rows of one block. What ends with `At` in the offsets is a place in the bytes. */
export type BlockBytes = {
  readonly number: number
  readonly bytes: Buffer
  readonly offsets: RowOffsets
}

export function packBlocks(
  blocks: readonly Pick<BlockEvents, 'block' | 'rows' | 'offsets'>[],
): PackedBlocks {
  const given = blocks.filter(({ offsets }) => offsets.length > 0)
  const packed = given.map(({ block, rows, offsets }): PackedBlock => {
    return { number: block.number, size: Buffer.byteLength(rows), places: offsets.length }
  })
  // Not of the pool that small buffers share, whose memory cannot go to another thread.
  const bytes = Buffer.allocUnsafeSlow(packed.reduce((sum, { size }) => sum + size, 0))
  const offsets = new Int32Array(packed.reduce((sum, { places }) => sum + places, 0))
  let [at, place] = [0, 0]
  for (const { rows, offsets: ofText } of given) {
    const size = bytes.write(rows, at)
    offsets.set(size === rows.length ? ofText : offsetsInBytes(rows, ofText), place)
    at += size
    place += ofText.length
  }
  return { bytes, offsets, blocks: packed }
}

/** The rows of each block, which hold the memory of all. */
export function* unpackBlocks({ bytes, offsets, blocks }: PackedBlocks): Generator<BlockBytes> {
  let [at, place] = [0, 0]
  for (const { number, size, places } of blocks) {
    yield {
      number,
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset + at, size),
      offsets: offsets.subarray(place, place + places),
    }
    at += size
    place += places
  }
}

const PLACES = [ROW.transactionAt, ROW.startAt, ROW.contractAt, ROW.kindAt, ROW.endAt] as const

/** Places in a text as places in its UTF-8. Only texts that events bring with them are of other characters than ASCII. */
function offsetsInBytes(text: string, offsets: RowOffsets): RowOffsets {
  const byteAt = new Int32Array(text.length + 1)
  let [at, bytes] = [0, 0]
  for (const character of text) {
    byteAt[at] = bytes
    at += character.length
    bytes += bytesOf(character.codePointAt(0) as number)
  }
  byteAt[at] = bytes
  return offsets.map((value, index) =>
    PLACES.some((place) => place === index % ROW.width) ? (byteAt[value] as number) : value,
  )
}

/** A surrogate that stands alone is written as U+FFFD, which takes as many as it would itself. */
const bytesOf = (codePoint: number): number =>
  codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x1_0000 ? 3 : 4
