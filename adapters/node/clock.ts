import type { Cancel, Clock } from '#core/clock.ts'

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(ms, cancel?: Cancel) {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (cancel?.aborted) return Promise.resolve()
    // Just the next turn of the event loop.
    if (ms === 0) return new Promise((done) => setImmediate(done))
    const timer = setTimeout(finish, ms)
    const signal = cancel instanceof AbortSignal ? cancel : undefined
    signal?.addEventListener('abort', finish, { once: true })
    function finish(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    return promise
  },
}
