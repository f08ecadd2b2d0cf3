import type { BlockRange } from '#core/chain.ts'
import type { SegmentBody, SegmentHead } from './segment.ts'

/**
 * Proven logs as they were received, kept so that everything else can be made of them without a node. Segments are
 * immutable; any number of processes put them, in any order, and several may hold the same blocks.
 */
export type RawStore = {
  /** Inserts a segment unless it is there. */
  put(chainId: number, head: SegmentHead, body: Uint8Array): Promise<void>
  /** Those that have a block of the range, by first block. */
  list(chainId: number, range: BlockRange): Promise<SegmentHead[]>
  /** @throws AppError `unavailable` where it is not there any more */
  body(chainId: number, head: SegmentHead): Promise<Uint8Array>
  remove(chainId: number, head: SegmentHead): Promise<void>
}

/** Makes segments small, and back. */
export type SegmentPacking = {
  pack(body: SegmentBody): Promise<Uint8Array>
  /** @throws AppError `unavailable` where what is packed is damaged */
  unpack(packed: Uint8Array): Promise<SegmentBody>
}
