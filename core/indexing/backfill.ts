import {
  type Address,
  type BlockHeader,
  type BlockRange,
  type BlockRef,
  countBlocks,
  type Hash,
} from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { jittered } from '#core/jitter.ts'
import { AppError } from '#core/errors.ts'
import { combineDigest, emptyDigest } from '#core/history/digest.ts'
import { isEmpty } from '#core/history/head.ts'
import type { Admission } from './admission.ts'
import {
  type Appended,
  type AppendPorts,
  type ChainAppender,
  createChainAppender,
  type TakeOutcome,
} from './append-blocks.ts'
import type { Commitments } from './chain-profiles.ts'
import {
  createFetchProven,
  type FetchPorts,
  type FetchProven,
  type ProofPolicy,
  type ProvenBlock,
} from './fetch-proven.ts'
import { otherChain, standingOf } from './other-chain.ts'
import { holesLeftBy, planRanges } from './plan-ranges.ts'
import type { BlockSource, EventCounts, LogFilter, RawLog } from './ports.ts'
import type { AnySource } from './source.ts'

export type IndexPorts = AppendPorts & FetchPorts

/**
 * How hard blocks are proven. `auto`: all receipts of every block whose bloom may hold a log that is asked for.
 * `receipts`: of every block. `bloom`, for those who trust their node: below the finalized block `eth_getLogs` is
 * believed where the bloom does not contradict it.
 */
export type ProofMode = 'auto' | 'receipts' | 'bloom'

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

/** What one request for logs aims at. */
const CHUNK_LOGS = 4_000
const CHUNK_BLOCKS_MIN = 1
const CHUNK_BLOCKS_MAX = 2_000
const CHUNK_BLOCKS_START = 16
/** What one commit aims at: every document that changed is written once a commit. */
const COMMIT_LOGS = 20_000
const COMMIT_BLOCKS_MAX = 4_000
/** Chunks being fetched while another is indexed. */
const CHUNKS_AHEAD = 3
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
  const appender = createChainAppender(ports, input.chainId, input.sources)
  const sum = {
    blocks: 0,
    logs: 0,
    events: {} as Tally,
    quarantined: 0,
    quarantineReasons: {} as Tally,
  }

  for (let attempt = 0; attempt < CONFLICTS_MAX; attempt++) {
    await appender.open()
    const view = appender.view()
    if (view && (await standingOf(ports, view, chain)) === 'other-chain') throw otherChain(view)
    const stand = view?.head
    const plan = {
      head: latest.number,
      sources: input.sources,
      coverage: stand?.coverage ?? [],
      ...(stand && { stand: stand.number }),
      ...(input.ranges && { ranges: input.ranges }),
      ...(input.to !== undefined && { to: input.to }),
    }
    const missing = planRanges(plan)
    const left = countBlocks(missing)
    if (attempt === 0)
      input.onPlan?.({ blocks: left, head: latest.number, holes: holesLeftBy(plan, missing) })
    const policy = policyFor(input.proof, finalized.number)
    const total = sum.blocks + left
    const work = { ports, appender, policy, fetchProven: createFetchProven(ports, input.commits) }
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
    if (!conflict) return { ...sum, ...standing(ports, appender) }
    await ports.clock.sleep(jittered(CONFLICT_PAUSE_MS * 2 ** attempt, ports.newId), cancel)
  }
  throw new AppError(
    'conflict',
    `another writer indexes this store and was first ${CONFLICTS_MAX} times (${appender.conflict() ?? 'at the head'}); ` +
      'stop one of the two',
    { details: { reason: 'second-writer' } },
  )
}

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
      'below the finalized block, index into a fresh store',
    { details: { reason: 'detached', block: header.number } },
  )
}

/** How blocks are proven, with all up to `finalized` final. */
export function policyFor(proof: ProofMode, finalized: number): ProofPolicy {
  switch (proof) {
    case 'receipts':
      return 'every-block'
    case 'auto':
      return 'where-held'
    case 'bloom':
      return { bloomUpTo: finalized }
    default:
      return proof satisfies never
  }
}

type Tally = Record<string, number>

function tally(sum: Tally, more: Readonly<Tally>): void {
  for (const [type, count] of Object.entries(more)) sum[type] = (sum[type] ?? 0) + count
}

/** Where the history stands: its digest and its newest block. */
function standing(
  ports: Pick<IndexPorts, 'sha256'>,
  appender: ChainAppender,
): Pick<BackfillReport, 'digest' | 'watermark'> {
  const view = appender.view()
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

/** What appending ranges needs. */
export type Work = {
  readonly ports: IndexPorts
  readonly appender: ChainAppender
  readonly policy: ProofPolicy
  readonly fetchProven: FetchProven
}

/** One commit, or why there was none. */
export type AppendOutcome =
  | { readonly status: 'appended'; readonly appended: Appended }
  | Exclude<TakeOutcome, { status: 'taken' }>

/**
 * Fetches ranges ahead and appends them in order; one outcome a commit. Ends with the first that is not `appended`.
 * Final blocks that follow one another are committed together, up to a size; those that a reorg may take back one by
 * one.
 */
export async function* appendRanges(
  work: Work,
  ranges: readonly BlockRange[],
  finalized: BlockRef,
  cancel: Cancel,
): AsyncGenerator<AppendOutcome> {
  const { appender } = work
  const created: Address[] = []
  // One commit is under way while the next blocks are taken.
  let committing: Promise<AppendOutcome> | undefined
  let taken: BlockRef | undefined
  try {
    for await (const chunk of fetchAhead(work, ranges)) {
      const proven = await completed(work, chunk, created)
      for (const run of runsOf(proven, finalized.number)) {
        if (cancel.aborted) {
          if (committing) yield await committing
          // What is read and proven is kept.
          if (taken && appender.pending().blocks > 0) yield await commit(work, taken, finalized)
          return
        }
        const outcome = await appender.take(run)
        if (outcome.status !== 'taken') {
          if (committing) yield await committing
          yield outcome
          return
        }
        const last = (run.at(-1) as ProvenBlock).header
        taken = last
        if (!isDue(appender.pending(), last.number, ranges, finalized.number)) continue
        if (committing) {
          const before = await committing
          yield before
          if (before.status !== 'appended') return
        }
        committing = commit(work, last, finalized)
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

async function commit(
  { ports, appender }: Work,
  last: BlockRef,
  finalized: BlockRef,
): Promise<AppendOutcome> {
  const appended = appender.pending()
  const isFinal = last.number <= finalized.number
  const status = await appender.commit(
    isFinal ? confirmFinal(ports.source, last, finalized) : finalized,
  )
  return status === 'committed' ? { status: 'appended', appended } : { status }
}

/** @throws AppError `unavailable` where the block is not on the chain of the final one */
async function confirmFinal(
  source: BlockSource,
  { number, hash }: BlockRef,
  finalized: BlockRef,
): Promise<BlockRef> {
  if (await isAncestor(source, { number, hash }, finalized)) return { number, hash }
  throw new AppError(
    'unavailable',
    `chain.rpc: block ${number} as it was read (${hash}) is not below the final block ${finalized.number} ` +
      `(${finalized.hash}) of the chain: the endpoints are of several branches; it is tried again`,
    { details: { reason: 'other-branch', block: number } },
  )
}

/** What is final is said by one node, and blocks may come from another: only what one of them has in one line counts. */
const isAncestor = async (
  source: BlockSource,
  block: BlockRef,
  finalized: BlockRef,
): Promise<boolean> =>
  block.number === finalized.number
    ? block.hash === finalized.hash
    : source.onOneBranch([block, finalized])

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
function runsOf(blocks: readonly ProvenBlock[], finalized: number): ProvenBlock[][] {
  const final = blocks.filter(({ header }) => header.number <= finalized)
  const open = blocks.filter(({ header }) => header.number > finalized)
  return [...(final.length > 0 ? [final] : []), ...open.map((block) => [block])]
}

type Chunk = {
  readonly range: BlockRange
  readonly filter: LogFilter
  readonly blocks: readonly ProvenBlock[]
}

/** Chunks of the ranges in order, the next few being fetched while one is used. */
async function* fetchAhead(work: Work, ranges: readonly BlockRange[]): AsyncGenerator<Chunk> {
  const plan = createChunkPlan(ranges)
  const discovery = createDiscovery(work)
  const ahead: Promise<Chunk>[] = []
  for (;;) {
    while (ahead.length < CHUNKS_AHEAD) {
      const range = plan.next()
      if (!range) break
      const chunk = fetchChunk(work, discovery, range)
      // Whoever awaits it hears of its failure; if nobody does any more, nobody needs to.
      chunk.catch(() => undefined)
      ahead.push(chunk)
    }
    const first = ahead.shift()
    if (!first) return
    const chunk = await first
    plan.learn(
      chunk.blocks.length,
      chunk.blocks.reduce((sum, { logs }) => sum + logs.length, 0),
    )
    yield chunk
  }
}

async function fetchChunk(work: Work, discovery: Discovery, range: BlockRange): Promise<Chunk> {
  const filter = await discovery.filterFor(range)
  return { range, filter, blocks: await work.fetchProven(range, filter, work.policy) }
}

/**
 * A chunk was asked for with the pools known at that time. Where its own proven blocks, or those before, created a
 * pool that was not asked for, it is fetched again with it: a pool may trade in the block that creates it.
 *
 * @param created the pools that the blocks so far have created; this chunk's are added
 */
async function completed(
  work: Work,
  chunk: Chunk,
  created: Address[],
): Promise<readonly ProvenBlock[]> {
  let { filter, blocks } = chunk
  for (;;) {
    created.push(...createdIn(work, blocks))
    const { addresses } = filter
    if (!addresses) return blocks
    const asked = new Set(addresses)
    const current = work.appender.admission.filter([...asked, ...created])
    if (current.addresses?.every((address) => asked.has(address))) return blocks
    filter = current
    // oxlint-disable-next-line no-await-in-loop -- every pass may reveal another pool; most need none
    blocks = await work.fetchProven(chunk.range, filter, work.policy)
  }
}

function createdIn({ appender }: Work, blocks: readonly ProvenBlock[]): Address[] {
  const { admission } = appender
  const factories = new Set(admission.factoryFilter()?.addresses)
  if (factories.size === 0) return []
  return blocks.flatMap(({ logs }) =>
    logs.filter((log) => factories.has(log.address)).flatMap((log) => childIn(admission, log)),
  )
}

/** The contract that this log brings into being, if it does. */
function childIn(admission: Admission, log: RawLog): Address[] {
  const admitted = admission.admit(log)
  return admitted.status === 'event' && admitted.child ? [admitted.child.address] : []
}

type Discovery = { filterFor(range: BlockRange): Promise<LogFilter> }

/**
 * The filter for a chunk, with the pools that factories create up to its end. Creations are few, so they are asked for
 * first, ahead of the rest; what this first answer leaves out, `completed` finds.
 */
function createDiscovery({ ports, appender }: Work): Discovery {
  const discovered: Address[] = []
  let before: Promise<unknown> = Promise.resolve()
  return {
    async filterFor(range) {
      const { admission } = appender
      const asked = admission.factoryFilter()
      if (!asked || !admission.filter(discovered).addresses) return admission.filter(discovered)
      const answer = ports.source.logs(range, asked)
      // It may fail before its turn comes; the turn hears of it.
      answer.catch(() => undefined)
      const turn = before.then(async () => {
        for (const log of (await answer).value) discovered.push(...childIn(admission, log))
        return admission.filter(discovered)
      })
      before = turn
      turn.catch(() => undefined)
      return turn
    },
  }
}

/** Cuts ranges into chunks whose size follows the density of logs that was seen. */
function createChunkPlan(ranges: readonly BlockRange[]) {
  let index = 0
  let from = ranges[0]?.from ?? 0
  let size = CHUNK_BLOCKS_START
  return {
    next(): BlockRange | undefined {
      const range = ranges[index]
      if (!range) return undefined
      const to = Math.min(from + size - 1, range.to)
      const chunk = { from, to }
      if (to === range.to) {
        index++
        from = ranges[index]?.from ?? 0
      } else {
        from = to + 1
      }
      return chunk
    },
    learn(blocks: number, logs: number): void {
      const ideal = Math.floor((CHUNK_LOGS * blocks) / Math.max(logs, 1))
      size = Math.max(CHUNK_BLOCKS_MIN, Math.min(ideal, blocks * 2, CHUNK_BLOCKS_MAX))
    },
  }
}
