import { describe, expect, test } from 'vitest'
import { createBatcher } from '#core/batch.ts'

/** Time that moves when somebody sleeps. */
function fakeClock() {
  let now = 0
  return {
    monotonicMs: () => now,
    async sleep(ms: number) {
      now += ms
      await Promise.resolve()
    },
  }
}

const open = (pending: () => number, sizeMax = 10) => {
  const calls: number[][] = []
  const ask = createBatcher<number, number>(
    fakeClock(),
    async (items) => {
      calls.push(items)
      return items.map((item) => item * 2)
    },
    { sizeMax, pending, lingerMsMax: 50 },
  )
  return { calls, ask }
}

describe('a batcher', () => {
  test('asks what comes in the same breath together, and gives each its own answer', async () => {
    const { calls, ask } = open(() => 0)
    expect(await Promise.all([ask(1), ask(2), ask(3)])).toEqual([2, 4, 6])
    expect(calls).toEqual([[1, 2, 3]])
  })

  test('does not hold a lone question up', async () => {
    const { calls, ask } = open(() => 1)
    expect(await ask(1)).toBe(2)
    expect(await ask(5)).toBe(10)
    expect(calls).toEqual([[1], [5]])
  })

  test('waits for those who are on their way, but not for ever', async () => {
    let coming = 3
    const { calls, ask } = open(() => coming)
    const first = ask(1)
    await Promise.resolve()
    const rest = [ask(2), ask(3)]
    await Promise.all([first, ...rest])
    expect(calls).toEqual([[1, 2, 3]])
    coming = 100
    expect(await ask(4)).toBe(8)
    expect(calls.at(-1)).toEqual([4])
  })

  test('waits on while others keep coming, so that slow computations are asked for together', async () => {
    const clock = fakeClock()
    const calls: number[][] = []
    const ask = createBatcher<number, number>(
      clock,
      async (items) => {
        calls.push(items)
        return items
      },
      { sizeMax: 5, pending: () => 100, lingerMsMax: 50 },
    )
    const asked = [ask(0)]
    for (let at = 1; at < 5; at++) {
      const comes = clock.monotonicMs() + 40
      // Time moves only while a call waits.
      while (clock.monotonicMs() < comes && calls.length === 0) await Promise.resolve()
      asked.push(ask(at))
    }
    await Promise.all(asked)
    expect(calls).toEqual([[0, 1, 2, 3, 4]])
  })

  test('asks for no more at once than a call takes', async () => {
    const { calls, ask } = open(() => 0, 2)
    expect(await Promise.all([1, 2, 3, 4, 5].map(ask))).toEqual([2, 4, 6, 8, 10])
    expect(calls).toEqual([[1, 2], [3, 4], [5]])
  })

  test('fails all of a call that fails, and nobody else', async () => {
    let isDown = true
    const ask = createBatcher<number, number>(
      fakeClock(),
      async (items) => {
        if (isDown) throw new Error('down')
        return items
      },
      { sizeMax: 10, pending: () => 0, lingerMsMax: 50 },
    )
    expect(await Promise.allSettled([ask(1), ask(2)])).toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ])
    isDown = false
    expect(await ask(3)).toBe(3)
  })
})
