import { createMemoryRateLimiter } from '#adapters/memory/rate-limiter.ts'
import type { Logger } from '#adapters/log/logger.ts'
import type { RateLimiter } from '#core/access/ports.ts'
import type { Rate } from '#core/access/rate.ts'
import { messageOf } from '#core/errors.ts'

/** Counts nothing: for an API behind something that does. */
const unlimited: RateLimiter = { spend: async () => undefined }

export type OpenRateLimiter = RateLimiter & { close(): void }

/**
 * @param redisUrl where several processes count together; null: each counts for itself
 * @param nowMs a clock that never goes back
 * @throws AppError `unavailable` naming `api.redis` when that cannot be used
 */
export async function openRateLimiter(
  rate: Rate,
  redisUrl: string | null,
  nowMs: () => number,
  log: Pick<Logger, 'warn'>,
): Promise<OpenRateLimiter> {
  if (rate.perSecond === 0) return { ...unlimited, close: () => undefined }
  const own = createMemoryRateLimiter(rate, nowMs)
  if (redisUrl === null) return { ...own, close: () => undefined }
  const { openRedis } = await import('#adapters/redis/connection.ts')
  const { createRedisRateLimiter } = await import('#adapters/redis/rate-limiter.ts')
  const redis = await openRedis(redisUrl, 'api.redis')
  const limiter = createRedisRateLimiter(redis, rate, {
    prefix: 'halyard:',
    instead: own,
    warn: (cause) =>
      log.warn(
        { reason: messageOf(cause) },
        'api.redis: it cannot be used now; this process counts requests for itself',
      ),
  })
  return { ...limiter, close: () => redis.disconnect() }
}
