import { type BlockRange, countBlocks, subtractRanges } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { createAdmission } from './admission.ts'
import { refuseOtherChain } from './backfill.ts'
import type { Catalogue } from './catalogue.ts'
import type { Commitments } from './chain-profiles.ts'
import { createConfirmFinal } from './confirm-final.ts'
import { followCreated } from './discover-contracts.ts'
import { createFetchProven, type FetchPorts } from './fetch-proven.ts'
import { planRanges } from './plan-ranges.ts'
import { policyFor, type ProofMode } from './proof-policy.ts'
import { filterOf } from './raw/log-scope.ts'
import type { RawLayer } from './raw/obtain-blocks.ts'
import { refuseOtherRaw } from './raw/refuse-other-raw.ts'
import type { RawBlock } from './raw/segment.ts'
import { readChunks } from './read-chunks.ts'
import type { AnySource } from './source.ts'

export type CollectPorts = FetchPorts & { readonly raw: RawLayer; readonly catalogue: Catalogue }

export type CollectInput = {
  readonly chainId: number
  readonly sources: readonly AnySource[]
  readonly proof: ProofMode
  /** What the chain's headers commit to; left out: as on Ethereum. */
  readonly commits?: Commitments
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

/** How many blocks of factories' logs are asked for at once, to learn of contracts that earlier blocks created. */
const EARLIER_BLOCKS = 10_000

/**
 * Fetches, proves and keeps the logs of final blocks, and makes no history of them: any ranges, in any order, by any
 * number of processes at once. What is kept already is not asked for again.
 *
 * Contracts that blocks before a range created are asked for by the logs of their factories. Should a node leave one
 * out, the run that makes the history finds it, and fetches what is missing of it.
 *
 * @returns generator of progress, one a chunk
 * @throws AppError `invalid` for ranges that cannot be, `unavailable` where no provider gives provable answers
 */
export async function* collect(
  ports: CollectPorts,
  input: CollectInput,
  cancel: Cancel,
): AsyncGenerator<CollectProgress, Pick<CollectProgress, 'done' | 'logs'>> {
  const { chainId, sources } = input
  await refuseOtherChain(ports.source, chainId)
  const { finalized, latest } = await ports.source.head()
  await refuseOtherRaw(ports.raw, ports.source, chainId, finalized)
  const planned = planRanges({
    head: latest.number,
    sources,
    coverage: [],
    ...(input.ranges && { ranges: input.ranges }),
    ...(input.to !== undefined && { to: input.to }),
  })
  // What a reorganisation may take back is not kept.
  const ranges = subtractRanges(planned, [{ from: finalized.number + 1, to: latest.number }])
  const admission = createAdmission(ports.catalogue, sources)
  const reading = {
    ports,
    chainId,
    admission,
    fetchProven: createFetchProven(ports, input.commits),
    policy: policyFor(input.proof, finalized.number),
    finalized: finalized.number,
    confirmFinal: createConfirmFinal(ports.source, finalized),
  }
  const starts = sources.flatMap(({ startBlock }) => startBlock ?? [])
  let known = Math.min(...starts, ranges[0]?.from ?? 0)
  const total = countBlocks(ranges)
  let [done, logs] = [0, 0]
  for (const range of ranges) {
    for (; known < range.from && !cancel.aborted; known += EARLIER_BLOCKS) {
      const factories = admission.factoryScope()
      if (!factories) break
      const earlier = { from: known, to: Math.min(known + EARLIER_BLOCKS, range.from) - 1 }
      const { value } = await ports.source.logs(earlier, filterOf(factories))
      followCreated(admission, value)
    }
    known = range.to + 1
    for await (const blocks of readChunks(reading, [range])) {
      for (const block of blocks) followCreated(admission, block.logs)
      done += blocks.length
      logs += blocks.reduce((sum, block) => sum + block.logs.length, 0)
      yield { done, total, logs, number: (blocks.at(-1) as RawBlock).header.number }
      if (cancel.aborted) return { done, logs }
    }
  }
  return { done, logs }
}
