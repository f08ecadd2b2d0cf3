import { createBatcher } from '#core/batch.ts'
import type { Clock } from '#core/clock.ts'
import { isAppError } from '#core/errors.ts'
import type { OwnerReader } from './ports.ts'

/** Whether a block was made at a time or before it, in seconds since 1970; undefined where no node tells. */
export type WasMadeBy = (number: number, time: number) => Promise<boolean | undefined>

type Question = { readonly number: number; readonly time: number }

/**
 * Blocks are in the order of their times: of all that are asked about together, the one in the middle answers for half of
 * the others. So a thousand blocks take ten questions to a node, and one takes one.
 */
export function createBlockAges(
  owners: Pick<OwnerReader, 'timestamps'>,
  clock: Pick<Clock, 'sleep' | 'monotonicMs'>,
): WasMadeBy {
  const known = new Map<number, number>()

  async function timestampOf(number: number): Promise<number> {
    const time = known.get(number) ?? (await owners.timestamps([number]))[0]
    if (time === undefined) throw new Error('a node answers each question')
    known.set(number, time)
    return time
  }

  /** How many of these blocks, which ascend, were made by a time. */
  async function countMadeBy(numbers: readonly number[], time: number): Promise<number> {
    let [low, high] = [0, numbers.length]
    while (low < high) {
      const middle = (low + high) >> 1
      // oxlint-disable-next-line no-await-in-loop -- the next question depends on this answer
      if ((await timestampOf(numbers[middle] as number)) <= time) low = middle + 1
      else high = middle
    }
    return low
  }

  async function answer(questions: readonly Question[]): Promise<(boolean | undefined)[]> {
    const newest = new Map<number, number>()
    try {
      for (const time of new Set(questions.map((each) => each.time))) {
        const asked = questions.filter((each) => each.time === time).map(({ number }) => number)
        const numbers = [...new Set(asked)].toSorted((a, b) => a - b)
        // oxlint-disable-next-line no-await-in-loop -- a rule names few times
        const count = await countMadeBy(numbers, time)
        newest.set(time, numbers[count - 1] ?? -1)
      }
    } catch (error) {
      if (!isAppError(error, 'unavailable')) throw error
      return questions.map(() => undefined)
    }
    return questions.map(({ number, time }) => number <= (newest.get(time) as number))
  }

  const batched = createBatcher(clock, answer, {
    sizeMax: Number.MAX_SAFE_INTEGER,
    pending: () => 0,
    lingerMsMax: 0,
  })
  return (number, time) => batched({ number, time })
}
