import { type BlockRange, mergeRanges, subtractRanges } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { type AnySource, firstStart } from './source.ts'

export type PlanInput = {
  /** What the operator named; undefined: from the first source's start to the head. */
  readonly ranges?: readonly BlockRange[]
  /** Nothing above this block. */
  readonly to?: number
  readonly head: number
  readonly sources: readonly AnySource[]
  /** What is indexed already. */
  readonly coverage: readonly BlockRange[]
  /** The block that the history stands at, which may have none yet; undefined before its beginning. */
  readonly stand?: number
}

/**
 * The blocks to index, ascending. History is an ordered fold, so it only grows at its end.
 *
 * @throws AppError `invalid` for a range that is inverted, beyond the head or unknown, `conflict` for one that lies
 * before what is already indexed
 */
export function planRanges(input: PlanInput): BlockRange[] {
  const wanted = input.ranges ?? [wholeRange(input)]
  for (const range of wanted) refuseRange(range, input.head)
  const { to } = input
  const first = Math.min(...wanted.map((range) => range.from))
  if (to !== undefined && (to < first || to > input.head))
    throw new AppError(
      'invalid',
      `to: block ${to} is not between the first block to index, ${first}, and the head, ${input.head}`,
      { details: { field: 'to', first, head: input.head } },
    )
  const clipped = wanted
    .filter((range) => to === undefined || range.from <= to)
    .map((range) => ({ from: range.from, to: Math.min(range.to, to ?? range.to) }))
  const missing = subtractRanges(clipped, input.coverage)
  const end = mergeRanges(input.coverage).at(-1)?.to ?? input.stand
  if (end === undefined) return missing
  const early = missing.find((range) => range.from <= end)
  if (early)
    throw new AppError(
      'conflict',
      `ranges: blocks ${early.from}-${Math.min(early.to, end)} do not lie behind block ${end}, ` +
        `${input.coverage.length > 0 ? 'up to which this store is indexed' : 'behind which this store begins'}, and an ` +
        'ordered history only grows at its end; index all ranges into a fresh store in one go',
      { details: { field: 'ranges', from: early.from, indexedTo: end } },
    )
  return missing
}

/**
 * Blocks that stay out for good when these are indexed: those before them, from the first source's start or the end of
 * what is there, that are not among them.
 */
export function holesLeftBy(
  { sources, coverage, stand }: PlanInput,
  missing: readonly BlockRange[],
): BlockRange[] {
  const first = missing[0]
  const last = missing.at(-1)
  if (!first || !last) return []
  const end = mergeRanges(coverage).at(-1)?.to ?? stand
  const from = end === undefined ? Math.min(first.from, firstStart(sources) ?? first.from) : end + 1
  return subtractRanges([{ from, to: last.to }], missing)
}

function wholeRange({ sources, head }: PlanInput): BlockRange {
  const from = firstStart(sources)
  if (from === undefined)
    throw new AppError(
      'invalid',
      'sources: none has a startBlock, so there is no block to begin at; add one, or name --ranges',
      { details: { field: 'sources' } },
    )
  if (from > head)
    throw new AppError(
      'invalid',
      `sources: the first startBlock is ${from}, beyond the head of the chain, block ${head}`,
      { details: { field: 'sources', head } },
    )
  return { from, to: head }
}

function refuseRange(range: BlockRange, head: number): void {
  const text = `${range.from}-${range.to}`
  if (range.from > range.to)
    throw new AppError('invalid', `ranges: ${text} is inverted; write ${range.to}-${range.from}`, {
      details: { field: 'ranges' },
    })
  if (range.to > head)
    throw new AppError(
      'invalid',
      `ranges: ${text} reaches beyond the head of the chain, block ${head}; end it there or wait`,
      { details: { field: 'ranges', head } },
    )
}
