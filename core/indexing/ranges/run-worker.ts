import type { Cancel, Clock, NewStopper } from '#core/clock.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { jittered } from '#core/jitter.ts'
import type { Collector } from '#core/indexing/collect.ts'
import type { RangeQueue, RangeTable, WorkRange } from './ports.ts'
import { whileHeld } from './while-held.ts'

export type WorkerPorts = {
  readonly ranges: RangeTable
  readonly queue: RangeQueue
  readonly clock: Clock
  readonly newId: () => string
  readonly newStopper: NewStopper
}

export type WorkerInput = {
  readonly plan: string
  /** Who works, for people: host and process. */
  readonly owner: string
  /** Ranges at once. */
  readonly concurrency: number
  readonly collector: Pick<Collector, 'collect'>
  /** Told of each range that is done or failed. */
  readonly onRange?: (range: WorkRange, failure?: string) => void
}

/** How long a process is taken to be alive that says nothing. */
const RANGE_LEASE_MS = 30_000
/** After this many tries an operator has to look at a range. */
export const RANGE_TRIES_MAX = 8
/** The pause after a failure, which doubles. */
const RETRY_MS = 1_000
const RETRY_MS_MAX = 60_000
/**
 * Hints may be lost, and without Redis others' plans are not hinted at: the table is looked into when a range ends, and now
 * and then. Often where there was something in it a moment ago, so that nobody waits for much longer than for what has just
 * been; up to so rarely where there is nothing for long.
 */
const LOOK_MS_MIN = 50
const LOOK_MS_MAX = 2_000

/**
 * Collects ranges of a plan until cancelled: those that the queue tells of at once, all others as they are found in the
 * table. Whoever holds a range says so again and again; one that falls silent loses it to the next.
 *
 * @throws what the collector throws that is not an expected failure: a bug must not look like a bad node
 */
export async function runWorker(
  ports: WorkerPorts,
  input: WorkerInput,
  cancel: Cancel,
): Promise<void> {
  const { ranges, clock } = ports
  const { plan, owner } = input
  const ended = ports.newStopper(cancel)
  let bug: unknown
  const holder = () => ({ owner, now: clock.nowMs(), leaseMs: RANGE_LEASE_MS })
  const isOver = (): boolean => ended.cancel.aborted

  async function doRange(range: WorkRange): Promise<void> {
    try {
      await whileHeld(
        ports,
        RANGE_LEASE_MS,
        () => ranges.renew(plan, range.from, holder()),
        async () => {
          for await (const _ of input.collector.collect(range, cancel));
        },
      )
      // What was told to stop is not done.
      if (cancel.aborted) return await giveBack(range)
      await ranges.finish(plan, range.from, owner)
      input.onRange?.(range)
    } catch (error) {
      if (!isAppError(error)) {
        bug = error
        ended.stop()
        await giveBack(range)
        throw error
      }
      if (cancel.aborted) return await giveBack(range)
      const reason = messageOf(error)
      const pauseMs = Math.min(RETRY_MS * 2 ** (range.tries - 1), RETRY_MS_MAX)
      const isLast = range.tries >= RANGE_TRIES_MAX
      const retryAt = isLast ? null : clock.nowMs() + jittered(pauseMs, ports.newId)
      await ranges.fail(plan, range.from, { owner, reason, retryAt })
      input.onRange?.(range, reason)
      throw error
    }
  }

  const giveBack = (range: WorkRange): Promise<void> =>
    ranges.fail(plan, range.from, { owner, reason: 'stopped', retryAt: clock.nowMs() })

  /** Ranges that this process is at, and claims that may give it one. */
  let active = 0
  const isFull = (): boolean => active >= input.concurrency
  let left = Promise.withResolvers<void>()
  /** Ends the pause before the next look into the table. */
  let lookNow = (): void => undefined
  function leave(): void {
    active--
    left.resolve()
    left = Promise.withResolvers()
    lookNow()
  }

  const hints = ports.queue.work(plan, input.concurrency, async (from) => {
    // What is found in the table counts as well.
    while (isFull() && !isOver()) await left.promise
    if (isOver()) return
    active++
    try {
      const range = await ranges.claim(plan, holder(), from)
      if (range) await doRange(range)
    } finally {
      leave()
    }
  })
  const found = new Set<Promise<void>>()

  /** @returns whether there was a range to begin with */
  async function beginNext(): Promise<boolean> {
    active++
    let range: WorkRange | undefined
    try {
      range = await ranges.claim(plan, holder()).catch(expected)
    } finally {
      if (!range) leave()
    }
    if (!range) return false
    const done = doRange(range).catch(expected).finally(leave)
    found.add(done)
    // Whoever waits for all of them hears of a failure.
    const forget = (): void => void found.delete(done)
    void done.then(forget, forget)
    return true
  }

  try {
    let lookMs = LOOK_MS_MIN
    while (!isOver()) {
      let pauseMs = LOOK_MS_MAX
      if (!isFull()) {
        if (await beginNext()) {
          lookMs = LOOK_MS_MIN
          continue
        }
        pauseMs = lookMs
        lookMs = Math.min(lookMs * 2, LOOK_MS_MAX)
      }
      const pause = ports.newStopper(ended.cancel)
      lookNow = pause.stop
      await clock.sleep(jittered(pauseMs, ports.newId), pause.cancel)
    }
  } finally {
    await Promise.all([hints.close(), ...found])
  }
  if (bug !== undefined) throw bug
}

/** Expected failures are in the table; a store that is away is asked again. */
function expected(error: unknown): undefined {
  if (!isAppError(error)) throw error
  return undefined
}
