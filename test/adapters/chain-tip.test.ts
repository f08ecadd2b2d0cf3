import { expect, test, vi } from 'vitest'
import { createChainTip } from '#adapters/rpc/chain-tip.ts'
import type { BlockRef } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'

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
  await new Promise((resolve) => setTimeout(resolve, 60))
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
  await new Promise((resolve) => setTimeout(resolve, 30))
  await tip.newest()
  await vi.waitFor(async () => expect(await tip.newest()).toMatchObject(block(1)))
})

test('one that hangs holds an answer up for a moment only, and what was last seen stands in', async () => {
  let isHanging = true
  const source = sourceOf(() =>
    isHanging ? new Promise(() => undefined) : Promise.resolve(block(1)),
  )
  const startedAt = performance.now()
  expect(await createChainTip(source, 1_000).newest()).toBeUndefined()
  expect(performance.now() - startedAt).toBeLessThan(1_000)

  isHanging = false
  const tip = createChainTip(source, 10)
  expect(await tip.newest()).toMatchObject(block(1))
  isHanging = true
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await tip.newest()).toMatchObject(block(1))
})
