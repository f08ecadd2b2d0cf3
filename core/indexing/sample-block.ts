import { type BlockRange, countBlocks } from '#core/chain.ts'
import { coverageTo, type View } from '#core/history/head.ts'

/** The final blocks of a history. */
export const finalBlocks = ({ head }: View): BlockRange[] =>
  coverageTo(head, Math.min(head.finalized.number, head.number))

/**
 * A block of these ranges, each with the same chance; undefined where there is none.
 *
 * @param share from 0 up to 1, which is left out
 */
export function sampleBlock(ranges: readonly BlockRange[], share: number): number | undefined {
  let place = Math.floor(share * countBlocks(ranges))
  for (const { from, to } of ranges) {
    const size = to - from + 1
    if (place < size) return from + place
    place -= size
  }
  return undefined
}
