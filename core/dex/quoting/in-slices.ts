import type { Clock } from '#core/clock.ts'

/** Work that is long for a process which serves others meanwhile, in steps. */
export type Steps<T> = Generator<void, T>

/** Works steps off; see `createSlices`. */
export type Slices = <T>(steps: Steps<T>) => Promise<T>

/** For so long nothing else is done. A step is shorter than a millisecond or so. */
const SLICE_MS_MAX = 5

/**
 * One work after the other, in slices with a pause after each: so that requests, timers and the answers of nodes are seen
 * to every few milliseconds, however many works are waiting. What is shorter than a slice is not held up.
 */
export function createSlices(clock: Pick<Clock, 'sleep' | 'monotonicMs'>): Slices {
  let before: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let beganMs = 0

  async function work<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      if (clock.monotonicMs() - beganMs >= SLICE_MS_MAX) {
        // oxlint-disable-next-line no-await-in-loop -- the pause is what it is for
        await clock.sleep(0)
        beganMs = clock.monotonicMs()
      }
      const step = steps.next()
      if (step.done) return step.value
    }
  }

  return async (steps) => {
    if (waiting === 0) beganMs = clock.monotonicMs()
    waiting++
    const turn = before.then(() => work(steps)).finally(() => waiting--)
    before = turn.catch(() => {})
    return turn
  }
}
