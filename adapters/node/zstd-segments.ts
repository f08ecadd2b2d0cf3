import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { AppError, messageOf } from '#core/errors.ts'
import type { SegmentPacking } from '#core/indexing/raw/ports.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/**
 * Of logs, which are hashes and amounts for the most part, higher levels make no less: level 3 takes 1.5 to 2 times the time,
 * for some percent more.
 */
const LEVEL = 1

/** Bytes of output at once: with the few kilobytes of the default, half of the time goes into handing them over. */
const CHUNK_BYTES = 1 << 20

const SETTINGS = {
  chunkSize: CHUNK_BYTES,
  params: {
    [constants.ZSTD_c_compressionLevel]: LEVEL,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
}

/** A frame that decoders pass over: this, how many bytes follow, and those (RFC 8878, 3.1.2). */
const SKIPPED = 0x184d2a50
const HEADER_BYTES = 8
const FOOTER_BYTES = 4

/**
 * Segments as Zstandard (RFC 8878) with checksums; in the thread pool. A frame holds the text. Where there are bytes beside
 * it, a second one follows, in a frame that decoders pass over: versions of Halyard that know of text alone read in it what
 * form the segment has, and refuse it for that. The last four bytes say how long the second one is.
 */
export const zstdSegments: SegmentPacking = {
  async pack({ text, bytes }) {
    const [first, second] = await Promise.all([
      compress(text, SETTINGS),
      bytes.length === 0 ? undefined : compress(bytes, SETTINGS),
    ])
    if (!second) return first
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32LE(SKIPPED, 0)
    header.writeUInt32LE(second.length + FOOTER_BYTES, 4)
    const footer = Buffer.alloc(FOOTER_BYTES)
    footer.writeUInt32LE(second.length)
    return Buffer.concat([first, header, second, footer])
  },
  async unpack(packed) {
    const [first, second] = framesOf(Buffer.from(packed.buffer, packed.byteOffset, packed.length))
    try {
      const [text, bytes] = await Promise.all([
        decompress(first, { chunkSize: CHUNK_BYTES }),
        second ? decompress(second, { chunkSize: CHUNK_BYTES }) : new Uint8Array(),
      ])
      return { text: text.toString('utf8'), bytes }
    } catch (error) {
      throw new AppError('unavailable', `raw: a segment is damaged (${messageOf(error)})`, {
        details: { field: 'raw', reason: 'damaged' },
        cause: error,
      })
    }
  },
}

function framesOf(packed: Buffer): [Buffer, Buffer?] {
  if (packed.length < HEADER_BYTES + FOOTER_BYTES) return [packed]
  const end = packed.length - FOOTER_BYTES
  const length = packed.readUInt32LE(end)
  const start = end - length
  const header = start - HEADER_BYTES
  const isThere =
    header > 0 &&
    packed.readUInt32LE(header) === SKIPPED &&
    packed.readUInt32LE(header + 4) === length + FOOTER_BYTES
  return isThere ? [packed.subarray(0, header), packed.subarray(start, end)] : [packed]
}
