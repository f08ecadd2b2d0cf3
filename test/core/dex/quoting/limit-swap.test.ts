import { describe, expect, test } from 'vitest'
import { type ExecutedLeg, limitSwap } from '#core/dex/quoting/limit-swap.ts'
import type { Hop, SwapProtocol } from '#core/dex/routing/route.ts'
import { createRandom } from '../../../fakes/random.ts'

const hop = (protocol: SwapProtocol) => ({ pool: { protocol } }) as unknown as Hop
const leg = (amountOut: bigint, ...protocols: SwapProtocol[]): ExecutedLeg => ({
  path: protocols.map(hop),
  amountIn: 1_000n,
  amountOut,
  delivered: amountOut,
  sold: amountOut,
})
const whole = { arrivesWhole: true, isNativeOut: false }
const taxed = { arrivesWhole: false, isNativeOut: false }

describe('limits of an exact-in swap', () => {
  test('are those of the whole, checked once, where there are several legs', () => {
    const { output, legs, minimumReceived } = limitSwap('in', [leg(600n), leg(400n)], 100, whole)
    expect(minimumReceived).toBe(990n)
    expect(output).toEqual({ kind: 'collected', minimum: 990n, isNative: false })
    expect(legs.map(({ amountOutMinimum }) => amountOutMinimum)).toEqual([0n, 0n])
  })

  test('are each leg’s own where the token might keep a share twice; they add up to the whole', () => {
    const random = createRandom(3)
    for (let round = 0; round < 500; round++) {
      // Tokens of few units: what rounding loses is then a good part of a leg.
      const legs = Array.from({ length: 1 + random.int(20) }, () => leg(BigInt(1 + random.int(5))))
      const slippageBps = random.int(10_001)
      const { legs: limited, minimumReceived, output } = limitSwap('in', legs, slippageBps, taxed)
      const total = legs.reduce((sum, { amountOut }) => sum + amountOut, 0n)
      expect(output).toEqual({ kind: 'recipient' })
      expect(minimumReceived).toBe((total * BigInt(10_000 - slippageBps)) / 10_000n)
      expect(limited.reduce((sum, { amountOutMinimum }) => sum + amountOutMinimum, 0n)).toBe(
        minimumReceived,
      )
      for (const { amountOut, amountOutMinimum } of limited)
        expect(amountOutMinimum).toBeLessThanOrEqual(amountOut)
    }
  })

  test('are checked by the router itself for one leg, unless it has to unwrap', () => {
    expect(limitSwap('in', [leg(600n)], 100, whole).output).toEqual({ kind: 'recipient' })
    const native = { arrivesWhole: true, isNativeOut: true }
    const unwrapped = { kind: 'collected', minimum: 594n, isNative: true }
    expect(limitSwap('in', [leg(600n)], 100, native).output).toEqual(unwrapped)
  })
})

describe('limits of an exact-out swap', () => {
  test.each([
    ['a V2 pool', [leg(600n, 'uniswap-v2')], whole],
    ['both V2 and V3', [leg(600n, 'uniswap-v3', 'uniswap-v2')], whole],
    ['a V3 pool, of a token that may keep a share', [leg(600n, 'uniswap-v3')], taxed],
  ] as const)('have a floor through %s', (_, legs, terms) => {
    const { output } = limitSwap('out', legs, 100, terms)
    expect(output).toEqual({ kind: 'collected', minimum: 600n, isNative: false })
  })

  test('need none through V3 pools, which give exactly what is asked', () => {
    const { output, maximumSent } = limitSwap('out', [leg(600n, 'uniswap-v3')], 100, whole)
    expect(output).toEqual({ kind: 'recipient' })
    expect(maximumSent).toBe(1_010n)
  })
})
