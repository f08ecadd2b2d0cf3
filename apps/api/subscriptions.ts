import { AppError } from '#core/errors.ts'

/** Each may cost a search of some milliseconds at every block. */
const SUBSCRIPTIONS_MAX = 100

/** The streams of updates that clients have open. */
export type Subscriptions = {
  /**
   * Passes on what `produce` yields until the client leaves or the server stops; `signal` is aborted then. Counted from
   * the first value asked for, since a stream that is never read is never closed either.
   *
   * @throws AppError `unavailable` from the first `next` when there are too many
   */
  open<T>(produce: (signal: AbortSignal) => AsyncGenerator<T, void>): AsyncIterableIterator<T, void>
  /** Ends all of them. */
  end(): void
}

export function createSubscriptions(): Subscriptions {
  const stops = new Set<AbortController>()

  async function* counted<T>(
    produce: (signal: AbortSignal) => AsyncGenerator<T, void>,
    stop: AbortController,
  ): AsyncGenerator<T, void> {
    if (stops.size >= SUBSCRIPTIONS_MAX)
      throw new AppError(
        'unavailable',
        `${SUBSCRIPTIONS_MAX} subscriptions are open, and more are not served; ask again later`,
        { details: { reason: 'busy' }, audience: 'client' },
      )
    stops.add(stop)
    try {
      yield* produce(stop.signal)
    } finally {
      stops.delete(stop)
    }
  }

  return {
    open<T>(produce: (signal: AbortSignal) => AsyncGenerator<T, void>) {
      const stop = new AbortController()
      const values = counted(produce, stop)
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
      for (const stop of stops) stop.abort()
    },
  }
}
