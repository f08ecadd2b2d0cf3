import { AppError } from '#core/errors.ts'

/** Each may cost a search of some milliseconds at every block. */
const SUBSCRIPTIONS_MAX = 100
/** So that one client leaves room for others. */
const SUBSCRIPTIONS_OF_ONE_MAX = 20

/** The streams of updates that clients have open. */
export type Subscriptions = {
  /**
   * Passes on what `produce` yields until the client leaves or the server stops; `signal` is aborted then. Counted from
   * the first value asked for, since a stream that is never read is never closed either.
   *
   * @throws AppError `unavailable` from the first `next` when there are too many
   */
  open<T>(
    principal: string,
    produce: (signal: AbortSignal) => AsyncGenerator<T, void>,
  ): AsyncIterableIterator<T, void>
  /** Ends all of them. */
  end(): void
}

const tooMany = (what: string): AppError =>
  new AppError('unavailable', `${what}, and more are not served; ask again later`, {
    details: { reason: 'busy' },
    audience: 'client',
  })

export function createSubscriptions(): Subscriptions {
  /** With whose they are. */
  const stops = new Map<AbortController, string>()

  async function* counted<T>(
    produce: (signal: AbortSignal) => AsyncGenerator<T, void>,
    stop: AbortController,
    principal: string,
  ): AsyncGenerator<T, void> {
    if (stops.size >= SUBSCRIPTIONS_MAX)
      throw tooMany(`${SUBSCRIPTIONS_MAX} subscriptions are open`)
    const own = [...stops.values()].filter((other) => other === principal)
    if (own.length >= SUBSCRIPTIONS_OF_ONE_MAX)
      throw tooMany(`${SUBSCRIPTIONS_OF_ONE_MAX} subscriptions of this client are open`)
    stops.set(stop, principal)
    try {
      yield* produce(stop.signal)
    } finally {
      stops.delete(stop)
    }
  }

  return {
    open<T>(principal: string, produce: (signal: AbortSignal) => AsyncGenerator<T, void>) {
      const stop = new AbortController()
      const values = counted(produce, stop, principal)
      const updates: AsyncIterableIterator<T, void> = {
        next: () => values.next(),
        // A generator that waits ends only when its wait does.
        return() {
          stop.abort()
          return values.return()
        },
        [Symbol.asyncIterator]: () => updates,
      }
      return updates
    },
    end() {
      for (const stop of stops.keys()) stop.abort()
    },
  }
}
