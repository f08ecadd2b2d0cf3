import { AppError } from '#core/errors.ts'

/**
 * Lets requests begin one after the other, each in a turn of the event loop of its own: however many arrive at once,
 * probes and answers that are ready go out between two of them. Principals take turns, so that one with a thousand
 * requests waiting delays another by one of them at most.
 */
export type Turns = {
  /**
   * Resolves when it is this request's turn.
   *
   * @throws AppError `unavailable` with the reason `busy` where too many wait already
   */
  take(principal: string): Promise<void>
}

/** Of one principal: what a page of an application asks for at once, several times over. */
const WAITING_OF_ONE_MAX = 200
/** Of all: some seconds' work. */
const WAITING_MAX = 2_000

/** @param defer runs a function in a later turn of the event loop */
export function createTurns(defer: (run: () => void) => void = setImmediate): Turns {
  /** In the order of their next turns. */
  const waiting = new Map<string, (() => void)[]>()
  let count = 0
  let isRunning = false

  function next(): void {
    for (const [principal, queue] of waiting) {
      const begin = queue.shift()
      waiting.delete(principal)
      if (queue.length > 0) waiting.set(principal, queue)
      count--
      begin?.()
      break
    }
    if (count > 0) defer(next)
    else isRunning = false
  }

  return {
    take(principal) {
      const queue = waiting.get(principal) ?? []
      if (queue.length >= WAITING_OF_ONE_MAX || count >= WAITING_MAX)
        return Promise.reject(
          new AppError('unavailable', 'too many requests are waiting already; ask again later', {
            details: { reason: 'busy' },
            audience: 'client',
          }),
        )
      const { promise, resolve } = Promise.withResolvers<void>()
      queue.push(resolve)
      waiting.set(principal, queue)
      count++
      if (!isRunning) {
        isRunning = true
        defer(next)
      }
      return promise
    },
  }
}
