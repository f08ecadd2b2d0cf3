import type { BlockRange } from '#core/chain.ts'
import type { Cancel, NewStopper } from '#core/clock.ts'
import { AppError, isAppError } from '#core/errors.ts'
import { createViews } from '#core/history/view.ts'
import {
  backfill,
  isWhole,
  nothingDone,
  type BackfillInput,
  type BackfillReport,
  type IndexPorts,
  type Progress,
} from '#core/indexing/backfill.ts'
import { openCollector } from '#core/indexing/collect.ts'
import type { RawLayer } from '#core/indexing/raw/obtain-blocks.ts'
import { planOf } from './plan-of.ts'
import type { LeaseTable, RangeQueue, RangeTable, WorkRange } from './ports.ts'
import { runWorker } from './run-worker.ts'
import { whileHeld } from './while-held.ts'
import { workRangesIn } from './work-ranges.ts'

export type SharePorts = Omit<IndexPorts, 'raw'> & {
  readonly raw: RawLayer
  readonly ranges: RangeTable
  readonly leases: LeaseTable
  readonly queue: RangeQueue
  readonly newStopper: NewStopper
}

export type ShareInput = BackfillInput & {
  /** Who this is, for people: host and process. */
  readonly owner: string
  /** Names the store of the history: of those who share one, one at a time makes it. */
  readonly history: string
  /** Blocks of a work range. */
  readonly rangeBlocks: number
  /** Ranges that this process collects at once. */
  readonly concurrency: number
  /** Told what this process does, when that changes: it makes the history, or helps who does. */
  readonly onRole?: (role: { readonly isWriter: boolean; readonly writer: string }) => void
}

/** How long a writer is taken to be alive that says nothing. */
const WRITER_LEASE_MS = 15_000
/**
 * How often those who help look whether the history is whole, or the writer gone: so that they wait for a small share of
 * what the work has taken so far, and no more often or rarely than this.
 */
const HELPER_LOOKS = 50
const HELPER_LOOK_MS_MIN = 50
const HELPER_LOOK_MS_MAX = 1_000
/** How often the writer looks whether the next range is there. */
const READY_LOOK_MS = 50
/** Hints that were lost are given again this often, for this many ranges. */
const ANNOUNCE_MS = 10_000
const ANNOUNCED_MAX = 1_000
/** Ranges that are asked about at once. */
const LISTED_RANGES = 50

/**
 * A backfill that any number of processes do together, on any number of machines: all of them collect ranges, and one at
 * a time makes the history of what is collected, in order. Any of them may be killed, or be paused and come back; where
 * the writer falls silent another takes its place. Each ends when all is done, with the report of what it did itself.
 *
 * @throws AppError as `backfill`, and `unavailable` for a range that could not be collected
 */
export async function* shareBackfill(
  ports: SharePorts,
  input: ShareInput,
  cancel: Cancel,
): AsyncGenerator<Progress, BackfillReport> {
  const { ranges, queue, clock, leases } = ports
  const plan = planOf(ports.sha256, input)
  const collector = await openCollector(ports, input)
  const { cancel: cancelled, stop } = ports.newStopper(cancel)
  const working = settled(
    runWorker(
      ports,
      { plan, owner: input.owner, concurrency: input.concurrency, collector },
      cancelled,
    ),
  )
  const announcing = announceLost(ports, plan, cancelled)
  const lease = `history:${input.history}`
  const take = () =>
    leases.take(lease, { owner: input.owner, now: clock.nowMs(), leaseMs: WRITER_LEASE_MS })

  async function planned(missing: readonly BlockRange[]): Promise<void> {
    const final = missing
      .filter(({ from }) => from <= collector.finalized)
      .map(({ from, to }) => ({ from, to: Math.min(to, collector.finalized) }))
    const work = workRangesIn(final, input.rangeBlocks)
    await ranges.plan(plan, work)
    await queue.announce(plan, work)
  }

  try {
    const views = createViews(ports.heads, input.chainId)
    const isDone = async () => isWhole(input, collector.latest, await views.current())
    const isWriter = await becomeWriter(ports, input, { take, isDone }, working, cancel)
    // Who only helped leaves the history to its writer.
    if (!isWriter) return await nothingDone(ports, input.chainId)
    const until = createReady(ports, plan, input.rangeBlocks, cancelled)
    const steps = backfill(ports, { ...input, planned, until }, cancel)
    const report = yield* renewing(ports, take, steps)
    // What the history has nobody need collect.
    if (report.watermark) await ranges.forget(plan, report.watermark.number)
    return report
  } finally {
    stop()
    await Promise.all([working.ended, announcing])
    await leases.release(lease, input.owner)
    working.refuse()
  }
}

/** @returns false where the history was made by others, or it was told to stop, before this process makes it */
async function becomeWriter(
  { clock }: SharePorts,
  { owner, onRole }: ShareInput,
  {
    take,
    isDone,
  }: { take: () => Promise<{ readonly owner: string }>; isDone: () => Promise<boolean> },
  working: Settled,
  cancel: Cancel,
): Promise<boolean> {
  const startedAt = clock.monotonicMs()
  let told: string | undefined
  while (!cancel.aborted) {
    working.refuse()
    // Whoever made it whole has seen that it is of this chain; to be its writer now would be to plan it once more.
    if (told !== undefined && (await isDone())) return false
    const { owner: writer } = await take()
    if (told !== writer) onRole?.({ isWriter: writer === owner, writer })
    told = writer
    if (writer === owner) return true
    const share = (clock.monotonicMs() - startedAt) / HELPER_LOOKS
    const pauseMs = Math.min(Math.max(share, HELPER_LOOK_MS_MIN), HELPER_LOOK_MS_MAX)
    await clock.sleep(pauseMs, cancel)
  }
  return false
}

/** Walks through steps while the lease is renewed beside it. */
async function* renewing<Step, Result>(
  ports: SharePorts,
  take: () => Promise<unknown>,
  steps: AsyncGenerator<Step, Result>,
): AsyncGenerator<Step, Result> {
  const ended = Promise.withResolvers<void>()
  const renewal = whileHeld(
    ports,
    WRITER_LEASE_MS,
    async () => (await take()) !== undefined,
    () => ended.promise,
  )
  try {
    return yield* steps
  } finally {
    ended.resolve()
    await renewal
  }
}

/** Something that runs beside, and whose failure is told when it is asked for. */
type Settled = { readonly ended: Promise<void>; refuse(): void }

function settled(run: Promise<void>): Settled {
  let failure: { readonly error: unknown } | undefined
  const ended = run.catch((error: unknown) => {
    failure = { error }
  })
  return {
    ended,
    refuse() {
      if (failure) throw failure.error
    },
  }
}

/** Tells the queue again and again which ranges are open: it may have lost everything. */
async function announceLost(
  { ranges, queue, clock }: SharePorts,
  plan: string,
  cancel: Cancel,
): Promise<void> {
  for (;;) {
    await clock.sleep(ANNOUNCE_MS, cancel)
    if (cancel.aborted) return
    try {
      await queue.announce(plan, await ranges.list(plan, { state: 'open', limit: ANNOUNCED_MAX }))
    } catch (error) {
      // The table is looked into without hints too.
      if (!isAppError(error, 'unavailable')) throw error
    }
  }
}

/** Gives what waits until the range that holds a block is collected, and where that range ends. */
function createReady(
  { ranges, clock }: SharePorts,
  plan: string,
  size: number,
  cancel: Cancel,
): (number: number) => Promise<number> {
  const done = new Set<number>()
  return async (number) => {
    const from = Math.floor(number / size) * size
    while (!done.has(from) && !cancel.aborted) {
      const listed = await ranges.list(plan, { from, limit: LISTED_RANGES })
      for (const range of listed) if (range.state === 'done') done.add(range.from)
      const own = listed.find((range) => range.from === from)
      // What is no whole range is nobody's work: whoever makes the history reads it.
      if (!own || own.state === 'done') break
      if (own.state === 'failed') throw notCollected(own)
      await clock.sleep(READY_LOOK_MS, cancel)
    }
    return from + size - 1
  }
}

const notCollected = ({ from, to, tries, reason }: WorkRange): AppError =>
  new AppError(
    'unavailable',
    `ranges: blocks ${from}-${to} could not be collected in ${tries} tries (${reason}); mend that, let them be tried ` +
      'again with `halyard ranges reopen`, and run it again',
    { details: { field: 'ranges', reason: 'not-kept', from, to } },
  )
