import type { RateLimiter } from '#core/access/ports.ts'
import { type Rate, rateLimited } from '#core/access/rate.ts'
import type { Redis } from './connection.ts'

/**
 * One step for the server, so that processes which spend at once do not spend the same points. By the server's clock,
 * since those of the processes differ. A bucket that would be full again is forgotten. Gives the points that are missing;
 * 0: they were taken.
 */
const SPEND = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'points', 'at')
local at = tonumber(bucket[2]) or now
local points = math.min(burst, (tonumber(bucket[1]) or burst) + math.max(0, now - at) * rate / 1000)
local missing = wanted - points
if missing <= 0 then
  points = points - wanted
  missing = 0
end
redis.call('HSET', KEYS[1], 'points', tostring(points), 'at', tostring(math.max(now, at)))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - points) * 1000 / rate) + 1000)
return tostring(missing)
`

/**
 * A bucket of points for each principal, shared by all processes that use the same server and prefix.
 *
 * @param instead counts in this process while the server cannot be used: requests are answered all the same
 * @param warn is told once when that begins, and again only after it has ended
 */
export function createRedisRateLimiter(
  redis: Pick<Redis, 'eval'>,
  rate: Rate,
  {
    prefix,
    instead,
    warn,
  }: {
    readonly prefix: string
    readonly instead: RateLimiter
    readonly warn: (cause: unknown) => void
  },
): RateLimiter {
  const { perSecond, burst } = rate
  let isAway = false

  async function missingOf(principal: string, wanted: number): Promise<number | undefined> {
    try {
      const key = `${prefix}rate:${principal}`
      const missing = await redis.eval(SPEND, 1, key, perSecond, burst, wanted)
      isAway = false
      return Number(missing)
    } catch (error) {
      if (!isAway) warn(error)
      isAway = true
      return undefined
    }
  }

  return {
    async spend(principal, points) {
      const missing = await missingOf(principal, Math.min(points, burst))
      if (missing === undefined) await instead.spend(principal, points)
      else if (missing > 0) throw rateLimited(missing, rate)
    },
  }
}
