import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createMemoryRateLimiter } from '#adapters/memory/rate-limiter.ts'
import { openRedis, type Redis } from '#adapters/redis/connection.ts'
import { createRedisRateLimiter } from '#adapters/redis/rate-limiter.ts'
import type { Rate } from '#core/access/rate.ts'
import { rateLimiterContract } from '../contracts/rate-limiter.contract.ts'
import { hasRedis, type RedisServer, startRedis } from '../servers/redis.ts'

const wall = () => performance.now()

rateLimiterContract('memory', (rate) => createMemoryRateLimiter(rate, wall))

test('a limiter in memory gives points back by its clock, and never more than may be spent at once', async () => {
  let now = 0
  const limiter = createMemoryRateLimiter({ perSecond: 10, burst: 20 }, () => now)
  await limiter.spend('a', 20)
  await expect(limiter.spend('a', 1)).rejects.toThrow('ask again in 1 s')
  now = 100
  await limiter.spend('a', 1)
  await expect(limiter.spend('a', 1)).rejects.toThrow(/more than its share/)
  now = 1e9
  await limiter.spend('a', 20)
  await expect(limiter.spend('a', 1)).rejects.toThrow(/more than its share/)
})

describe.skipIf(!hasRedis)('with a Redis', () => {
  let server: RedisServer
  let redis: Redis
  const others: Redis[] = []
  let tests = 0

  beforeAll(async () => {
    server = await startRedis()
    redis = await openRedis(server.url, 'api.redis')
  })
  afterEach(() => {
    for (const other of others.splice(0)) other.disconnect()
  })
  afterAll(async () => {
    redis.disconnect()
    await server.stop()
  })

  const warn = vi.fn()
  const limiterOn = (of: Redis, rate: Rate, prefix: string) =>
    createRedisRateLimiter(of, rate, { prefix, warn, instead: createMemoryRateLimiter(rate, wall) })

  // Each test has a prefix of its own, and so buckets of its own.
  rateLimiterContract('Redis', (rate) => limiterOn(redis, rate, `test ${++tests} `))

  test('processes count together, and other principals and prefixes apart', async () => {
    others.push(await openRedis(server.url, 'api.redis'))
    const rate = { perSecond: 0.001, burst: 10 }
    const [one, two] = [redis, others[0] as Redis].map((of) => limiterOn(of, rate, 'shared '))
    await one?.spend('a', 6)
    await expect(two?.spend('a', 6)).rejects.toMatchObject({ kind: 'rate-limited' })
    await two?.spend('a', 4)
    await two?.spend('b', 10)
    await limiterOn(redis, rate, 'another ').spend('a', 10)
  })

  test('a bucket that is full again is forgotten', async () => {
    await limiterOn(redis, { perSecond: 1_000, burst: 10 }, 'brief ').spend('a', 10)
    const ttl = await redis.eval("return redis.call('PTTL', KEYS[1])", 1, 'brief rate:a')
    expect(Number(ttl)).toBeGreaterThan(0)
    expect(Number(ttl)).toBeLessThanOrEqual(1_010)
  })

  test('while Redis is away each process counts for itself, says so once, and comes back', async () => {
    others.push(await openRedis(server.url, 'api.redis'))
    const limiter = limiterOn(others[0] as Redis, { perSecond: 0.001, burst: 10 }, 'away ')
    await limiter.spend('a', 1)
    expect(warn).not.toHaveBeenCalled()
    await server.stop()
    const startedAt = performance.now()
    await limiter.spend('a', 10)
    await expect(limiter.spend('a', 1)).rejects.toMatchObject({ kind: 'rate-limited' })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(warn).toHaveBeenCalledOnce()
    await server.start()
    // The server has forgotten everything, so that points are there as soon as it is used again.
    await expect
      .poll(() => limiter.spend('a', 1).then(() => 'spent', String), { timeout: 10_000 })
      .toBe('spent')
  })

  test('a server that is not there is named by its setting, with the remedy', async () => {
    await expect(openRedis('redis://127.0.0.1:1', 'api.redis')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(
        /^api.redis: Redis cannot be used \(.*ECONNREFUSED.*\); start it/,
      ),
    })
  })
})
