import type { BlockRange, BlockRef } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import type { Appended, ChainAppender, TakeOutcome } from './append-blocks.ts'
import { createConfirmFinal, type ConfirmFinal } from './confirm-final.ts'
import type { FetchProven } from './fetch-proven.ts'
import type { ProofPolicy } from './proof-policy.ts'
import type { RawBlock } from './raw/segment.ts'
import { type ChunkReading, readChunks, type ReadPorts } from './read-chunks.ts'

/** What one commit aims at: every document that changed is written once a commit. */
const COMMIT_LOGS = 20_000
const COMMIT_BLOCKS_MAX = 4_000

/** What appending ranges needs. */
export type Work = {
  readonly ports: ReadPorts
  readonly chainId: number
  readonly appender: ChainAppender
  readonly policy: ProofPolicy
  readonly fetchProven: FetchProven
} & Pick<ChunkReading, 'commits' | 'until' | 'onOpen'>

/** One commit, or why there was none. */
export type AppendOutcome =
  | { readonly status: 'appended'; readonly appended: Appended }
  | Exclude<TakeOutcome, { status: 'taken' }>

/**
 * Reads ranges ahead and appends them in order; one outcome a commit. Ends with the first that is not `appended`.
 * Final blocks that follow one another are committed together, up to a size; those that a reorg may take back one by
 * one.
 */
export async function* appendRanges(
  work: Work,
  ranges: readonly BlockRange[],
  finalized: BlockRef,
  cancel: Cancel,
): AsyncGenerator<AppendOutcome> {
  const { ports, appender } = work
  const confirmFinal = createConfirmFinal(ports.source, finalized)
  const commit = createCommit(appender, confirmFinal, finalized)
  const { admission } = appender
  const reading = { ...work, admission, finalized: finalized.number, confirmFinal }
  // One commit is under way while the next blocks are taken.
  let committing: Promise<AppendOutcome> | undefined
  let taken: BlockRef | undefined
  try {
    for await (const blocks of readChunks(reading, ranges)) {
      for (const run of runsOf(blocks, finalized.number)) {
        if (cancel.aborted) {
          if (committing) yield await committing
          // What is read and proven is kept.
          if (taken && appender.pending().blocks > 0) yield await commit(taken)
          return
        }
        const outcome = await appender.take(run)
        if (outcome.status !== 'taken') {
          if (committing) yield await committing
          yield outcome
          return
        }
        const last = (run.at(-1) as RawBlock).header
        taken = last
        if (!isDue(appender.pending(), last.number, ranges, finalized.number)) continue
        if (committing) {
          const before = await committing
          yield before
          if (before.status !== 'appended') return
        }
        committing = commit(last)
        committing.catch(() => undefined)
        if (last.number <= finalized.number) continue
        const open = await committing
        committing = undefined
        yield open
        if (open.status !== 'appended') return
      }
    }
    if (committing) yield await committing
  } finally {
    await committing?.catch(() => undefined)
  }
}

const createCommit =
  (appender: ChainAppender, confirmFinal: ConfirmFinal, finalized: BlockRef) =>
  async (last: BlockRef): Promise<AppendOutcome> => {
    const appended = appender.pending()
    const isFinal = last.number <= finalized.number
    const status = await appender.commit(isFinal ? confirmFinal(last) : finalized)
    return status === 'committed' ? { status: 'appended', appended } : { status }
  }

const isDue = (
  pending: Appended,
  last: number,
  ranges: readonly BlockRange[],
  finalized: number,
): boolean =>
  last >= finalized ||
  pending.logs >= COMMIT_LOGS ||
  pending.blocks >= COMMIT_BLOCKS_MAX ||
  ranges.some((range) => range.to === last)

/** The final blocks of a chunk as one run, each other block as one of its own. */
function runsOf(blocks: readonly RawBlock[], finalized: number): RawBlock[][] {
  const final = blocks.filter(({ header }) => header.number <= finalized)
  const open = blocks.filter(({ header }) => header.number > finalized)
  return [...(final.length > 0 ? [final] : []), ...open.map((block) => [block])]
}
