import type { BlockRef } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { jittered } from '#core/jitter.ts'
import { AppError, hasReason, isAppError, messageOf } from '#core/errors.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { Waypoint } from '#core/history/window.ts'
import { type ChainAppender, createChainAppender } from './append-blocks.ts'
import { appendRanges, type Work } from './append-ranges.ts'
import { type IndexPorts, refuseOtherChain } from './backfill.ts'
import type { Commitments } from './chain-profiles.ts'
import { createFetchProven } from './fetch-proven.ts'
import { otherChain, standingOf } from './other-chain.ts'
import type { ChainHead, NewHeads } from './ports.ts'
import { policyFor, type ProofMode } from './proof-policy.ts'
import { createFollowedKeeper } from './raw/keep-followed.ts'
import { refuseOtherRaw } from './raw/refuse-other-raw.ts'
import { type AnySource, firstStart } from './source.ts'

export type FollowInput = {
  readonly chainId: number
  readonly sources: readonly AnySource[]
  readonly proof: ProofMode
  /** What the chain's headers commit to; left out: as on Ethereum. */
  readonly commits?: Commitments
  /** How often to look for a new block, milliseconds. */
  readonly pollMs: number
}

export type FollowPorts = IndexPorts & {
  /** Ends the wait for the next poll where a block is told of; left out, blocks are only polled. */
  readonly newHeads?: NewHeads | undefined
}

/** What a follower tells, as it happens. */
export type FollowEvent =
  | {
      readonly status: 'appended'
      readonly head: BlockRef & { readonly timestamp: number }
      readonly blocks: number
      readonly logs: number
      /** The newest block of the chain, as last seen. */
      readonly latest: number
    }
  | { readonly status: 'idle'; readonly latest: number; readonly stored: number | null }
  /** The head moved back to the newest block that both branches share. */
  | { readonly status: 'reorg'; readonly from: BlockRef; readonly to: BlockRef }
  /** Nothing could be read or proven for now; the last good block is served meanwhile. */
  | { readonly status: 'degraded'; readonly error: AppError }

/** The pause after a failure doubles up to this. */
const BACKOFF_MS_MAX = 30_000
/** Where the chain or the store is away, up to this: it is noticed within so long when it is back. */
const AWAY_MS_MAX = 8_000
/** A follower that is told no start begins at most this far below the newest block. */
const UNASKED_BLOCKS_MAX = 1_000
/** A follower that has so many blocks to read is behind. */
const BEHIND_BLOCKS = 64
/** Headers compared at a time when looking for a common ancestor. */
const ANCESTOR_STEP = 128

/** A sighting of another branch: what stood at which height, and how far the chain was then. */
type Sighting = { readonly hash: string; readonly provider: string; readonly latest: number }

/**
 * Follows the head for ever: appends what is new, and goes back to the common ancestor when the chain was
 * reorganised. A lower head is a node that lags and is ignored; a reorg is a block that does not follow ours, seen on
 * two providers, or again on one whose head has advanced.
 *
 * @throws AppError `conflict` when a reorg reaches below what is kept: the writer must not go on
 */
export async function* followHead(
  ports: FollowPorts,
  input: FollowInput,
  cancel: Cancel,
): AsyncGenerator<FollowEvent> {
  const appender = createChainAppender(ports, input.chainId, input.sources)
  const fetchProven = createFetchProven(ports, input.commits)
  const keeper = ports.raw && createFollowedKeeper(ports.raw, input.chainId)
  let final: BlockRef | undefined
  let sighting: Sighting | undefined
  let failures = 0
  let opened = false
  let isRawKnown = false

  while (!cancel.aborted) {
    try {
      if (!opened) {
        await refuseOtherChain(ports.source, input.chainId)
        await appender.open()
        opened = true
      }
      const chain = await ports.source.head()
      const { latest, finalized } = chain
      if (ports.raw && !isRawKnown) {
        await refuseOtherRaw(ports.raw, ports.source, input.chainId, finalized)
        isRawKnown = true
      }
      final = finalized
      await keeper?.settle(finalized)
      let moved = false
      let detached = isOtherBranch(appender.view(), latest)
      const before = appender.view()
      if (before && (detached || latest.number < before.head.number))
        await refuseOther(ports, before, chain)
      const from = nextBlock(appender.view(), input.sources, { latest, finalized })
      if (from <= latest.number) {
        const range = { from, to: latest.number }
        const policy = policyFor(input.proof, finalized.number)
        const { chainId } = input
        // One by one, blocks are kept when they are many and final; a follower that is behind keeps what it reads.
        const isBehind = latest.number - from >= BEHIND_BLOCKS
        const work: Work = {
          ports: isBehind ? ports : { ...ports, raw: undefined },
          chainId,
          appender,
          fetchProven,
          policy,
          commits: input.commits,
          ...(keeper && { onOpen: keeper.add }),
        }
        for await (const outcome of appendRanges(work, [range], finalized, cancel)) {
          if (outcome.status === 'appended') {
            moved = true
            const { head } = appender.view() as View
            const { blocks, logs } = outcome.appended
            yield { status: 'appended', head: refOf(head), blocks, logs, latest: latest.number }
          }
          detached ||= outcome.status === 'detached'
          opened &&= outcome.status !== 'conflict'
        }
      }
      if (!opened) {
        // Another writer is at work, or this one keeps failing at the same thing: neither is helped by haste.
        yield { status: 'degraded', error: conflictOf(appender) }
        const pauseMs = Math.min(input.pollMs * 2 ** failures++, BACKOFF_MS_MAX)
        await ports.clock.sleep(jittered(pauseMs, ports.newId), cancel)
        continue
      }
      failures = 0
      if (detached) {
        await refuseOther(ports, appender.view() as View, chain)
        const seen = await sight(ports, appender.view(), latest.number)
        const confirmed = seen && sighting && isConfirmed(sighting, seen)
        sighting = seen
        if (confirmed) {
          sighting = undefined
          yield* moveBack(ports, appender)
          continue
        }
      } else {
        sighting = undefined
      }
      if (!moved) {
        // The chain may take long to bring the block at which this would show.
        if (await appender.isTakenBack()) {
          opened = false
          continue
        }
        // What was left to do behind the last blocks: where it fails, the head is opened anew, which does it again.
        await appender.tidied()
        yield {
          status: 'idle',
          latest: latest.number,
          stored: appender.view()?.head.number ?? null,
        }
        await (ports.newHeads ?? { wait: ports.clock.sleep }).wait(input.pollMs, cancel)
      }
    } catch (error) {
      // The chain or the store is away: wait for it. Anything else is for the operator.
      if (!isAppError(error, 'unavailable') || hasReason(error, 'store-lost')) throw error
      opened = false
      yield { status: 'degraded', error }
      await ports.clock.sleep(Math.min(input.pollMs * 2 ** failures++, AWAY_MS_MAX), cancel)
    }
  }
  // Where that fails, whoever opens the head next does it.
  await appender.tidied().catch(() => undefined)
  if (final) await keeper?.settle(final, true)
}

/** @throws AppError `unavailable` where the chain is another one than what is stored */
async function refuseOther(ports: IndexPorts, view: View, chain: ChainHead): Promise<void> {
  if ((await standingOf(ports, view, chain)) === 'other-chain') throw otherChain(view)
}

const conflictOf = (appender: ChainAppender): AppError =>
  new AppError(
    'unavailable',
    `store: ${appender.conflict() ?? 'another writer was first'}; it is tried again from the head`,
    { details: { reason: 'second-writer' } },
  )

const refOf = ({ number, hash, timestamp }: View['head']) => ({ number, hash, timestamp })

/**
 * Where to go on: behind the head, else at the first source's start, else behind the newest final block, since a
 * history cannot go back behind its beginning.
 */
function nextBlock(
  view: View | undefined,
  sources: readonly AnySource[],
  { latest, finalized }: { readonly latest: BlockRef; readonly finalized: BlockRef },
): number {
  if (view) return view.head.number + 1
  const unasked = Math.max(
    Math.min(finalized.number + 1, latest.number),
    latest.number - UNASKED_BLOCKS_MAX,
    0,
  )
  return firstStart(sources) ?? unasked
}

const isOtherBranch = (view: View | undefined, latest: BlockRef): boolean =>
  view !== undefined && view.head.number === latest.number && view.head.hash !== latest.hash

/** What the chain has where our head is; undefined where it has just that, or nothing yet. */
async function sight(
  ports: IndexPorts,
  view: View | undefined,
  latest: number,
): Promise<Sighting | undefined> {
  if (!view) return undefined
  const { number } = view.head
  if (number > latest || number < 0) return undefined
  const { value, provider } = await ports.source.headers({ from: number, to: number })
  const hash = value[0]?.hash
  return hash && hash !== view.head.hash ? { hash, provider, latest } : undefined
}

const isConfirmed = (before: Sighting, now: Sighting): boolean =>
  before.provider !== now.provider || now.latest > before.latest

async function* moveBack(ports: IndexPorts, appender: ChainAppender): AsyncGenerator<FollowEvent> {
  const view = appender.view() as View
  const ancestor = await commonAncestor(ports, view)
  if (!ancestor)
    throw new AppError(
      'conflict',
      `the chain was reorganised below block ${view.floor.number}, which was taken to be final; the indexer stops and ` +
        `block ${view.head.number} stays readable. Check chain.rpc and chain.finality; if the chain really changed, ` +
        '`halyard reindex --new-branch` takes its blocks in the place of the stored ones',
      { details: { reason: 'deep-reorg', floor: view.floor.number } },
    )
  if ((await appender.moveBack(ancestor)) === 'committed')
    yield { status: 'reorg', from: refOf(view.head), to: ancestor }
}

/** The newest waypoint that the chain still has; nothing below the final block is ever taken back. */
async function commonAncestor(ports: IndexPorts, view: View): Promise<Waypoint | undefined> {
  const { finalized } = view.head
  const waypoints = waypointsOf(view).filter(({ number }) => number >= finalized.number)
  for (const run of runsOf(waypoints).toReversed()) {
    const from = Math.max(0, (run[0] as Waypoint).number)
    const to = (run.at(-1) as Waypoint).number
    // Before the genesis block every chain is the same.
    if (to < 0) return run.at(-1)
    const { value } = await ports.source.headers({ from, to })
    const hashes = new Map(value.map(({ number, hash }) => [number, hash]))
    const found = run.findLast(({ number, hash }) => number < 0 || hashes.get(number) === hash)
    if (found) return found
  }
  return undefined
}

/** Waypoints as runs of consecutive blocks, none longer than `ANCESTOR_STEP`. */
function runsOf(waypoints: readonly Waypoint[]): Waypoint[][] {
  const runs: Waypoint[][] = []
  for (const waypoint of waypoints) {
    const run = runs.at(-1)
    const follows = run && run.length < ANCESTOR_STEP && run.at(-1)?.number === waypoint.number - 1
    if (follows) run.push(waypoint)
    else runs.push([waypoint])
  }
  return runs
}

/** For logs: what a follower's event says, in one line. */
export const describe = (event: FollowEvent): string => {
  switch (event.status) {
    case 'appended':
      return `block ${event.head.number}: ${event.logs} logs`
    case 'idle':
      return `at the head, block ${event.latest}`
    case 'reorg':
      return `reorganised: back from block ${event.from.number} to ${event.to.number}`
    case 'degraded':
      return messageOf(event.error)
    default:
      return event satisfies never
  }
}
