import { expect, test } from 'vitest'
import { loadV2Swaps, loadV3Swaps } from './load.ts'

const isAscending = (swaps: readonly { blockNumber: number; logIndex: number }[]): boolean =>
  swaps.every((swap, index) => {
    const before = swaps[index - 1]
    return (
      !before ||
      before.blockNumber < swap.blockNumber ||
      (before.blockNumber === swap.blockNumber && before.logIndex < swap.logIndex)
    )
  })

test('the V2 swaps are in the order of the chain and their reserves add up', async () => {
  const swaps = await loadV2Swaps()
  expect(swaps).toHaveLength(445)
  expect(isAscending(swaps)).toBe(true)
  for (const swap of swaps) {
    expect(swap.reserve0Before + swap.amount0In - swap.amount0Out).toBe(swap.reserve0After)
    expect(swap.reserve1Before + swap.amount1In - swap.amount1Out).toBe(swap.reserve1After)
  }
})

test('a V2 swap of one direction pays out what its flag says', async () => {
  for (const swap of await loadV2Swaps()) {
    if (!swap.singleDirection) {
      expect(swap.outEqualsGetAmountOut997).toBeNull()
      continue
    }
    const [amountIn, amountOut, reserveIn, reserveOut] =
      swap.amount0In > 0n
        ? [swap.amount0In, swap.amount1Out, swap.reserve0Before, swap.reserve1Before]
        : [swap.amount1In, swap.amount0Out, swap.reserve1Before, swap.reserve0Before]
    const withFee = amountIn * 997n
    const amountOutMax = (withFee * reserveOut) / (reserveIn * 1_000n + withFee)
    expect(amountOut === amountOutMax).toBe(swap.outEqualsGetAmountOut997)
    expect(amountOut <= amountOutMax).toBe(swap.feeAdjustedK3permille)
  }
})

test('the V3 swaps are in the order of the chain and each knows the ticks around it', async () => {
  const swaps = await loadV3Swaps()
  expect(swaps).toHaveLength(122)
  expect(isAscending(swaps)).toBe(true)
  for (const swap of swaps) {
    const words = new Set(swap.tickBitmapWordsKnown)
    const ticks = [...swap.initializedTicks.keys()]
    expect(ticks.every((tick) => tick % swap.tickSpacing === 0)).toBe(true)
    expect(ticks.every((tick) => words.has((tick / swap.tickSpacing) >> 8))).toBe(true)
    // Upwards the search begins at the tick above (TickBitmap.nextInitializedTickWithinOneWord).
    const first = Math.floor(swap.before.tick / swap.tickSpacing) + (swap.zeroForOne ? 0 : 1)
    expect(words).toContain(first >> 8)
    expect(swap.before.sqrtPriceX96 > swap.after.sqrtPriceX96).toBe(swap.zeroForOne)
    expect(swap.zeroForOne ? swap.amount0 > 0n : swap.amount1 > 0n).toBe(true)
  }
})

test('the liquidity that a V3 swap ends with follows from the ticks that it crossed', async () => {
  for (const { before, after, initializedTicks, zeroForOne, ticksCrossed } of await loadV3Swaps()) {
    const [low, high] = zeroForOne ? [after.tick, before.tick] : [before.tick, after.tick]
    const crossed = [...initializedTicks].filter(([tick]) => tick > low && tick <= high)
    expect(crossed).toHaveLength(ticksCrossed)
    const net = crossed.reduce((sum, [, liquidityNet]) => sum + (liquidityNet ?? 0n), 0n)
    expect(before.liquidity + (zeroForOne ? -net : net)).toBe(after.liquidity)
  }
})
