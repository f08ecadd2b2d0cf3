import type { HeadEntry } from './head.ts'

/** The newest indexed block that is final; null where none is. */
export function finalBlockOf({
  finalized,
  number,
  coverage,
}: Pick<HeadEntry, 'finalized' | 'number' | 'coverage'>): number | null {
  const newest = Math.min(finalized.number, number)
  const first = coverage[0]
  return first && newest >= first.from ? newest : null
}
