import type { Clock } from './clock.ts'

export type BatchLimits = {
  /** Items that one call takes. */
  readonly sizeMax: number
  /** How many askers are on their way: a call waits for them, but not for long. */
  readonly pending: () => number
  /** For how long it waits since the last of them came. */
  readonly lingerMsMax: number
}

/** So many times `lingerMsMax` is the longest that it waits for all of them together. */
const LINGERS_MAX = 10

/** How often a call that waits looks whether all have come. */
const LOOK_MS = 1

/**
 * Questions that come one by one, asked together. A lone question is not held up; in a storm a call waits until it is
 * full, or nobody has come for a while.
 *
 * @param run answers in the order of its items
 */
export function createBatcher<Item, Answer>(
  clock: Pick<Clock, 'sleep' | 'monotonicMs'>,
  run: (items: Item[]) => Promise<readonly Answer[]>,
  { sizeMax, pending, lingerMsMax }: BatchLimits,
): (item: Item) => Promise<Answer> {
  type Waiting = { readonly item: Item } & Pick<
    PromiseWithResolvers<Answer>,
    'promise' | 'resolve' | 'reject'
  >
  let waiting: Waiting[] = []
  let isDue = false

  async function flush(): Promise<void> {
    // What is asked in the same breath goes along in any case.
    await clock.sleep(0)
    const until = clock.monotonicMs() + lingerMsMax * LINGERS_MAX
    let come = waiting.length
    let due = clock.monotonicMs() + lingerMsMax
    while (waiting.length < Math.min(pending(), sizeMax)) {
      const now = clock.monotonicMs()
      if (waiting.length > come) due = now + lingerMsMax
      come = waiting.length
      if (now >= Math.min(due, until)) break
      // oxlint-disable-next-line no-await-in-loop -- it waits
      await clock.sleep(LOOK_MS)
    }
    const batch = waiting.splice(0, sizeMax)
    isDue = false
    if (waiting.length > 0) schedule()
    try {
      const answers = await run(batch.map(({ item }) => item))
      batch.forEach(({ resolve }, index) => resolve(answers[index] as Answer))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  function schedule(): void {
    if (isDue) return
    isDue = true
    void flush()
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.push({ item, promise, resolve, reject })
    schedule()
    return promise
  }
}
