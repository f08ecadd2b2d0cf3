import { expect, test } from 'vitest'
import { createChunkPlan, unknownChunkSize } from '#core/indexing/chunk-plan.ts'

const LOGS_OF_A_BLOCK = 4

/** The lengths of the chunks that a range is read in, each learned from before the next is begun. */
function lengthsOf(from: number, blocks: number, size = unknownChunkSize()): number[] {
  const plan = createChunkPlan([{ from, to: from + blocks - 1 }], size)
  const lengths: number[] = []
  for (let chunk = plan.next(); chunk; chunk = plan.next()) {
    const length = chunk.to - chunk.from + 1
    lengths.push(length)
    plan.learn(length, length * LOGS_OF_A_BLOCK)
  }
  return lengths
}

test('chunks get longer until they have as many logs as one request aims at', () => {
  expect(lengthsOf(0, 4_000)).toEqual([16, 32, 64, 128, 256, 512, 1_000, 1_000, 992])
})

test('what one range has taught holds for the next, also where the range was shorter than that', () => {
  const size = unknownChunkSize()
  expect(lengthsOf(0, 250, size)).toEqual([16, 32, 64, 128, 10])
  expect(lengthsOf(250, 250, size)).toEqual([250])
  expect(lengthsOf(500, 100, size)).toEqual([100])
  expect(lengthsOf(600, 2_000, size)).toEqual([500, 1_000, 500])
})

test('a chunk with more logs than that makes the next ones shorter', () => {
  const size = { blocks: 1_000 }
  const plan = createChunkPlan([{ from: 0, to: 9_999 }], size)
  plan.next()
  plan.learn(1_000, 40_000)
  expect(plan.next()).toEqual({ from: 1_000, to: 1_099 })
})

test('what a range with few logs teaches does not undo at once what one with many has taught', () => {
  const size = { blocks: 2_000 }
  const many = createChunkPlan([{ from: 0, to: 9_999 }], size)
  const few = createChunkPlan([{ from: 10_000, to: 19_999 }], size)
  many.next()
  few.next()
  many.learn(2_000, 800_000)
  few.learn(2_000, 0)
  expect(many.next()).toEqual({ from: 2_000, to: 2_019 })
  few.learn(20, 0)
  expect(few.next()).toEqual({ from: 12_000, to: 12_039 })
})
