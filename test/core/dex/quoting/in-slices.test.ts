import { expect, test } from 'vitest'
import { createSlices, type Steps } from '#core/dex/quoting/in-slices.ts'

/** Time that moves by a millisecond with each step of a work. */
function world() {
  let now = 0
  const seen: string[] = []
  const clock = {
    monotonicMs: () => now,
    async sleep() {
      seen.push('pause')
      await Promise.resolve()
    },
  }
  function* work(name: string, steps: number): Steps<string> {
    for (let at = 0; at < steps; at++) {
      now++
      seen.push(name)
      yield
    }
    return name
  }
  return { seen, work, slices: createSlices(clock) }
}

test('long works pause every few milliseconds, also from one to the next', async () => {
  const { seen, work, slices } = world()
  expect(await Promise.all([slices(work('a', 7)), slices(work('b', 7))])).toEqual(['a', 'b'])
  const longest = seen
    .join(' ')
    .split('pause')
    .map((slice) => slice.trim().split(' ').length)
  expect(Math.max(...longest)).toBeLessThanOrEqual(5)
  expect(seen.filter((each) => each !== 'pause').join('')).toBe('aaaaaaabbbbbbb')
})

test('a short work does not pause, and one that fails does not stop the next', async () => {
  const { seen, work, slices } = world()
  await slices(work('a', 3))
  expect(seen).toEqual(['a', 'a', 'a'])
  const failing = slices(
    (function* (): Steps<void> {
      yield
      throw new Error('broken')
    })(),
  )
  const next = slices(work('b', 1))
  await expect(failing).rejects.toThrow('broken')
  expect(await next).toBe('b')
})
