import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { AppError, messageOf } from '#core/errors.ts'
import type { TextPacking } from '#core/indexing/raw/ports.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Higher levels take twice the time for some percent: most of what a log holds is hashes and amounts. */
const LEVEL = 3

/** UTF-8 text as Zstandard (RFC 8878) with a checksum; in the thread pool. */
export const zstdText: TextPacking = {
  pack: (text) =>
    compress(text, {
      params: {
        [constants.ZSTD_c_compressionLevel]: LEVEL,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    }),
  async unpack(bytes) {
    try {
      return (await decompress(bytes)).toString('utf8')
    } catch (error) {
      throw new AppError('unavailable', `raw: a segment is damaged (${messageOf(error)})`, {
        details: { field: 'raw', reason: 'damaged' },
        cause: error,
      })
    }
  },
}
