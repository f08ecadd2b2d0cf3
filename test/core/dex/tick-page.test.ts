import { expect, test } from 'vitest'
import { decodeTicks, encodeTicks, moveTick, type TickSums } from '#core/dex/tick-page.ts'

test('a tick that more is taken from than there was begins anew, stored in between or not', () => {
  const took = new Map<number, TickSums>()
  moveTick(took, 10, 5n, 5n)
  moveTick(took, 10, -8n, -8n)
  const stored = decodeTicks(encodeTicks(took))
  for (const ticks of [took, stored]) moveTick(ticks, 10, 7n, -7n)
  expect(encodeTicks(took)).toBe('10:7:-7')
  expect(encodeTicks(stored)).toBe('10:7:-7')
})
