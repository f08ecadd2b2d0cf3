import { describe, expect, test } from 'vitest'
import { type ExecutedLeg, limitSwap } from '#core/dex/quoting/confirm.ts'
import { createRandom } from '../../../fakes/random.ts'

const leg = (amountOut: bigint): ExecutedLeg => ({
  path: [],
  amountIn: 1_000n,
  amountOut,
  delivered: amountOut,
  sold: amountOut,
})

describe('limits of the legs of an exact-in swap', () => {
  test('add up to the whole, and ask of no leg more than it gives', () => {
    const random = createRandom(3)
    for (let round = 0; round < 500; round++) {
      // Tokens of few units: what rounding loses is then a good part of a leg.
      const legs = Array.from({ length: 1 + random.int(20) }, () => leg(BigInt(1 + random.int(5))))
      const slippageBps = random.int(10_001)
      const { legs: limited, minimumReceived } = limitSwap('in', legs, slippageBps)
      const total = legs.reduce((sum, { amountOut }) => sum + amountOut, 0n)
      expect(minimumReceived).toBe((total * BigInt(10_000 - slippageBps)) / 10_000n)
      expect(limited.reduce((sum, { amountOutMinimum }) => sum + amountOutMinimum, 0n)).toBe(
        minimumReceived,
      )
      for (const { amountOut, amountOutMinimum } of limited)
        expect(amountOutMinimum).toBeLessThanOrEqual(amountOut)
    }
  })
})
