import { AppError } from '#core/errors.ts'

/** What a principal may cost, in points: an answer out of memory is one, a quote some dozens. */
export type Rate = {
  /** What comes back each second. */
  readonly perSecond: number
  /** What may be spent at once. */
  readonly burst: number
}

/** @param missing how many points are not there */
export function rateLimited(missing: number, { perSecond }: Rate): AppError {
  const retrySeconds = Math.max(1, Math.ceil(missing / perSecond))
  return new AppError(
    'rate-limited',
    `this client has asked for more than its share; ask again in ${retrySeconds} s`,
    { details: { retrySeconds }, audience: 'client' },
  )
}
