import { type BlockRange, countBlocks, intersectRanges } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import type { View } from '#core/history/head.ts'
import { type ProofLevel, weakerOf } from '#core/history/proof.ts'
import type { Auditor, Mismatch } from './audit-blocks.ts'
import { finalBlocks, sampleBlock } from './sample-block.ts'
import type { VerifyProgress } from './verify-store.ts'

export type VerifyBlocksInput = {
  /** Left out: every final block of the history. */
  readonly ranges?: readonly BlockRange[]
  /** So many of these blocks, chosen at random; left out: all of them. */
  readonly sample?: number
  /** From 0 up to 1, which is left out. */
  readonly random: () => number
}

export type VerifiedBlocks = {
  readonly blocks: number
  readonly rows: number
  /** The weakest level that the chain's side was proven at; null where no block was looked at. */
  readonly level: ProofLevel | null
  /** The first of them, by block. */
  readonly mismatches: readonly Mismatch[]
  /** How many there are in all. */
  readonly mismatchCount: number
}

/** Blocks that are proven at a time. */
const BLOCKS = 64
/** More are counted, and not kept: a store of another chain differs in everything. */
const MISMATCHES_MAX = 1_000

/**
 * Proves final blocks of a history anew, and compares what is stored of them with the chain.
 *
 * @returns generator of progress; its value is what was found
 * @throws AppError as `Auditor.audit`
 */
export async function* verifyBlocks(
  auditor: Auditor,
  view: View,
  input: VerifyBlocksInput,
  cancel: Cancel,
): AsyncGenerator<VerifyProgress, VerifiedBlocks> {
  const chosen = chosenBlocks(view, input)
  const total = countBlocks(chosen)
  let [blocks, rows, mismatchCount] = [0, 0, 0]
  let level: ProofLevel | null = null
  const mismatches: Mismatch[] = []
  for (const range of chosen)
    for (let from = range.from; from <= range.to; from += BLOCKS) {
      if (cancel.aborted) return { blocks, rows, level, mismatches, mismatchCount }
      const to = Math.min(range.to, from + BLOCKS - 1)
      const audited = await auditor.audit(view, { from, to })
      blocks += audited.blocks
      rows += audited.rows
      level = level === null ? audited.level : weakerOf(level, audited.level)
      mismatchCount += audited.mismatches.length
      mismatches.push(...audited.mismatches.slice(0, MISMATCHES_MAX - mismatches.length))
      yield { done: blocks, total, number: to }
    }
  return { blocks, rows, level, mismatches, mismatchCount }
}

/** Ascending, apart from one another. */
function chosenBlocks(view: View, { ranges, sample, random }: VerifyBlocksInput): BlockRange[] {
  const final = finalBlocks(view)
  const within = ranges ? intersectRanges(final, ranges) : final
  if (sample === undefined || sample >= countBlocks(within)) return within
  const numbers = new Set<number>()
  while (numbers.size < sample) numbers.add(sampleBlock(within, random()) as number)
  return [...numbers].toSorted((a, b) => a - b).map((number) => ({ from: number, to: number }))
}
