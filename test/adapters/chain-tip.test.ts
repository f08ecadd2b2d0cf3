import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createChainTip } from '#adapters/rpc/chain-tip.ts'
import type { BlockRef } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const block = (number: number): BlockRef => ({ number, hash: `0x${'1'.repeat(64)}` })

function sourceOf(answer: () => Promise<BlockRef>) {
  const head = vi.fn(async () => ({
    latest: { ...(await answer()), timestamp: 0 },
    finalized: block(0),
  }))
  return { head }
}

test('the newest block is asked for once in its time, however many want it', async () => {
  let number = 1
  const source = sourceOf(async () => block(number))
  const tip = createChainTip(source, 50)
  const all = await Promise.all(Array.from({ length: 10 }, () => tip.newest()))
  expect(all).toMatchObject(Array.from({ length: 10 }, () => block(1)))
  expect(source.head).toHaveBeenCalledTimes(1)
  number = 2
  await vi.advanceTimersByTimeAsync(60)
  expect(await tip.newest()).toMatchObject(block(2))
  expect(source.head).toHaveBeenCalledTimes(2)
})

test('a chain that cannot be asked has no newest block, costs nobody time, and comes back', async () => {
  let isAway = true
  const source = sourceOf(async () => {
    if (isAway) throw new AppError('unavailable', 'away')
    return block(1)
  })
  const tip = createChainTip(source, 20)
  expect(await tip.newest()).toBeUndefined()
  expect(await tip.newest()).toBeUndefined()
  expect(source.head).toHaveBeenCalledTimes(1)
  isAway = false
  await vi.advanceTimersByTimeAsync(30)
  expect(await tip.newest()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(0)
  expect(await tip.newest()).toMatchObject(block(1))
})

test('one that hangs holds an answer up for a moment only, and what was last seen stands in', async () => {
  let isHanging = true
  const source = sourceOf(() =>
    isHanging ? new Promise(() => undefined) : Promise.resolve(block(1)),
  )
  const answer = createChainTip(source, 1_000).newest()
  await vi.advanceTimersByTimeAsync(999)
  expect(await Promise.race([answer, Promise.resolve('still waits')])).toBeUndefined()

  isHanging = false
  const tip = createChainTip(source, 10)
  expect(await tip.newest()).toMatchObject(block(1))
  isHanging = true
  await vi.advanceTimersByTimeAsync(20)
  const late = tip.newest()
  await vi.advanceTimersByTimeAsync(999)
  expect(await late).toMatchObject(block(1))
})
