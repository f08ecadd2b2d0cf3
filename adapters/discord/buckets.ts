import { AppError } from '#core/errors.ts'
import type { Clock } from '#core/clock.ts'
import type { DiscordAnswer } from './call.ts'

/** Discord's limits, as its answers tell of them. */
export type Buckets = {
  /**
   * Sends when the limits allow it, and again after a 429.
   *
   * @param route what Discord counts together: the method and the path with the ids of its guild, and of nothing else
   * @throws AppError `rate-limited` with `retryMs` where that is too long to wait for; what `send` throws
   */
  send(route: string, send: () => Promise<DiscordAnswer>): Promise<DiscordAnswer>
}

type Bucket = { left: number; resetAtMs: number }

/** Discord allows 50 requests a second of one bot; some are left to others that share its token. */
const GAP_MS = 25
/** Timers may fire a little early, and what Discord says is rounded. */
const MARGIN_MS = 20
/** Longer waits are for whoever asks, who may have something else to do meanwhile. */
const WAIT_MS_MAX = 2_000
const TRIES_MAX = 4
/** 10,000 answers of 401, 403 or 429 in ten minutes have an address banned; it is given up long before. */
const REFUSALS_MAX = 2_000
const REFUSALS_MS = 600_000
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429])

/**
 * One queue for all requests of a bot: they go one after the other. Which routes share a bucket is learned from
 * `X-RateLimit-Bucket`; a bucket that is empty is waited for, and so is `Retry-After` of a 429, which counts for all
 * routes where it says that it is global.
 */
export function createBuckets(clock: Pick<Clock, 'monotonicMs' | 'sleep'>): Buckets {
  const bucketOf = new Map<string, string>()
  const buckets = new Map<string, Bucket>()
  let refusals: number[] = []
  let allowedAtMs = 0
  let turn: Promise<unknown> = Promise.resolve()

  /** How long nothing may be sent on a route, in milliseconds. */
  function waitOf(route: string): number {
    const nowMs = clock.monotonicMs()
    const bucket = buckets.get(bucketOf.get(route) ?? route)
    const ofBucket = bucket && bucket.left <= 0 ? bucket.resetAtMs - nowMs : 0
    return Math.max(0, allowedAtMs - nowMs, ofBucket)
  }

  async function pass(route: string): Promise<void> {
    const nowMs = clock.monotonicMs()
    refusals = refusals.filter((atMs) => atMs > nowMs - REFUSALS_MS)
    const [oldest] = refusals
    if (oldest !== undefined && refusals.length >= REFUSALS_MAX)
      throw tooMany(oldest + REFUSALS_MS - nowMs)
    const waitMs = waitOf(route)
    if (waitMs > WAIT_MS_MAX) throw tooMany(waitMs)
    if (waitMs > 0) await clock.sleep(waitMs)
    allowedAtMs = Math.max(allowedAtMs, clock.monotonicMs() + GAP_MS)
  }

  function learn(route: string, { status, headers }: DiscordAnswer): void {
    const nowMs = clock.monotonicMs()
    const name = headers.get('x-ratelimit-bucket')
    // The same bucket of another guild is counted apart.
    if (name !== null) bucketOf.set(route, `${name} ${route.split('/')[2] ?? ''}`)
    const [left, seconds] = [
      numberOf(headers, 'x-ratelimit-remaining'),
      numberOf(headers, 'x-ratelimit-reset-after'),
    ]
    if (left !== undefined && seconds !== undefined)
      buckets.set(bucketOf.get(route) ?? route, {
        left,
        resetAtMs: nowMs + seconds * 1_000 + MARGIN_MS,
      })
    if (REFUSALS.has(status)) refusals.push(nowMs)
    if (status !== 429) return
    const resetAtMs = nowMs + (numberOf(headers, 'retry-after') ?? 1) * 1_000 + MARGIN_MS
    if (headers.has('x-ratelimit-global')) allowedAtMs = resetAtMs
    else buckets.set(bucketOf.get(route) ?? route, { left: 0, resetAtMs })
  }

  async function sendInTurn(
    route: string,
    send: () => Promise<DiscordAnswer>,
  ): Promise<DiscordAnswer> {
    for (let tries = 1; ; tries++) {
      // oxlint-disable-next-line no-await-in-loop -- as often as Discord says to come again
      await pass(route)
      // oxlint-disable-next-line no-await-in-loop -- likewise
      const answer = await send()
      learn(route, answer)
      if (answer.status !== 429) return answer
      if (tries === TRIES_MAX) throw tooMany(waitOf(route))
    }
  }

  return {
    send(route, send) {
      const sent = turn.then(() => sendInTurn(route, send))
      turn = sent.catch(() => undefined)
      return sent
    },
  }
}

function numberOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name)
  const value = text === null || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

const tooMany = (retryMs: number): AppError =>
  new AppError('rate-limited', 'discord: it wants to be asked again later', {
    details: { field: 'discord', retryMs: Math.ceil(retryMs) },
  })
