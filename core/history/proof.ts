import { type BlockRange, subtractRanges } from '#core/chain.ts'

/**
 * What stands for the logs of a block, weakest first. A level is a promise of at least so much:
 *
 * - `unverified`: the nodes' word for the header too, since its fields cannot be hashed here to its name; or it was not
 *   recorded how the block was proven.
 * - `linked`: the header hashes to its name and follows its parent; its logs, or a part of the block that no root
 *   covers, are on the nodes' word.
 * - `bloom`: the answer to `eth_getLogs` agrees with the bloom of such a header.
 * - `receipts`: complete and unaltered. All receipts of the block hash to the root of such a header, or the header's
 *   bloom rules out every log that was asked for.
 */
export const PROOF_LEVELS = ['unverified', 'linked', 'bloom', 'receipts'] as const

export type ProofLevel = (typeof PROOF_LEVELS)[number]

/** Blocks each of which has at least this level. */
export type ProvenRange = BlockRange & { readonly level: ProofLevel }

/** A head has no more of them, unless what it covers is in more pieces: each of its entries carries all. */
export const PROOF_RANGES_MAX = 32

const rankOf = (level: ProofLevel): number => PROOF_LEVELS.indexOf(level)

export const isWeaker = (level: ProofLevel, than: ProofLevel): boolean =>
  rankOf(level) < rankOf(than)

export const weakerOf = (one: ProofLevel, other: ProofLevel): ProofLevel =>
  isWeaker(other, one) ? other : one

/** The weakest level of all; undefined where there is none. */
export const weakestOf = (
  proofs: readonly { readonly level: ProofLevel }[],
): ProofLevel | undefined =>
  PROOF_LEVELS.find((level) => proofs.some((proof) => proof.level === level))

/**
 * Ranges of which the later ones replace what was known of their blocks: sorted, apart from one another, and no more
 * than `PROOF_RANGES_MAX` where they touch. Beyond that, short ranges take the weaker level of a neighbour.
 */
export function overlayProof(
  known: readonly ProvenRange[],
  more: readonly ProvenRange[],
): ProvenRange[] {
  const kept = known.flatMap(({ from, to, level }) =>
    subtractRanges([{ from, to }], more).map((range) => ({ ...range, level })),
  )
  return bounded(joined([...kept, ...more].toSorted((a, b) => a.from - b.from)))
}

/** What was known when a history ended at this block. */
export const proofTo = (proof: readonly ProvenRange[], number: number): ProvenRange[] =>
  proof
    .filter(({ from }) => from <= number)
    .map(({ from, to, level }) => ({ from, to: Math.min(to, number), level }))

/** Of a history that does not say how it was proven. */
export const unrecordedProof = (coverage: readonly BlockRange[]): ProvenRange[] =>
  coverage.map(({ from, to }) => ({ from, to, level: 'unverified' }))

/** Consecutive blocks as ranges of one level. */
export const proofOf = (
  blocks: readonly { readonly number: number; readonly level: ProofLevel }[],
): ProvenRange[] => joined(blocks.map(({ number, level }) => ({ from: number, to: number, level })))

/** How many blocks have each level. */
export function countLevels(proof: readonly ProvenRange[]): Readonly<Record<ProofLevel, number>> {
  const counts = { unverified: 0, linked: 0, bloom: 0, receipts: 0 }
  for (const { from, to, level } of proof) counts[level] += to - from + 1
  return counts
}

const touch = (one: BlockRange | undefined, next: BlockRange | undefined): boolean =>
  one !== undefined && next !== undefined && one.to + 1 === next.from

/** @param sorted apart from one another */
function joined(sorted: readonly ProvenRange[]): ProvenRange[] {
  const ranges: ProvenRange[] = []
  for (const range of sorted) {
    const last = ranges.at(-1)
    if (last && touch(last, range) && last.level === range.level)
      ranges[ranges.length - 1] = { ...last, to: range.to }
    else ranges.push(range)
  }
  return ranges
}

function bounded(ranges: ProvenRange[]): ProvenRange[] {
  let left = ranges
  const whole = (ranges.at(-1)?.to ?? 0) - (ranges[0]?.from ?? 0) + 1
  for (let shortest = 2; left.length > PROOF_RANGES_MAX; shortest *= 2) {
    left = joined(
      left.map((range, index) => weakened(range, left[index - 1], left[index + 1], shortest)),
    )
    // Each that is left has no weaker neighbour: ranges that touch are one by now.
    if (shortest > 2 * whole) return left
  }
  return left
}

/** A range that is shorter than so many blocks at the level of a weaker neighbour. */
function weakened(
  range: ProvenRange,
  before: ProvenRange | undefined,
  after: ProvenRange | undefined,
  shortest: number,
): ProvenRange {
  if (range.to - range.from + 1 >= shortest) return range
  const near = [
    range,
    ...(touch(before, range) ? [before] : []),
    ...(touch(range, after) ? [after] : []),
  ]
  return { ...range, level: weakestOf(near as ProvenRange[]) as ProofLevel }
}
