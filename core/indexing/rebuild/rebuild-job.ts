import {
  type BlockHeader,
  type BlockRange,
  countBlocks,
  type Hash,
  mergeRanges,
} from '#core/chain.ts'
import type { Cancel } from '#core/clock.ts'
import { AppError, assert } from '#core/errors.ts'
import { storedBlockAt } from '#core/history/block-at.ts'
import { addStates, emptyDigest, partsByName } from '#core/history/digest.ts'
import {
  type CommitId,
  type HeadEntry,
  type ProjectionIds,
  type StateDigest,
  type View,
  viewAt,
} from '#core/history/head.ts'
import { overlayProof, type ProvenRange } from '#core/history/proof.ts'
import { baseOf, generationOf, type Rewrite, withRewrites } from '#core/history/rebuilds.ts'
import { createAdmission } from '#core/indexing/admission.ts'
import { type Checkpoint, checkpoints } from '#core/indexing/checkpoints.ts'
import { createFoundContracts } from '#core/indexing/found-contracts.ts'
import { readingOf } from '#core/indexing/read-chunks.ts'
import { type AnySource, firstStart } from '#core/indexing/source.ts'
import { chainStored } from '#core/indexing/stored-blocks.ts'
import { stateOf } from '#core/indexing/verify-store.ts'
import { createDocumentDeriver } from './derive-documents.ts'
import type { RebuildPlan } from './plan-rebuild.ts'
import type { Rebuilt } from './put-in-place.ts'
import type { RebuildInput, RebuildPorts, RebuildProgress } from './rebuild-history.ts'
import { rewriteRows } from './rewrite-rows.ts'

/** Blocks whose rows are chained into the digest at a time. */
const BLOCKS_CHAINED = 10_000

export type Counts = { readonly rewritten: number; readonly events: number }

/** Makes the parts of one rebuild, up to one settled block after the other. */
export type RebuildJob = {
  /** Makes what is missing up to the newest settled block. Ends early where it is cancelled. */
  bringTo(base: View, cancel: Cancel): AsyncGenerator<RebuildProgress>
  /** What was made, to be put in place at the newest settled block. */
  result(base: View): Promise<Rebuilt>
  counts(): Counts
}

/**
 * @param names.commit the name of the rebuild
 * @param names.own the ids of what this version makes of the sources
 */
export function createRebuildJob(
  ports: RebuildPorts,
  input: RebuildInput,
  plan: RebuildPlan,
  { commit, own }: { readonly commit: CommitId; readonly own: ProjectionIds },
): RebuildJob {
  const { sources, changed } = input
  const documents = createDocumentDeriver(ports, plan.projections, sources, commit)
  const admission = createAdmission(ports.catalogue, sources)
  const made = new Set(plan.projections.map(({ name }) => name))
  const kept = ports.catalogue.documents.filter(({ projection }) => !made.has(projection.name))
  /** Whether all blocks behind the first one are made anew, those that become final meanwhile too. */
  const isToEnd = plan.isOfEvents || changed?.isOfContracts === true
  let rewritten: readonly BlockRange[] = []
  let proof: readonly ProvenRange[] = []
  let top: BlockHeader | undefined
  let digest: Checkpoint | undefined
  let folded = -1
  let events = 0

  /** A rebuild that derived what stays is kept in its id. */
  const idsAfter = (stored: ProjectionIds): ProjectionIds =>
    Object.fromEntries(
      Object.entries(own).map(([name, id]) => {
        if (made.has(name)) return [name, generationOf(id, commit)]
        const known = stored[name]
        return [name, known !== undefined && baseOf(known) === id ? known : id]
      }),
    )

  /** The settled part of a history as it will be. */
  function viewOf(base: View): View {
    const settled = viewAt(base, base.floor.number)
    assert(settled, 'a view has its floor')
    const { head } = settled
    return {
      ...settled,
      head: {
        ...head,
        coverage: mergeRanges([...head.coverage, ...rewritten]),
        proof: overlayProof(head.proof, proof),
        projections: idsAfter(head.projections),
        rewrites: runsOf(base),
      },
    }
  }

  const runsOf = ({ head }: View): readonly Rewrite[] =>
    withRewrites(
      head.rewrites,
      rewritten.map((range) => ({ ...range, commit, move: head.move + 1 })),
    )

  async function* rewrite(base: View, cancel: Cancel): AsyncGenerator<RebuildProgress> {
    const { floor, head } = base
    const last = rewritten.at(-1)
    const next = last ? last.to + 1 : rowsBegin(head, input, plan)
    const all = isToEnd ? [{ from: next, to: floor.number }] : last ? [] : (changed?.ranges ?? [])
    const ranges = all.filter(({ from, to }) => from <= to)
    if (ranges.length === 0) return
    // What creates contracts is known from the rows that are made anew, or from those that stay.
    if (!plan.isOfEvents && !last) {
      const found = createFoundContracts(ports, sources, admission)
      await found.readFrom(base)
      if (isToEnd) found.forgetAbove(next - 1)
    }
    const readPorts = await ports.reading((ranges[0] as BlockRange).from)
    const { finalized } = await readPorts.source.head()
    const reading = readingOf(readPorts, input, admission, finalized)
    const total = countBlocks(ranges)
    let done = 0
    for (const range of ranges) {
      const from = { commit, before: digest?.events ?? emptyDigest.events }
      for await (const step of rewriteRows(ports, reading, range, from, cancel)) {
        if (!isToEnd && step.isOfNewContracts && range.to < floor.number)
          throw createsContracts(step.last.number, floor.number)
        proof = overlayProof(proof, step.proof)
        if (plan.isOfEvents) digest = { number: step.last.number, events: step.events }
        yield {
          stage: 'rows',
          done: done + step.last.number - range.from + 1,
          total,
          number: step.last.number,
        }
        if (step.last.number === floor.number) top = step.last
        if (step.last.number === range.to && !changed?.isNewBranch)
          await refuseOtherBlock(ports, base, step.last)
      }
      if (cancel.aborted) return
      done += range.to - range.from + 1
      rewritten = mergeRanges([...rewritten, range])
    }
  }

  async function* fold(base: View, cancel: Cancel): AsyncGenerator<RebuildProgress> {
    if (plan.projections.length === 0) return
    const view = viewOf(base)
    const from = Math.max(folded + 1, view.head.coverage[0]?.from ?? 0)
    const { number: to } = view.head
    for await (const step of documents.fold(view, { from, to }, cancel)) {
      events += step.events
      yield {
        stage: 'documents',
        done: step.number - from + 1,
        total: to - from + 1,
        number: step.number,
      }
    }
    if (!cancel.aborted) folded = to
  }

  /** Brings the digest of events to the newest settled block, where the rows of a part were made anew. */
  async function* rechain(base: View, cancel: Cancel): AsyncGenerator<RebuildProgress> {
    const [first] = rewritten
    if (!first || plan.isOfEvents) return
    const view = viewOf(base)
    const { number: last } = base.floor
    digest ??= await checkpointBefore(ports, base, first.from)
    const start = digest.number + 1
    for (let from = start; from <= last; from += BLOCKS_CHAINED) {
      if (cancel.aborted) return
      const range = { from, to: Math.min(from + BLOCKS_CHAINED - 1, last) }
      digest = { number: range.to, events: await chainStored(ports, view, range, digest.events) }
      const [done, total] = [range.to - start + 1, last - start + 1]
      yield { stage: 'digest', done, total, number: range.to }
    }
  }

  /** The digest of the documents that are made, and of those that stay. */
  async function stateAfter(base: View): Promise<StateDigest> {
    const derived = documents.state()
    const { parts } = base.floor.digest
    if (!parts) {
      const rest = await stateOf(ports, viewOf(base), kept)
      return { state: addStates([rest, derived.state]), ...(kept.length === 0 && derived) }
    }
    const names = new Set(kept.map(({ projection }) => projection.name))
    const rest = Object.entries(parts).filter(([name]) => names.has(name))
    const all = partsByName({ ...Object.fromEntries(rest), ...derived.parts })
    return { state: addStates(Object.values(all)), parts: all }
  }

  return {
    async *bringTo(base: View, cancel: Cancel): AsyncGenerator<RebuildProgress> {
      yield* rewrite(base, cancel)
      if (!cancel.aborted) yield* fold(base, cancel)
      if (!cancel.aborted) yield* rechain(base, cancel)
    },
    async result(base: View): Promise<Rebuilt> {
      const view = viewOf(base)
      const { coverage, proof: proven, projections, rewrites = [] } = view.head
      const eventsDigest = rewritten.length > 0 ? digest?.events : base.floor.digest.events
      return {
        coverage,
        proof: proven,
        projections,
        rewrites,
        digest: { events: eventsDigest ?? emptyDigest.events, ...(await stateAfter(base)) },
        ...(top?.number === base.floor.number && { top }),
      }
    },
    counts: (): Counts => ({ rewritten: countBlocks(rewritten), events }),
  }
}

/** Of a contract that was not known, logs were asked for in no later block. */
const createsContracts = (number: number, last: number): AppError =>
  new AppError(
    'invalid',
    `contracts that the history did not know are created at or below block ${number}, so that the blocks behind lack ` +
      `their logs; nothing was changed: have all blocks up to ${last} made anew`,
    { details: { block: last } },
  )

/** The first block of which rows are made anew; behind the newest where there is none. */
export const rowsBegin = (
  head: Pick<HeadEntry, 'coverage' | 'number'>,
  { changed, sources }: Pick<RebuildInput, 'changed' | 'sources'>,
  plan: RebuildPlan,
): number =>
  plan.isOfEvents ? firstToRewrite(head, sources) : (changed?.ranges[0]?.from ?? head.number + 1)

/** Where all rows are made anew, they begin where a source does, though the history may begin later. */
export const firstToRewrite = (
  { coverage }: Pick<HeadEntry, 'coverage'>,
  sources: readonly AnySource[],
): number => Math.min(coverage[0]?.from ?? 0, firstStart(sources) ?? Number.MAX_SAFE_INTEGER)

/** The newest checkpoint below a block. */
async function checkpointBefore(
  ports: RebuildPorts,
  view: View,
  number: number,
): Promise<Checkpoint> {
  let found: Checkpoint = { number: -1, events: emptyDigest.events }
  for await (const point of checkpoints(ports.heads, view)) {
    if (point.number >= number) break
    found = point
  }
  return found
}

/** @throws AppError `unavailable` where the chain has another block than the one that is stored */
async function refuseOtherBlock(
  { heads }: RebuildPorts,
  view: View,
  { number, hash }: { readonly number: number; readonly hash: Hash },
): Promise<void> {
  const stored = await storedBlockAt(heads, view, number)
  if (stored && stored.hash !== hash)
    throw new AppError(
      'unavailable',
      `block ${number} of the chain is ${hash}, and ${stored.hash} is stored: this history is of another branch, or ` +
        'chain.rpc serves another chain. Where the chain has left the stored branch for good, `halyard reindex ' +
        '--new-branch` takes its blocks; else correct chain.rpc',
      { details: { field: 'chain.rpc', reason: 'other-branch', block: number } },
    )
}
