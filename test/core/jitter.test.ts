import { expect, test } from 'vitest'
import { newId } from '#adapters/node/new-id.ts'
import { jittered } from '#core/jitter.ts'

test('a pause is spread over half to one and a half of its length', () => {
  const pauses = Array.from({ length: 500 }, () => jittered(1_000, newId))
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500)
  expect(Math.max(...pauses)).toBeLessThan(1_500)
  expect(new Set(pauses).size).toBeGreaterThan(100)
})
