import type { View } from '#core/history/head.ts'
import type { CommitPorts } from './commit-ports.ts'
import { tidyUp } from './sweep.ts'

/** Tidies up behind moves of the head while the next blocks are being committed. */
export type TidyBehind = {
  /** To be told of each move of the head. `horizon` as `tidyUp` has it. */
  after(view: View, horizon: number): void
  /** The blocks up to this one are settled as far as was seen here; -1: none. */
  settledTo(): number
  /** Waits until nothing is under way, whether or not it came about. */
  ended(): Promise<void>
  /** Waits until nothing is left to do. @throws what it has failed at since it was asked the last time */
  done(): Promise<void>
  /** @throws what it has failed at since it was asked the last time */
  check(): void
  /** Drops what was seen: the head is about to be read anew. */
  forget(): Promise<void>
}

/**
 * One move at a time: where several wait, the newest does the work of all, since a sweep reaches as far as its horizon.
 * What fails is done again behind the next move, or when the head is opened.
 */
export function createTidyBehind(ports: CommitPorts): TidyBehind {
  let next: { readonly view: View; readonly horizon: number } | undefined
  let running: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  let settledTo = -1

  async function run(): Promise<void> {
    try {
      while (next) {
        const { view, horizon } = next
        next = undefined
        // oxlint-disable-next-line no-await-in-loop -- one after another by design
        const settled = await ports.heads.asOneAnswer(() => tidyUp(ports, view, horizon))
        settledTo = settled.floor.number
      }
    } catch (error) {
      next = undefined
      failure = { error }
    } finally {
      running = undefined
    }
  }

  function check(): void {
    const failed = failure
    failure = undefined
    if (failed) throw failed.error
  }

  return {
    after(view, horizon) {
      next = { view, horizon }
      running ??= run()
    },
    settledTo: () => settledTo,
    async ended() {
      await running
    },
    async done() {
      await running
      check()
    },
    check,
    async forget() {
      await running
      failure = undefined
      settledTo = -1
    },
  }
}
