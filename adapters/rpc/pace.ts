import { bulkhead } from 'cockatiel'
import { RpcFailure } from './endpoint.ts'
import { sleep } from './sleep.ts'

/** What an operator allows one endpoint; undefined: as much as it takes. */
export type PaceLimits = {
  readonly perSecondMax?: number | undefined
  readonly atOnceMax?: number | undefined
}

/** How fast one endpoint is asked. */
export type Pace = {
  /** Runs a request when it is its turn. */
  run<T>(request: () => Promise<T>, stop: AbortSignal | undefined): Promise<T>
  /** It said that this is too fast. @param retryAfterMs as it said, where it did */
  slowDown(retryAfterMs: number | undefined): void
  /** It answered. */
  sped(): void
  /** Until when it wants no request, milliseconds from now; 0 where it takes one. */
  pausedMs(): number
  /** Requests a second that it takes, as learned; null while no limit has shown. */
  perSecond(): number | null
}

const AT_ONCE_MAX = 16
const QUEUE_MAX = 10_000
/** A pause that nobody told the length of; it doubles with each refusal in a row. */
const PAUSE_FIRST_MS = 250
const PAUSE_MS_MAX = 30_000
/** A burst of refusals counts once. */
const SLOWER_EVERY_MS = 1_000
const SLOWER = 0.8
/** So many more a second with each answer: refusals that have nothing to do with speed must not slow it to a halt. */
const FASTER_PER_SECOND = 0.3
/** The first refusal may come with the first request, which tells nothing of how many it takes. */
const PER_SECOND_START = 20
/** Slower than this is for the operator's own limit. */
const PER_SECOND_MIN = 2
/** No limit has shown for so long that there is none. */
const PER_SECOND_FREE = 1_000

/** @param turnMsMax how long a request may wait for its place in the second */
export function createPace(limits: PaceLimits, turnMsMax: number): Pace {
  const lane = bulkhead(limits.atOnceMax ?? AT_ONCE_MAX, QUEUE_MAX)
  const allowed = limits.perSecondMax ?? Number.POSITIVE_INFINITY
  let learned = Number.POSITIVE_INFINITY
  let nextAt = 0
  let pausedUntil = 0
  let refusals = 0
  let slowedAt = Number.NEGATIVE_INFINITY
  const recent: number[] = []

  /** Waits for this request's place in the second. */
  async function turn(stop: AbortSignal | undefined): Promise<void> {
    const now = performance.now()
    const rate = Math.min(allowed, learned)
    if (Number.isFinite(rate)) {
      const at = Math.max(now, nextAt)
      if (at - now > turnMsMax)
        throw new RpcFailure(
          'timeout',
          `its turn, at ${Math.round(rate)} requests a second, does not come within ${turnMsMax} ms`,
        )
      nextAt = at + 1_000 / rate
      if (at > now) await sleep(at - now, stop)
      if (stop?.aborted) throw new RpcFailure('stopped', 'it was stopped')
    }
    recent.push(performance.now())
    while ((recent[0] as number) < performance.now() - 1_000) recent.shift()
  }

  return {
    async run(request, stop) {
      try {
        return await lane.execute(async () => {
          await turn(stop)
          return request()
        }, stop)
      } catch (error) {
        if (stop?.aborted && !(error instanceof RpcFailure))
          throw new RpcFailure('stopped', 'it was stopped', { cause: error })
        throw error
      }
    },
    slowDown(retryAfterMs) {
      const now = performance.now()
      const pause = retryAfterMs ?? Math.min(PAUSE_FIRST_MS * 2 ** refusals, PAUSE_MS_MAX)
      // Of those under way when it began only the first counts.
      if (pausedUntil <= now) refusals++
      pausedUntil = Math.max(pausedUntil, now + pause)
      if (now - slowedAt < SLOWER_EVERY_MS) return
      slowedAt = now
      learned = Math.max(
        PER_SECOND_MIN,
        Math.min(learned, Math.max(recent.length, PER_SECOND_START)) * SLOWER,
      )
    },
    sped() {
      refusals = 0
      if (!Number.isFinite(learned)) return
      learned += FASTER_PER_SECOND
      if (learned > PER_SECOND_FREE) learned = Number.POSITIVE_INFINITY
    },
    pausedMs: () => Math.max(0, pausedUntil - performance.now()),
    perSecond() {
      const rate = Math.min(allowed, learned)
      return Number.isFinite(rate) ? Math.round(rate * 10) / 10 : null
    },
  }
}
