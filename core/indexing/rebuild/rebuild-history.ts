import { type BlockRange, type Hash, subtractRanges } from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { AppError } from '#core/errors.ts'
import { expectView } from '#core/history/at-head.ts'
import { combineDigest } from '#core/history/digest.ts'
import type { EventFamily } from '#core/history/event.ts'
import type { ProjectionIds, View } from '#core/history/head.ts'
import { generationOf, isSameBuild, rebuildCommit } from '#core/history/rebuilds.ts'
import { loadView } from '#core/history/view.ts'
import type { AppendPorts } from '#core/indexing/append-blocks.ts'
import type { CollectSetting } from '#core/indexing/collect.ts'
import type { FetchPorts } from '#core/indexing/fetch-proven.ts'
import type { QuarantineTable } from '#core/indexing/ports.ts'
import { projectionIds } from '#core/indexing/projection-ids.ts'
import type { ReadPorts } from '#core/indexing/read-chunks.ts'
import { settle } from '#core/indexing/sweep.ts'
import { clearRebuilds } from './clear-rebuilds.ts'
import { planRebuild, type RebuildPlan } from './plan-rebuild.ts'
import { putInPlace, removeReplaced } from './put-in-place.ts'
import { type Counts, createRebuildJob, firstToRewrite, rowsBegin } from './rebuild-job.ts'

export type RebuildPorts = AppendPorts & {
  readonly quarantine: QuarantineTable
  /** Where blocks are read whose rows are made anew; asked for when there are any. `from`: the first of them. */
  readonly reading: (from: number) => Promise<ReadPorts & FetchPorts>
}

export type RebuildInput = CollectSetting & {
  /** Projections that are derived anew though they are of this version. */
  readonly projections?: readonly string[]
  /** Blocks whose rows are made anew, and the families of which events change by that. */
  readonly changed?: {
    readonly ranges: readonly BlockRange[]
    readonly families: readonly EventFamily[]
    /** Contracts come or go with them, so that all blocks behind the first one are made anew. */
    readonly isOfContracts?: boolean
    /** The chain has gone on with another branch: the newest settled block is among those that are replaced. */
    readonly isNewBranch?: boolean
  }
}

export type RebuildProgress = {
  readonly stage: 'rows' | 'documents' | 'digest'
  /** Blocks done so far in this stage, of how many. */
  readonly done: number
  readonly total: number
  readonly number: number
}

export type RebuildReport = {
  /** False where all is as it should be, and nothing was to be made. */
  readonly isChanged: boolean
  readonly projections: readonly string[]
  /** Projections whose documents are no part of it any more. */
  readonly dropped: readonly string[]
  /** Blocks whose rows were made anew. */
  readonly rewritten: number
  /** Events that were folded into documents. */
  readonly events: number
  readonly digest: Hash
  /** The block that the history stands at. */
  readonly head: { readonly number: number; readonly hash: Hash }
}

/** How often other writers may be quicker. */
const TRIES_MAX = 20

/**
 * Makes parts of a history anew beside those that are read, and has them take their place by one move of the head:
 * projections of another version or that are asked for, from the events that are stored; where events have another form
 * or come from other sources, and in ranges that are named, the rows of blocks too. Writers and readers go on meanwhile.
 *
 * What is made ends at the newest settled block; the head goes back to there, and whoever follows the chain brings the
 * blocks above it again.
 *
 * @returns generator of progress; its value is the report, undefined where it was cancelled: then nothing was changed
 * @throws AppError `unavailable` where nothing is indexed, or blocks that are needed cannot be had; `conflict` where
 *   others kept on moving the head
 */
export async function* rebuildHistory(
  ports: RebuildPorts,
  input: RebuildInput,
  cancel: Cancel,
): AsyncGenerator<RebuildProgress, RebuildReport | undefined> {
  const { catalogue, sha256 } = ports
  const { chainId, sources, changed } = input
  const before = await openSettled(ports, chainId)
  for (const { to } of changed?.ranges ?? [])
    if (to > before.floor.number) throw notSettled(to, before)
  const own = projectionIds(sha256, chainId, catalogue, sources)
  const plan = planFor(ports, before, input, own)
  const isChanged =
    plan.isOfEvents || plan.projections.length + plan.dropped.length > 0 || changed !== undefined
  if (!isChanged) return reportOf(ports, before, plan, { rewritten: 0, events: 0 }, false)

  const commit = rebuildCommit(ports.newId())
  const job = createRebuildJob(ports, input, plan, { commit, own })
  /** False from when it may be in place on: then nothing of it is to be removed. */
  let isOpen = true
  let last = before
  try {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const base = await openSettled(ports, chainId)
      refuseOtherRebuild(before, base)
      last = base
      yield* job.bringTo(base, cancel)
      if (cancel.aborted) return undefined
      const now = await openSettled(ports, chainId)
      // What became final meanwhile is made first, so that the head does not go back below it.
      if (now.floor.number > base.floor.number) continue
      refuseOtherRebuild(before, now)
      const result = await job.result(now)
      // Where the store is lost on the way, nobody knows whether the entry is there, or will be.
      isOpen = false
      const placed = await putInPlace(ports, now, result)
      if (placed) {
        await removeReplaced(ports, now, placed)
        return reportOf(ports, placed, plan, job.counts(), true)
      }
      isOpen = true
    }
  } finally {
    if (isOpen) await clearOwn(ports, last, commit, rowsBegin(last.head, input, plan))
  }
  throw new AppError(
    'conflict',
    `other writers moved the head ${TRIES_MAX} times before what was made could take its place; nothing was changed, ` +
      'try again when less is indexed',
    { details: { reason: 'second-writer' } },
  )
}

const notSettled = (number: number, { floor }: View): AppError =>
  new AppError(
    'invalid',
    `block ${number} is not final and settled in this history, which is so up to block ${floor.number}`,
    { details: { block: number } },
  )

function planFor(
  { catalogue }: RebuildPorts,
  { head, floor }: View,
  { sources, changed, projections = [] }: RebuildInput,
  own: ProjectionIds,
): RebuildPlan {
  const planWith = (families: readonly EventFamily[]): RebuildPlan =>
    planRebuild(catalogue, head.projections, own, { projections, families })
  const plan = planWith(changed?.isOfContracts ? catalogue.families : (changed?.families ?? []))
  const rows = plan.isOfEvents
    ? [{ from: firstToRewrite(head, sources), to: floor.number }]
    : (changed?.ranges ?? [])
  // Blocks that come in have events of all families.
  return subtractRanges(rows, head.coverage).length > 0 ? planWith(catalogue.families) : plan
}

/** The head with all that is final settled. */
async function openSettled(ports: RebuildPorts, chainId: number): Promise<View> {
  const latest = await ports.heads.latest(chainId)
  const view = expectView(latest && (await loadView(ports.heads, latest)))
  return ports.writer.atomically(() => settle(ports, view))
}

function refuseOtherRebuild(before: View, { head }: View): void {
  if (!isSameBuild(before.head, head))
    throw new AppError(
      'conflict',
      'another process has rebuilt parts of this history meanwhile; run it again where something is left to do',
      { details: { reason: 'second-writer' } },
    )
}

/** Best effort: where the store has gone too, `halyard derive --clear` removes it later. */
async function clearOwn(
  ports: RebuildPorts,
  last: View,
  commit: string,
  from: number,
): Promise<void> {
  const suffix = generationOf('', commit)
  await clearRebuilds(
    ports,
    last,
    (name) => name.commit === commit || (name.tree?.endsWith(suffix) ?? false),
    { from, to: last.floor.number },
  ).catch(() => undefined)
}

const reportOf = (
  { sha256 }: RebuildPorts,
  { head }: View,
  { projections, dropped }: RebuildPlan,
  { rewritten, events }: Counts,
  isChanged: boolean,
): RebuildReport => ({
  isChanged,
  projections: projections.map(({ name }) => name),
  dropped,
  rewritten,
  events,
  digest: combineDigest(sha256, head.digest),
  head: { number: head.number, hash: head.hash },
})
