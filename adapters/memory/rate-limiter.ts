import type { RateLimiter } from '#core/access/ports.ts'
import { type Rate, rateLimited } from '#core/access/rate.ts'

/** Those that were not heard of for longest are forgotten first, which gives them their points back. */
const PRINCIPALS_MAX = 100_000

type Bucket = { points: number; atMs: number }

/**
 * A bucket of points for each principal, in this process alone: behind a load balancer each process counts for itself.
 *
 * @param nowMs a clock that never goes back
 */
export function createMemoryRateLimiter(rate: Rate, nowMs: () => number): RateLimiter {
  const { perSecond, burst } = rate
  /** In the order of their last use. */
  const buckets = new Map<string, Bucket>()
  return {
    async spend(principal, points) {
      const now = nowMs()
      const bucket = buckets.get(principal) ?? { points: burst, atMs: now }
      buckets.delete(principal)
      buckets.set(principal, bucket)
      const [oldest] = buckets.keys()
      if (buckets.size > PRINCIPALS_MAX && oldest !== undefined) buckets.delete(oldest)
      bucket.points = Math.min(burst, bucket.points + ((now - bucket.atMs) * perSecond) / 1_000)
      bucket.atMs = now
      const wanted = Math.min(points, burst)
      if (bucket.points < wanted) throw rateLimited(wanted - bucket.points, rate)
      bucket.points -= wanted
    },
  }
}
