import { expect, test } from 'vitest'
import { createMemoryRangeQueue } from '#adapters/memory/range-queue.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newStopper } from '#adapters/node/stopper.ts'
import type { Clock } from '#core/clock.ts'
import type { RangeQueue } from '#core/indexing/ranges/ports.ts'
import { runWorker } from '#core/indexing/ranges/run-worker.ts'
import { workRangesIn } from '#core/indexing/ranges/work-ranges.ts'
import { createMemoryRangeTable } from '../../../fakes/range-table.ts'

const RANGES = 12
const SIZE = 10

/** Whatever is put up for others, nobody hears of it. */
const silent: RangeQueue = {
  announce: async () => undefined,
  work: () => ({ close: async () => undefined }),
}

test.each([1, 3])(
  'without hints, %i at once: who has ended a range takes the next without a pause',
  async (concurrency) => {
    const { ranges } = createMemoryRangeTable()
    await ranges.plan('plan', workRangesIn([{ from: 0, to: RANGES * SIZE - 1 }], SIZE))
    let pauses = 0
    // A pause never ends by itself.
    const clock: Clock = {
      ...systemClock,
      async sleep(_ms, cancel) {
        await systemClock.sleep(60_000, cancel)
        if (!(cancel as AbortSignal).aborted) pauses++
      },
    }
    const done: number[] = []
    const stop = newStopper()
    const collect = async function* () {
      await systemClock.sleep(1)
      yield []
    }
    await runWorker(
      { ranges, queue: silent, clock, newId: () => 'id', newStopper },
      {
        plan: 'plan',
        owner: 'a',
        concurrency,
        collector: { collect },
        onRange({ from }) {
          done.push(from)
          if (done.length === RANGES) stop.stop()
        },
      },
      stop.cancel,
    )
    expect(done.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: RANGES }, (_, index) => index * SIZE),
    )
    expect(pauses).toBe(0)
  },
  20_000,
)

test('without hints: what others plan is found soon by who has just begun, and who finds nothing for long rarely looks', async () => {
  const { ranges } = createMemoryRangeTable()
  const [plannedAt, until] = [400, 120_000]
  let now = 0
  let looks = 0
  const found: number[] = []
  const stop = newStopper()
  const clock: Clock = {
    ...systemClock,
    async sleep(ms, cancel) {
      // Who renews a lease sleeps for longer than who looks, and until the work is done.
      if (ms > 5_000) return systemClock.sleep(ms, cancel)
      const before = now
      now += ms
      looks++
      if (before < plannedAt && now >= plannedAt)
        await ranges.plan('plan', workRangesIn([{ from: 0, to: SIZE - 1 }], SIZE))
      if (now > until) stop.stop()
      return undefined
    },
  }
  const collect = async function* () {
    found.push(now)
    yield []
  }
  await runWorker(
    { ranges, queue: silent, clock, newId: () => 'id', newStopper },
    { plan: 'plan', owner: 'a', concurrency: 1, collector: { collect } },
    stop.cancel,
  )
  expect(found).toHaveLength(1)
  expect(found[0]).toBeLessThan(plannedAt * 3)
  expect(looks).toBeLessThan(150)
})

test.each([1, 3])(
  'of ranges that it is told of, and of those that it finds, it collects no more than %i at once',
  async (concurrency) => {
    const { ranges } = createMemoryRangeTable()
    const work = workRangesIn([{ from: 0, to: RANGES * SIZE - 1 }], SIZE)
    await ranges.plan('plan', work)
    const queue = createMemoryRangeQueue()
    await queue.announce('plan', work)
    let [active, most, done] = [0, 0, 0]
    const stop = newStopper()
    const collect = async function* () {
      most = Math.max(most, ++active)
      await systemClock.sleep(1)
      active--
      yield []
    }
    await runWorker(
      { ranges, queue, clock: systemClock, newId: () => 'id', newStopper },
      {
        plan: 'plan',
        owner: 'a',
        concurrency,
        collector: { collect },
        onRange() {
          if (++done === RANGES) stop.stop()
        },
      },
      stop.cancel,
    )
    expect([most, done]).toEqual([concurrency, RANGES])
  },
)

test('a bug ends it, and is told to who runs it alone', async () => {
  const { ranges } = createMemoryRangeTable()
  await ranges.plan('plan', workRangesIn([{ from: 0, to: SIZE - 1 }], SIZE))
  const collect = async function* () {
    yield []
    throw new TypeError('a bug')
  }
  const told: unknown[] = []
  const listen = (error: unknown): void => void told.push(error)
  process.on('unhandledRejection', listen)
  const running = runWorker(
    { ranges, queue: silent, clock: systemClock, newId: () => 'id', newStopper },
    { plan: 'plan', owner: 'a', concurrency: 1, collector: { collect } },
    newStopper().cancel,
  )
  await expect(running).rejects.toThrow('a bug')
  await systemClock.sleep(1)
  process.off('unhandledRejection', listen)
  expect(told).toEqual([])
  expect(await ranges.list('plan')).toMatchObject([{ state: 'open', reason: 'stopped' }])
})
