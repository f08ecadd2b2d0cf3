import { type BlockHeader, type BlockRange, countBlocks, type Hash } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { jittered } from '#core/jitter.ts'
import { AppError } from '#core/errors.ts'
import { combineDigest, emptyDigest } from '#core/history/digest.ts'
import { isEmpty, type View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { type AppendPorts, type ChainAppender, createChainAppender } from './append-blocks.ts'
import { appendRanges } from './append-ranges.ts'
import type { Commitments } from './chain-profiles.ts'
import { createFetchProven, type FetchPorts } from './fetch-proven.ts'
import { otherChain, standingOf } from './other-chain.ts'
import { holesLeftBy, type PlanInput, planRanges } from './plan-ranges.ts'
import type { BlockSource, EventCounts } from './ports.ts'
import { policyFor, type ProofMode } from './proof-policy.ts'
import { refuseOtherRaw } from './raw/refuse-other-raw.ts'
import type { ReadPorts } from './read-chunks.ts'
import type { AnySource } from './source.ts'

export type IndexPorts = AppendPorts & FetchPorts & ReadPorts

export type BackfillInput = {
  readonly chainId: number
  readonly sources: readonly AnySource[]
  readonly proof: ProofMode
  /** What the chain's headers commit to; left out: as on Ethereum. */
  readonly commits?: Commitments
  readonly ranges?: readonly BlockRange[]
  readonly to?: number
  /** Told once, before anything is written. */
  readonly onPlan?: (plan: BackfillPlan) => void
  /** Told which blocks are about to be read, before the first of them is. */
  readonly planned?: (missing: readonly BlockRange[]) => Promise<void>
  /** See `ChunkReading`. */
  readonly until?: (number: number) => Promise<number>
}

/** What a run is about to do. */
export type BackfillPlan = {
  readonly blocks: number
  /** The newest block of the chain. */
  readonly head: number
  /** Blocks that this run leaves out and no later one can add. */
  readonly holes: readonly BlockRange[]
}

export type Progress = {
  /** Blocks indexed so far, of how many. */
  readonly done: number
  readonly total: number
  readonly logs: number
  /** The newest block committed. */
  readonly number: number
}

export type BackfillReport = {
  readonly blocks: number
  readonly logs: number
  readonly events: EventCounts
  /** Logs of the sources that do not decode, and how many for each contract and reason. */
  readonly quarantined: number
  readonly quarantineReasons: EventCounts
  readonly digest: Hash
  /** The newest block of the history; null where nothing was ever indexed. */
  readonly watermark: { readonly number: number; readonly hash: Hash } | null
}

/** A conflict means that another writer is at work; losing this often in a row means that it does all of it. */
const CONFLICTS_MAX = 5
/** The pause after a conflict, which doubles: the other one gets ahead, or goes away. */
const CONFLICT_PAUSE_MS = 100

/**
 * Indexes ranges of blocks: plans what is missing, fetches and proves ahead in parallel, appends in order. Stopping
 * it, or killing it, leaves a history that the next run continues; running it again changes nothing.
 *
 * @returns generator of progress, one a commit; its value is the report
 * @throws AppError `invalid` for ranges that cannot be, `conflict` where another history is in the way, `unavailable`
 * where no provider gives provable answers
 */
export async function* backfill(
  ports: IndexPorts,
  input: BackfillInput,
  cancel: Cancel,
): AsyncGenerator<Progress, BackfillReport> {
  await refuseOtherChain(ports.source, input.chainId)
  const chain = await ports.source.head()
  const { latest, finalized } = chain
  if (ports.raw) await refuseOtherRaw(ports.raw, ports.source, input.chainId, finalized)
  const appender = createChainAppender(ports, input.chainId, input.sources)
  const sum = nothing()

  for (let attempt = 0; attempt < CONFLICTS_MAX; attempt++) {
    await appender.open()
    const view = appender.view()
    if (view && (await standingOf(ports, view, chain)) === 'other-chain') throw otherChain(view)
    const plan = planInput(input, latest.number, view)
    const missing = planRanges(plan)
    const left = countBlocks(missing)
    if (attempt === 0)
      input.onPlan?.({ blocks: left, head: latest.number, holes: holesLeftBy(plan, missing) })
    await input.planned?.(missing)
    const policy = policyFor(input.proof, finalized.number)
    const total = sum.blocks + left
    const fetchProven = createFetchProven(ports, input.commits)
    const { chainId, commits, until } = input
    const work = { ports, chainId, appender, policy, commits, fetchProven, ...(until && { until }) }
    let conflict = false
    for await (const outcome of appendRanges(work, missing, finalized, cancel)) {
      if (outcome.status === 'detached') throw detached(outcome.header, appender)
      if (outcome.status === 'conflict') {
        conflict = true
        break
      }
      const { appended } = outcome
      sum.blocks += appended.blocks
      sum.logs += appended.logs
      sum.quarantined += appended.quarantined
      tally(sum.events, appended.events)
      tally(sum.quarantineReasons, appended.quarantineReasons)
      const number = appender.view()?.head.number ?? -1
      yield { done: sum.blocks, total, logs: sum.logs, number }
    }
    if (!conflict) {
      await appender.tidied()
      return { ...sum, ...standing(ports, appender.view()) }
    }
    await ports.clock.sleep(jittered(CONFLICT_PAUSE_MS * 2 ** attempt, ports.newId), cancel)
  }
  throw new AppError(
    'conflict',
    `another writer indexes this store and was first ${CONFLICTS_MAX} times (${appender.conflict() ?? 'at the head'}); ` +
      'stop one of the two',
    { details: { reason: 'second-writer' } },
  )
}

const planInput = (
  { sources, ranges, to }: Pick<BackfillInput, 'sources' | 'ranges' | 'to'>,
  latest: number,
  view: View | undefined,
): PlanInput => ({
  head: latest,
  sources,
  coverage: view?.head.coverage ?? [],
  ...(view && { stand: view.head.number }),
  ...(ranges && { ranges }),
  ...(to !== undefined && { to }),
})

/** Whether a history has all that is to be indexed, as far as the chain went at `latest`. */
export const isWhole = (input: BackfillInput, latest: number, view: View | undefined): boolean =>
  planRanges(planInput(input, latest, view)).length === 0

function detached(header: BlockHeader, appender: ChainAppender): AppError {
  const head = appender.view()?.head
  if (head?.number !== header.number - 1)
    return new AppError(
      'unavailable',
      `block ${header.number} of the chain does not follow the block ${header.number - 1} that was read just before: the ` +
        'chain was reorganised meanwhile, or the endpoints of chain.rpc are of several branches; run it again',
      { details: { reason: 'detached', block: header.number } },
    )
  return new AppError(
    'conflict',
    `block ${header.number} of the chain does not follow the stored block ${head.number} (${head.hash}) but ` +
      `${header.parentHash}: the chain was reorganised. The indexer, which follows the head, takes such blocks back; ` +
      'below the finalized block, `halyard reindex --new-branch` does',
    { details: { reason: 'detached', block: header.number } },
  )
}

type Tally = Record<string, number>

function tally(sum: Tally, more: Readonly<Tally>): void {
  for (const [type, count] of Object.entries(more)) sum[type] = (sum[type] ?? 0) + count
}

const nothing = () => ({
  blocks: 0,
  logs: 0,
  events: {} as Tally,
  quarantined: 0,
  quarantineReasons: {} as Tally,
})

/** The report of a run that brought nothing into the history. */
export const nothingDone = async (
  ports: Pick<IndexPorts, 'sha256' | 'heads'>,
  chainId: number,
): Promise<BackfillReport> => ({
  ...nothing(),
  ...standing(ports, await createViews(ports.heads, chainId).current()),
})

/** Where the history stands: its digest and its newest block. */
function standing(
  ports: Pick<IndexPorts, 'sha256'>,
  view: View | undefined,
): Pick<BackfillReport, 'digest' | 'watermark'> {
  if (!view || isEmpty(view))
    return { digest: combineDigest(ports.sha256, emptyDigest), watermark: null }
  const { digest, number, hash } = view.head
  return { digest: combineDigest(ports.sha256, digest), watermark: { number, hash } }
}

/** @throws AppError `invalid` where the endpoints serve another chain than the configuration says */
export async function refuseOtherChain(source: BlockSource, chainId: number): Promise<void> {
  const actual = await source.chainId()
  if (actual !== chainId)
    throw new AppError(
      'invalid',
      `chain.id: the configuration says ${chainId}, but chain.rpc serves chain ${actual}; correct one of them`,
      { details: { field: 'chain.id', configured: chainId, actual } },
    )
}
