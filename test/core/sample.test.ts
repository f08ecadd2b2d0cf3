import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSampler } from '#core/sample.ts'
import { createRandom } from '../fakes/random.ts'

const sampled = (count: number | undefined, things: number, random: () => number): number[] => {
  const sampler = createSampler<number>(count, random)
  for (let thing = 0; thing < things; thing++) sampler.add(thing)
  return [...sampler.items]
}

test('a sample has as many things as asked for, each once, and all where there are no more', () => {
  fc.assert(
    fc.property(
      fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      fc.integer({ min: 0, max: 200 }),
      fc.integer(),
      (count, things, seed) => {
        const random = createRandom(seed)
        const items = sampled(count, things, () => random.int(1_000_000) / 1_000_000)
        expect(new Set(items).size).toBe(items.length)
        expect(items).toHaveLength(Math.min(count ?? things, things))
        expect(items.every((item) => item >= 0 && item < things)).toBe(true)
      },
    ),
  )
})

test('each thing has the same chance to be in a sample, the first and the last too', () => {
  const random = createRandom(5)
  const counts = Array.from({ length: 20 }, () => 0)
  for (let round = 0; round < 4_000; round++)
    for (const item of sampled(5, 20, () => random.int(1_000_000) / 1_000_000))
      counts[item] = (counts[item] ?? 0) + 1
  // 1,000 each, with a standard deviation of about 27.
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})
