import { describe, expect, test } from 'vitest'
import type { RateLimiter } from '#core/access/ports.ts'
import type { Rate } from '#core/access/rate.ts'
import { type AppError, isAppError } from '#core/errors.ts'

/** What every limiter does, by the clock on the wall. */
export function rateLimiterContract(name: string, open: (rate: Rate) => RateLimiter): void {
  const isLimited = (spent: Promise<void>) =>
    spent.then(
      () => false,
      (error: unknown) => {
        if (isAppError(error, 'rate-limited')) return true
        throw error
      },
    )

  describe(`the rate limiter in ${name}`, () => {
    test('lets each spend its burst and no more, and takes nothing where it refuses', async () => {
      const limiter = open({ perSecond: 0.001, burst: 20 })
      await limiter.spend('a', 15)
      expect(await isLimited(limiter.spend('a', 6))).toBe(true)
      await limiter.spend('a', 5)
      expect(await isLimited(limiter.spend('a', 1))).toBe(true)
      await limiter.spend('b', 20)
    })

    test('gives points back as time goes by', async () => {
      // Two seconds pass until there are eight, so that a slow machine does not come too late to be refused.
      const limiter = open({ perSecond: 4, burst: 10 })
      await limiter.spend('a', 10)
      expect(await isLimited(limiter.spend('a', 8))).toBe(true)
      await expect
        .poll(() => isLimited(limiter.spend('a', 8)), { timeout: 20_000, interval: 100 })
        .toBe(false)
    }, 30_000)

    test('says in seconds when to come again', async () => {
      const limiter = open({ perSecond: 2, burst: 20 })
      const startedAt = performance.now()
      await limiter.spend('a', 20)
      const error = await limiter.spend('a', 9).catch((thrown: unknown) => thrown)
      const passedSeconds = (performance.now() - startedAt) / 1_000
      expect(error).toMatchObject({
        details: { retrySeconds: expect.any(Number) },
        audience: 'client',
      })
      const { retrySeconds } = (error as AppError).details as { retrySeconds: number }
      expect(retrySeconds).toBeLessThanOrEqual(5)
      expect(retrySeconds).toBeGreaterThanOrEqual(Math.ceil(4.5 - passedSeconds))
    })

    test('takes a full bucket for what costs more than one', async () => {
      const limiter = open({ perSecond: 0.001, burst: 10 })
      await limiter.spend('a', 1_000)
      expect(await isLimited(limiter.spend('a', 1))).toBe(true)
    })

    test('never gives the same points to two that spend at once', async () => {
      const limiter = open({ perSecond: 0.001, burst: 30 })
      const limited = await Promise.all(
        Array.from({ length: 100 }, () => isLimited(limiter.spend('a', 1))),
      )
      expect(limited.filter((each) => !each)).toHaveLength(30)
    })
  })
}
