import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { AppError, messageOf } from '#core/errors.ts'
import type { TextPacking } from '#core/indexing/raw/ports.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/**
 * Of logs, which are hashes and amounts for the most part, higher levels make no less: level 3 takes 1.5 to 2 times the time,
 * for some percent more.
 */
const LEVEL = 1

/** Bytes of output at once: with the few kilobytes of the default, half of the time goes into handing them over. */
const CHUNK_BYTES = 1 << 20

/** UTF-8 text as Zstandard (RFC 8878) with a checksum; in the thread pool. */
export const zstdText: TextPacking = {
  pack: (text) =>
    compress(text, {
      chunkSize: CHUNK_BYTES,
      params: {
        [constants.ZSTD_c_compressionLevel]: LEVEL,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    }),
  async unpack(bytes) {
    try {
      return (await decompress(bytes, { chunkSize: CHUNK_BYTES })).toString('utf8')
    } catch (error) {
      throw new AppError('unavailable', `raw: a segment is damaged (${messageOf(error)})`, {
        details: { field: 'raw', reason: 'damaged' },
        cause: error,
      })
    }
  },
}
