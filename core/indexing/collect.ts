import { type BlockRange, countBlocks, mergeRanges, subtractRanges } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import { createAdmission } from './admission.ts'
import { refuseOtherChain } from './backfill.ts'
import type { Catalogue } from './catalogue.ts'
import { unknownChunkSize } from './chunk-plan.ts'
import { followCreated } from './discover-contracts.ts'
import type { FetchPorts } from './fetch-proven.ts'
import { planRanges } from './plan-ranges.ts'
import { filterOf } from './raw/log-scope.ts'
import type { RawLayer } from './raw/obtain-blocks.ts'
import { refuseOtherRaw } from './raw/refuse-other-raw.ts'
import type { RawBlock } from './raw/segment.ts'
import { type ProofSetting, readChunks, readingOf } from './read-chunks.ts'
import { type AnySource, firstStart } from './source.ts'

export type CollectPorts = FetchPorts & { readonly raw: RawLayer; readonly catalogue: Catalogue }

/** What is collected, and how it is proven. */
export type CollectSetting = ProofSetting & { readonly sources: readonly AnySource[] }

export type CollectInput = CollectSetting & {
  readonly ranges?: readonly BlockRange[]
  readonly to?: number
}

export type CollectProgress = {
  /** Blocks looked at so far, of how many; some of them may have been kept before. */
  readonly done: number
  readonly total: number
  readonly logs: number
  readonly number: number
}

/** Blocks of factories' logs that are asked for at once, to learn of contracts that earlier blocks created. */
const EARLIER_BLOCKS = 10_000
const EARLIER_CONCURRENCY = 4

/** Collects ranges, one after the other or several at once. */
export type Collector = {
  /** What may be collected now: nothing above this block is final. */
  readonly finalized: number
  /** The newest block of the chain. */
  readonly latest: number
  /** The blocks of these ranges that may be collected. */
  plan(input: Pick<CollectInput, 'ranges' | 'to'>): BlockRange[]
  /**
   * Proven blocks of a range, kept by the time that they are given.
   *
   * @throws AppError `unavailable` where no provider gives provable answers, or the range is not final
   */
  collect(range: BlockRange, cancel: Cancel): AsyncGenerator<readonly RawBlock[]>
}

/**
 * Fetches, proves and keeps the logs of final blocks, and makes no history of them: any ranges, in any order, by any
 * number of processes at once. What is kept already is not asked for again.
 *
 * Contracts that blocks before a range created are asked for by the logs of their factories. Should a node leave one
 * out, the run that makes the history finds it, and fetches what is missing of it.
 *
 * @throws AppError `invalid` where the node serves another chain, `unavailable` where other logs are kept
 */
export async function openCollector(
  ports: CollectPorts,
  input: CollectSetting,
): Promise<Collector> {
  const { chainId, sources } = input
  await refuseOtherChain(ports.source, chainId)
  const { finalized, latest } = await ports.source.head()
  await refuseOtherRaw(ports.raw, ports.source, chainId, finalized)
  const admission = createAdmission(ports.catalogue, sources)
  // Ranges are shorter than what it takes to learn how long chunks should be.
  const chunkSize = unknownChunkSize()
  const reading = { ...readingOf(ports, input, admission, finalized), chunkSize }
  const start = firstStart(sources)
  /** Blocks whose factories' logs were looked through. */
  let seen: readonly BlockRange[] = []
  /** Blocks that were last looked through ahead of what was needed. */
  let ahead = 0
  let learning: Promise<void> = Promise.resolve()

  /** One after the other: what one learns, the next need not ask for. */
  function learnBefore(range: BlockRange): Promise<void> {
    learning = learning.catch(() => undefined).then(() => learn(range))
    return learning
  }

  async function learn({ from, to }: BlockRange): Promise<void> {
    const factories = admission.factoryScope()
    const before = { from: Math.min(start ?? from, from), to: from - 1 }
    if (!factories || before.from > before.to) return
    if (subtractRanges([before], seen).length === 0) return
    // Where others collect the ranges between, what comes next will be needed soon: more of it the longer that goes on.
    ahead = Math.min(Math.max(ahead * 2, to - from + 1), EARLIER_BLOCKS)
    const wanted = {
      ...before,
      to: Math.max(before.to, Math.min(before.to + ahead, finalized.number)),
    }
    const unseen = subtractRanges([wanted], seen)
    const parts = unseen.flatMap((each) =>
      Array.from({ length: Math.ceil((each.to - each.from + 1) / EARLIER_BLOCKS) }, (_, index) => ({
        from: each.from + index * EARLIER_BLOCKS,
        to: Math.min(each.from + (index + 1) * EARLIER_BLOCKS - 1, each.to),
      })),
    )
    await mapConcurrent(parts, EARLIER_CONCURRENCY, async (part) => {
      const { value } = await ports.source.logs(part, filterOf(factories))
      followCreated(admission, value)
    })
    seen = mergeRanges([...seen, ...unseen])
  }

  return {
    finalized: finalized.number,
    latest: latest.number,
    plan(wanted) {
      const planned = planRanges({ head: latest.number, sources, coverage: [], ...wanted })
      // What a reorganisation may take back is not kept.
      return subtractRanges(planned, [{ from: finalized.number + 1, to: latest.number }])
    },
    async *collect(range, cancel) {
      await learnBefore(range)
      for await (const blocks of readChunks(reading, [range])) {
        for (const block of blocks) followCreated(admission, block.logs)
        yield blocks
        if (cancel.aborted) return
      }
      seen = mergeRanges([...seen, range])
    },
  }
}

/**
 * Collects ranges in order; see `openCollector`.
 *
 * @returns generator of progress, one a chunk
 * @throws AppError as `openCollector`, and `invalid` for ranges that cannot be
 */
export async function* collect(
  ports: CollectPorts,
  input: CollectInput,
  cancel: Cancel,
): AsyncGenerator<CollectProgress, Pick<CollectProgress, 'done' | 'logs'>> {
  const collector = await openCollector(ports, input)
  const ranges = collector.plan({
    ...(input.ranges && { ranges: input.ranges }),
    ...(input.to !== undefined && { to: input.to }),
  })
  const total = countBlocks(ranges)
  let [done, logs] = [0, 0]
  for (const range of ranges)
    for await (const blocks of collector.collect(range, cancel)) {
      done += blocks.length
      logs += blocks.reduce((sum, block) => sum + block.logs.length, 0)
      yield { done, total, logs, number: (blocks.at(-1) as RawBlock).header.number }
      if (cancel.aborted) return { done, logs }
    }
  return { done, logs }
}
