import { LRUCache } from 'lru-cache'
import { AppError } from '#core/errors.ts'

/** What a principal may cost, in points: an answer out of memory is one, a quote some dozens. */
export type RateSettings = {
  /** What comes back each second. */
  readonly perSecond: number
  /** What may be spent at once. */
  readonly burst: number
}

/** Counts what principals cost, so that none can use up the node or the process behind the API. */
export type RateLimiter = {
  /**
   * Takes points from a principal.
   *
   * @throws AppError `rate-limited` with `retrySeconds` in its details when they are not there
   */
  spend(principal: string, points: number): void
}

/** A quote searches for some milliseconds, and asks a node. */
export const QUOTE_POINTS = 10

/** Those that were not heard of for longest are forgotten first, which gives them their points back. */
const PRINCIPALS_MAX = 100_000

type Bucket = { points: number; atMs: number }

/**
 * A bucket of points for each principal, in this process alone: behind a load balancer each process counts for itself.
 *
 * @param nowMs a clock that never goes back
 */
export function createRateLimiter(
  { perSecond, burst }: RateSettings,
  nowMs: () => number,
): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: PRINCIPALS_MAX })
  return {
    spend(principal, points) {
      const now = nowMs()
      const known = buckets.get(principal)
      const bucket = known ?? { points: burst, atMs: now }
      if (!known) buckets.set(principal, bucket)
      bucket.points = Math.min(burst, bucket.points + ((now - bucket.atMs) * perSecond) / 1_000)
      bucket.atMs = now
      // What costs more than a full bucket must be possible, too.
      const wanted = Math.min(points, burst)
      if (bucket.points < wanted) {
        const retrySeconds = Math.ceil((wanted - bucket.points) / perSecond)
        throw new AppError(
          'rate-limited',
          `this client has asked for more than its share; ask again in ${retrySeconds} s`,
          { details: { retrySeconds }, audience: 'client' },
        )
      }
      bucket.points -= wanted
    },
  }
}

/** Counts nothing: for an API behind something that does. */
export const unlimited: RateLimiter = { spend: () => undefined }
