import { BSON, type Document } from 'mongodb'

/** Documents that one command writes. */
const WRITE_DOCUMENTS_MAX = 2_000
/**
 * Encoded bytes of the documents that one command writes: half of what the driver sends at once, so that a batch is one
 * command, and what a commit of any size takes of memory at a time. A message has 48 MB at most, a document 16.
 */
export const WRITE_BYTES_MAX = 8 * 1024 * 1024

/** Parts of a list, in order, of at most `size` items each: what one command to the server carries. */
export function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}

/**
 * What is written as parts, in order, each for one command: cut where the next one would make a part too large or too
 * long. One that is larger by itself is a part of its own. They are asked for one by one, so that those of a part that
 * is not asked for yet take no memory.
 *
 * @param documentOf what of it is encoded; null where nothing is
 */
export function* writesOf<W>(
  writes: Iterable<W>,
  documentOf: (write: W) => Document | null,
): Generator<readonly W[]> {
  let batch: W[] = []
  let bytes = 0
  for (const write of writes) {
    const document = documentOf(write)
    const size = document ? BSON.calculateObjectSize(document) : 0
    if (
      batch.length === WRITE_DOCUMENTS_MAX ||
      (batch.length > 0 && bytes + size > WRITE_BYTES_MAX)
    ) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(write)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
