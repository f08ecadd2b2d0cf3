import type { BlockRange } from '#core/chain.ts'

/**
 * The whole work ranges within ranges of blocks. They begin at multiples of their size, so that all processes cut alike;
 * what is left at the edges is no work for others.
 *
 * @param size blocks of a work range
 */
export function workRangesIn(ranges: readonly BlockRange[], size: number): BlockRange[] {
  return ranges.flatMap(({ from, to }) => {
    const first = Math.ceil(from / size) * size
    const count = Math.max(0, Math.floor((to + 1 - first) / size))
    return Array.from({ length: count }, (_, index) => ({
      from: first + index * size,
      to: first + (index + 1) * size - 1,
    }))
  })
}
