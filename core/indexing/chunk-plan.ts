import type { BlockRange } from '#core/chain.ts'
import { SEGMENT_BLOCKS_MAX } from './raw/segment.ts'

/** What one request for logs aims at. */
const CHUNK_LOGS = 4_000
const CHUNK_BLOCKS_MIN = 1
const CHUNK_BLOCKS_MAX = SEGMENT_BLOCKS_MAX
const CHUNK_BLOCKS_START = 16

/** Ranges cut into chunks, in order; how long a chunk is follows how many logs were found so far. */
export type ChunkPlan = {
  /** Where the next chunk begins; undefined behind the last range. */
  start(): number | undefined
  /**
   * @param end where it ends, unless its range ends before; left out: as many logs as one request aims at
   * @param atMost where it ends at the latest
   */
  next(end?: number, atMost?: number): BlockRange | undefined
  /** How many logs a chunk of this length had. */
  learn(blocks: number, logs: number): void
}

/** How many blocks have about as many logs as one request aims at, as far as was seen. */
export type ChunkSize = { blocks: number }

export const unknownChunkSize = (): ChunkSize => ({ blocks: CHUNK_BLOCKS_START })

/** @param size learned by earlier plans of the same contracts; this one learns on */
export function createChunkPlan(
  ranges: readonly BlockRange[],
  size: ChunkSize = unknownChunkSize(),
): ChunkPlan {
  let index = 0
  let from = ranges[0]?.from ?? 0
  return {
    start: () => (ranges[index] ? from : undefined),
    next(end = from + size.blocks - 1, atMost = Number.MAX_SAFE_INTEGER) {
      const range = ranges[index]
      if (!range) return undefined
      const to = Math.min(end, atMost, range.to)
      const chunk = { from, to }
      if (to === range.to) {
        index++
        from = ranges[index]?.from ?? 0
      } else {
        from = to + 1
      }
      return chunk
    },
    learn(blocks, logs) {
      const ideal = Math.floor((CHUNK_LOGS * blocks) / Math.max(logs, 1))
      // A chunk that the end of a range cut short tells nothing against longer ones. And a long one tells little against
      // shorter ones: where blocks with few and with many logs are read at once, it was begun before the latter were seen.
      const most = Math.min(Math.max(blocks * 2, size.blocks), size.blocks * 2, CHUNK_BLOCKS_MAX)
      size.blocks = Math.max(CHUNK_BLOCKS_MIN, Math.min(ideal, most))
    },
  }
}
