import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amountsBurned, liquidityMinted } from '#core/dex/protocols/constant-product-liquidity.ts'
import {
  amountIn,
  amountOut,
  feePipsOf,
  largestFill,
  midPrice,
  swap,
} from '#core/dex/protocols/protocols.ts'
import { squareRoot } from '#core/dex/protocols/rounding.ts'
import type { ConstantProductState } from '#core/dex/protocols/state.ts'
import { netOfTax } from '#core/dex/protocols/token-tax.ts'
import { amounts, pairs } from './pools.ts'

const UINT112 = 2n ** 112n

const filledOf = (state: ConstantProductState, zeroForOne: boolean, amount: bigint) => {
  const outcome = swap(state, { zeroForOne, exact: 'in', amount })
  return outcome.status === 'filled' ? outcome : undefined
}
const sameAs = { numRuns: 2_000, seed: 1 }

test('a pair never pays out a reserve, and its product does not fall', () => {
  const property = fc.property(
    pairs,
    amounts,
    fc.boolean(),
    fc.constantFrom('in' as const, 'out' as const),
    (state, amount, zeroForOne, exact) => {
      const outcome = swap(state, { zeroForOne, exact, amount })
      if (outcome.status !== 'filled' && outcome.status !== 'partial') return
      const after = outcome.after as ConstantProductState
      expect(after.reserve0 > 0n && after.reserve1 > 0n).toBe(true)
      expect(after.reserve0 < UINT112 && after.reserve1 < UINT112).toBe(true)
      expect(after.reserve0 * after.reserve1).toBeGreaterThanOrEqual(
        state.reserve0 * state.reserve1,
      )
      expect(outcome.status === 'filled').toBe(
        amount === (exact === 'in' ? outcome.amountIn : outcome.amountOut),
      )
    },
  )
  fc.assert(property, sameAs)
})

test('an exact input and the exact output that it buys never favour the trader', () => {
  const property = fc.property(pairs, amounts, fc.boolean(), (state, amount, zeroForOne) => {
    const filled = filledOf(state, zeroForOne, amount)
    if (!filled) return
    const cost = amountIn(state, zeroForOne, filled.amountOut)
    // One more where the division leaves nothing over, for which the pair may have no room.
    expect(cost).toBeLessThanOrEqual(amount + 1n)
    if (cost > 0n)
      expect(amountOut(state, zeroForOne, cost)).toBeGreaterThanOrEqual(filled.amountOut)
    const back = amountOut(filled.after, !zeroForOne, filled.amountOut)
    expect(back).toBeLessThanOrEqual(amount)
  })
  fc.assert(property, sameAs)
})

test('more in never buys less, and more out never costs less', () => {
  const property = fc.property(pairs, amounts, amounts, fc.boolean(), (state, a, b, zeroForOne) => {
    const [less, more] = a < b ? [a, b] : [b, a]
    const bought = amountOut(state, zeroForOne, more)
    if (bought > 0n) expect(amountOut(state, zeroForOne, less)).toBeLessThanOrEqual(bought)
    const cost = amountIn(state, zeroForOne, more)
    if (cost > 0n) expect(amountIn(state, zeroForOne, less)).toBeLessThanOrEqual(cost)
  })
  fc.assert(property, sameAs)
})

test('the fast answers are those of a swap, and 0n where it is not filled', () => {
  const property = fc.property(pairs, amounts, fc.boolean(), (state, amount, zeroForOne) => {
    const given = swap(state, { zeroForOne, exact: 'in', amount })
    const wanted = swap(state, { zeroForOne, exact: 'out', amount })
    expect(amountOut(state, zeroForOne, amount)).toBe(
      given.status === 'filled' ? given.amountOut : 0n,
    )
    expect(amountIn(state, zeroForOne, amount)).toBe(
      wanted.status === 'filled' ? wanted.amountIn : 0n,
    )
  })
  fc.assert(property, sameAs)
})

test('the largest fill can be had, and no more', () => {
  const property = fc.property(pairs, fc.boolean(), (state, zeroForOne) => {
    const exacts = [
      ['in', amountOut],
      ['out', amountIn],
    ] as const
    for (const [exact, quote] of exacts) {
      const largest = largestFill(state, zeroForOne, exact)
      if (largest > 0n) expect(quote(state, zeroForOne, largest)).toBeGreaterThan(0n)
      expect(quote(state, zeroForOne, largest + 1n)).toBe(0n)
    }
  })
  fc.assert(property, sameAs)
})

test('the largest output leaves room for the one that the router adds', () => {
  const state: ConstantProductState = {
    kind: 'constant-product',
    reserve0: 1_000n,
    reserve1: UINT112 - 1n,
    feePips: 0,
  }
  // All that still fits in buys as much, without a rest, so that it would cost one more.
  const amountInMax = UINT112 - 1_001n
  expect(amountOut(state, true, amountInMax)).toBe(amountInMax)
  expect(largestFill(state, true, 'out')).toBe(amountInMax - 1n)
})

const PAIR: ConstantProductState = {
  kind: 'constant-product',
  reserve0: 1_000_000n,
  reserve1: 5_000_000n,
  feePips: 3_000,
}

test('amounts are those of a calculation by hand', () => {
  // 1000 · 0.997 = 997; 997 · 5,000,000 / 1,000,997 = 4980.03…
  expect(amountOut(PAIR, true, 1_000n)).toBe(4_980n)
  // 1,000,000 · 4980 / (4,995,020 · 0.997) = 999.99…, and 1.
  expect(amountIn(PAIR, true, 4_980n)).toBe(1_000n)
  expect(midPrice(PAIR)).toEqual({ numerator: 5_000_000n, denominator: 1_000_000n })
  expect(feePipsOf(PAIR, true)).toBe(3_000)
  expect(swap(PAIR, { zeroForOne: true, exact: 'in', amount: 1_000n })).toEqual({
    status: 'filled',
    amountIn: 1_000n,
    amountOut: 4_980n,
    feeAmount: 3n,
    after: { ...PAIR, reserve0: 1_001_000n, reserve1: 4_995_020n },
    ticksCrossed: 0,
  })
})

test('an exact output always costs one more than the division says, as the router asks', () => {
  const even = { ...PAIR, reserve0: 100n, reserve1: 200n, feePips: 0 }
  // 100 · 100 / (200 − 100) is 100 exactly.
  expect(amountIn(even, true, 100n)).toBe(101n)
})

test('one wei buys what it is worth, or nothing', () => {
  expect(amountOut({ ...PAIR, feePips: 0 }, true, 1n)).toBe(4n)
  expect(swap(PAIR, { zeroForOne: false, exact: 'in', amount: 1n })).toEqual({
    status: 'no-liquidity',
  })
  const nearlyAll = { ...PAIR, feePips: 999_999 }
  expect(amountOut(nearlyAll, true, 1_000_000n)).toBe(4n)
})

test('a pair without reserves, or filled to the brim, swaps nothing', () => {
  const empty = { ...PAIR, reserve0: 0n, reserve1: 0n }
  const full = { ...PAIR, reserve0: UINT112 - 1n }
  for (const state of [empty, full]) {
    expect(swap(state, { zeroForOne: true, exact: 'in', amount: 10n ** 9n }).status).toBe(
      'no-liquidity',
    )
    expect(amountOut(state, true, 10n ** 9n)).toBe(0n)
    expect(largestFill(state, true, 'out')).toBe(0n)
  }
})

test('absurd amounts are refused by name', () => {
  for (const amount of [0n, -1n, 2n ** 256n])
    expect(() => swap(PAIR, { zeroForOne: true, exact: 'in', amount })).toThrow(/^amount: /)
  expect([amountOut(PAIR, true, 0n), amountIn(PAIR, true, -1n)]).toEqual([0n, 0n])
})

test('liquidity that is minted and burnt at once never favours the provider', () => {
  const holdings = fc.record({ reserve0: amounts, reserve1: amounts, totalSupply: amounts })
  const property = fc.property(holdings, amounts, amounts, (pool, amount0, amount1) => {
    const liquidity = liquidityMinted(pool, amount0, amount1)
    const after = {
      reserve0: pool.reserve0 + amount0,
      reserve1: pool.reserve1 + amount1,
      totalSupply: pool.totalSupply + liquidity,
    }
    const [back0, back1] = amountsBurned(after, liquidity)
    expect(back0 <= amount0 && back1 <= amount1).toBe(true)
  })
  fc.assert(property, sameAs)
  const nothing = { reserve0: 0n, reserve1: 0n, totalSupply: 0n }
  expect(liquidityMinted(nothing, 4_000n, 9_000n)).toBe(5_000n)
  expect(liquidityMinted(nothing, 1_000n, 1_000n)).toBe(0n)
})

test('a tax is rounded in favour of the receiver', () => {
  expect(netOfTax(199n, 100)).toBe(198n)
  expect(netOfTax(99n, 100)).toBe(99n)
  expect(netOfTax(10n ** 18n, 0)).toBe(10n ** 18n)
})

test('square roots are whole and rounded down', () => {
  const property = fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
    const root = squareRoot(value)
    expect(root * root <= value && value < (root + 1n) * (root + 1n)).toBe(true)
  })
  fc.assert(property, sameAs)
  for (const root of [0n, 1n, 2n, 3n, 2n ** 64n, 2n ** 128n - 1n])
    expect([squareRoot(root * root), squareRoot(root * root + 2n * root)]).toEqual([root, root])
})
