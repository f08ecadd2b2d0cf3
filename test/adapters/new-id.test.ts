import { expect, test } from 'vitest'
import { newId } from '#adapters/node/new-id.ts'

test('an id can be given to a command: none begins as an option does', () => {
  const ids = Array.from({ length: 5_000 }, newId)
  expect(ids.filter((id) => !/^\w[\w-]{10}$/.test(id))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})
