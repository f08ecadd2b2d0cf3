import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amount0Down, amount0Up, amount1Down, amount1Up } from '#core/dex/protocols/price-move.ts'
import {
  amountIn,
  amountOut,
  BEYOND_WINDOW,
  feePipsOf,
  largestFill,
  midPrice,
  swap,
} from '#core/dex/protocols/protocols.ts'
import type { ConcentratedState, SwapInput, SwapOutcome } from '#core/dex/protocols/state.ts'
import { stepExactIn } from '#core/dex/protocols/swap-step.ts'
import { SQRT_PRICE_MAX, SQRT_PRICE_MIN, sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { wordOfTick } from '#core/dex/protocols/tick-window.ts'
import { amounts, pools, poolOf, type Position } from './pools.ts'

const RUNS = { numRuns: 1_000, seed: 2 }
const exacts = fc.constantFrom('in' as const, 'out' as const)

type Done = Extract<SwapOutcome, { status: 'filled' | 'partial' }>
const doneOf = (state: ConcentratedState, input: SwapInput): Done | undefined => {
  const outcome = swap(state, input)
  return outcome.status === 'filled' || outcome.status === 'partial' ? outcome : undefined
}
const behind = (outcome: Done): ConcentratedState => outcome.after as ConcentratedState

/** The tokens of all positions at a price, every one of them rounded the same way. */
function holdings(positions: readonly Position[], sqrtPriceX96: bigint, rounded: 'up' | 'down') {
  const [of0, of1] = rounded === 'up' ? [amount0Up, amount1Up] : [amount0Down, amount1Down]
  let [sum0, sum1] = [0n, 0n]
  for (const { lower, upper, liquidity } of positions) {
    const [low, high] = [sqrtPriceAtTick(lower), sqrtPriceAtTick(upper)]
    const price = sqrtPriceX96 < low ? low : sqrtPriceX96 > high ? high : sqrtPriceX96
    sum0 += of0(price, high, liquidity)
    sum1 += of1(low, price, liquidity)
  }
  return [sum0, sum1] as const
}

describe('a pool with any positions', () => {
  test('never pays out more than it has, and can still pay every position', () => {
    const property = fc.property(
      pools,
      amounts,
      fc.boolean(),
      exacts,
      (pool, amount, zeroForOne, exact) => {
        const { state, positions } = pool
        const done = doneOf(state, { zeroForOne, exact, amount })
        if (!done) return
        const [held0, held1] = holdings(positions, state.sqrtPriceX96, 'up')
        const paid = done.amountIn - done.feeAmount
        const [left0, left1] = zeroForOne
          ? [held0 + paid, held1 - done.amountOut]
          : [held0 - done.amountOut, held1 + paid]
        const [owed0, owed1] = holdings(positions, behind(done).sqrtPriceX96, 'down')
        expect(left0 >= owed0 && left1 >= owed1).toBe(true)
      },
    )
    fc.assert(property, RUNS)
  })

  test('never favours a trader who goes there and back, or asks for what an input bought', () => {
    const property = fc.property(pools, amounts, fc.boolean(), ({ state }, amount, zeroForOne) => {
      const done = doneOf(state, { zeroForOne, exact: 'in', amount })
      if (!done || done.amountOut === 0n) return
      const cost = amountIn(state, zeroForOne, done.amountOut)
      expect(cost).toBeLessThanOrEqual(done.amountIn)
      expect(amountOut(state, zeroForOne, cost)).toBeGreaterThanOrEqual(done.amountOut)
      const back = doneOf(behind(done), {
        zeroForOne: !zeroForOne,
        exact: 'in',
        amount: done.amountOut,
      })
      if (back) expect(back.amountOut).toBeLessThanOrEqual(done.amountIn)
    })
    fc.assert(property, RUNS)
  })

  test('never gives less for more, nor more for less', () => {
    const property = fc.property(
      pools,
      amounts,
      amounts,
      fc.boolean(),
      ({ state }, a, b, zeroForOne) => {
        const [less, more] = a < b ? [a, b] : [b, a]
        const bought = amountOut(state, zeroForOne, more)
        if (bought > 0n) expect(amountOut(state, zeroForOne, less)).toBeLessThanOrEqual(bought)
        const cost = amountIn(state, zeroForOne, more)
        if (cost > 0n) expect(amountIn(state, zeroForOne, less)).toBeLessThanOrEqual(cost)
      },
    )
    fc.assert(property, RUNS)
  })

  test('gives the same answers fast, in whatever order they are asked', () => {
    const property = fc.property(
      pools,
      fc.array(amounts, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      ({ state }, drawn, zeroForOne) => {
        const largestIn = largestFill(state, zeroForOne, 'in')
        const largestOut = largestFill({ ...state }, zeroForOne, 'out')
        const near = [largestIn, largestOut, largestIn / 2n, largestOut - 1n, largestOut + 1n]
        for (const amount of [...drawn, ...near]) {
          if (amount <= 0n) continue
          const given = swap(state, { zeroForOne, exact: 'in', amount })
          const wanted = swap(state, { zeroForOne, exact: 'out', amount })
          const [bought, sold] = [{ ticks: -1 }, { ticks: -1 }]
          expect(amountOut(state, zeroForOne, amount, bought)).toBe(
            given.status === 'filled' ? given.amountOut : 0n,
          )
          expect(amountIn(state, zeroForOne, amount, sold)).toBe(
            wanted.status === 'filled' ? wanted.amountIn : 0n,
          )
          expect(bought.ticks).toBe(given.status === 'filled' ? given.ticksCrossed : -1)
          expect(sold.ticks).toBe(wanted.status === 'filled' ? wanted.ticksCrossed : -1)
        }
      },
    )
    fc.assert(property, { ...RUNS, numRuns: 300 })
  })

  test('fills the largest amounts, and no more', () => {
    const property = fc.property(pools, fc.boolean(), exacts, ({ state }, zeroForOne, exact) => {
      const amount = largestFill(state, zeroForOne, exact)
      if (amount > 0n) expect(swap(state, { zeroForOne, exact, amount }).status).toBe('filled')
      const more = swap(state, { zeroForOne, exact, amount: amount + 1n })
      // The least liquidity takes a wei and gives nothing.
      if (amount > 0n) expect(more.status).toBe('partial')
      if (more.status === 'partial')
        expect(exact === 'in' ? more.amountIn : more.amountOut).toBe(amount)
      else expect(more.status).toBe('no-liquidity')
    })
    fc.assert(property, { ...RUNS, numRuns: 300 })
  })
})

describe('a pool of which not all ticks are known', () => {
  const cut = (state: ConcentratedState, fromWord: number, toWord: number): ConcentratedState => {
    const kept = [...state.ticks.indexes.keys()].filter((at) => {
      const word = wordOfTick(state.ticks.indexes[at] as number, state.tickSpacing)
      return word >= fromWord && word <= toWord
    })
    return {
      ...state,
      ticks: {
        fromWord,
        toWord,
        indexes: Int32Array.from(kept, (at) => state.ticks.indexes[at] as number),
        nets: kept.map((at) => state.ticks.nets[at] as bigint),
      },
    }
  }

  /** The word, from the swap's start on in its direction, that is the first not known. */
  function firstUnknown(
    { tick, tickSpacing }: ConcentratedState,
    zeroForOne: boolean,
    fromWord: number,
    toWord: number,
  ): number {
    const start = wordOfTick(zeroForOne ? tick : tick + tickSpacing, tickSpacing)
    if (start < fromWord || start > toWord) return start
    return zeroForOne ? fromWord - 1 : toWord + 1
  }

  test('answers as if all were, or names the word it needs next', () => {
    const seen = { same: 0, beyond: 0 }
    const words = fc.integer({ min: -2, max: 3 })
    const property = fc.property(
      pools,
      amounts,
      fc.boolean(),
      exacts,
      words,
      words,
      ({ state }, amount, zeroForOne, exact, a, b) => {
        const here = wordOfTick(state.tick, state.tickSpacing)
        let [fromWord, toWord] = a < b ? [here + a, here + b] : [here + b, here + a]
        const input = { zeroForOne, exact, amount }
        const whole = swap(state, input)
        const fast = exact === 'in' ? amountOut : amountIn
        // Word by word as it asks for them; the longest way is that of the test's widest spread of positions.
        for (let reads = 0; reads < 12; reads++) {
          const window = cut(state, fromWord, toWord)
          const outcome = swap(window, input)
          if (outcome.status !== 'beyond-window') {
            if ('after' in outcome) {
              expect({ ...outcome, after: { ...outcome.after, ticks: 0 } }).toEqual({
                ...whole,
                after: { ...(whole as Done).after, ticks: 0 },
              })
            } else expect(outcome).toEqual(whole)
            expect(fast(window, zeroForOne, amount)).toBe(fast(state, zeroForOne, amount))
            seen.same++
            return
          }
          seen.beyond++
          expect(fast(window, zeroForOne, amount)).toBe(BEYOND_WINDOW)
          const { word } = outcome
          expect(word).toBe(firstUnknown(state, zeroForOne, fromWord, toWord))
          const largest = largestFill(window, zeroForOne, exact)
          expect(largest < amount).toBe(true)
          if (largest > 0n) expect(fast(window, zeroForOne, largest)).not.toBe(BEYOND_WINDOW)
          fromWord = Math.min(fromWord, word)
          toWord = Math.max(toWord, word)
        }
      },
    )
    fc.assert(property, { ...RUNS, numRuns: 600 })
    expect(Math.min(seen.same, seen.beyond)).toBeGreaterThan(200)
  })
})

const L = 10n ** 18n
const WIDE: Position = { lower: -60_000, upper: 60_000, liquidity: L }
const terms = { tickSpacing: 60, feePips: 3_000, tick: 0 }
const swapIn = (zeroForOne: boolean, amount: bigint): SwapInput => ({
  zeroForOne,
  exact: 'in',
  amount,
})

describe('at the edges', () => {
  test('a price exactly on an initialised tick crosses it downwards, without a wei, and not upwards', () => {
    const state = poolOf(terms, [WIDE, { lower: 0, upper: 600, liquidity: L }])
    expect(state.liquidity).toBe(2n * L)
    const down = doneOf(state, swapIn(true, 1_000n)) as Done
    expect([down.ticksCrossed, behind(down).liquidity]).toEqual([1, L])
    const up = doneOf(state, swapIn(false, 1_000n)) as Done
    expect([up.ticksCrossed, behind(up).liquidity]).toEqual([0, 2n * L])
  })

  test('a pool that a swap downwards left on a tick is one tick below its price, and crosses back', () => {
    const state = poolOf(terms, [WIDE, { lower: -60, upper: 600, liquidity: L }])
    const limited = { ...swapIn(true, L), sqrtPriceLimitX96: sqrtPriceAtTick(-60) }
    const there = doneOf(state, limited) as Done
    expect(there).toMatchObject({
      status: 'partial',
      ticksCrossed: 1,
      after: { tick: -61, liquidity: L },
    })
    const back = doneOf(behind(there), swapIn(false, 1_000n)) as Done
    expect([back.ticksCrossed, behind(back).liquidity]).toEqual([1, 2n * L])
    const on = doneOf(behind(there), swapIn(true, 1_000n)) as Done
    expect([on.ticksCrossed, behind(on).liquidity]).toEqual([0, L])
  })

  test.each([
    ['downwards', true, -256 * 60],
    ['upwards', false, 255 * 60],
  ])(
    'the edge of a word is a step of its own %s, whether a tick is there or not',
    (_, zeroForOne, edge) => {
      const far = zeroForOne ? -30_000 : 30_000
      const target = sqrtPriceAtTick(far)
      const steps: [bigint, bigint][] = []
      for (const stop of [edge, far]) {
        const from = steps.length === 0 ? sqrtPriceAtTick(0) : sqrtPriceAtTick(edge)
        const step = stepExactIn(zeroForOne, from, sqrtPriceAtTick(stop), L, L * L, 3_000n)
        steps.push([step.amountIn + step.feeAmount, step.amountOut])
      }
      const [[in1, out1], [in2, out2]] = steps as [[bigint, bigint], [bigint, bigint]]
      const limited = { ...swapIn(zeroForOne, L * L), sqrtPriceLimitX96: target }
      const plain = doneOf(poolOf(terms, [WIDE]), limited) as Done
      expect([plain.amountIn, plain.amountOut]).toEqual([in1 + in2, out1 + out2])
      const ends = zeroForOne
        ? { lower: edge - 60, upper: edge }
        : { lower: edge, upper: edge + 60 }
      const marked = poolOf(terms, [WIDE, { ...ends, liquidity: 1n }])
      expect(doneOf(marked, limited)?.ticksCrossed).toBe(2)
      // And it matters: in one go the sums are not the same.
      const whole = stepExactIn(zeroForOne, sqrtPriceAtTick(0), target, L, L * L, 3_000n)
      expect([whole.amountIn + whole.feeAmount, whole.amountOut]).not.toEqual([
        plain.amountIn,
        plain.amountOut,
      ])
      // A swap that ends exactly there says so in its tick.
      const stopped = doneOf(poolOf(terms, [WIDE]), {
        ...limited,
        sqrtPriceLimitX96: sqrtPriceAtTick(edge),
      }) as Done
      expect(behind(stopped).tick).toBe(zeroForOne ? edge - 1 : edge)
    },
  )

  test('a gap without liquidity costs nothing to cross', () => {
    const near = { lower: -60, upper: 60, liquidity: L }
    const beyond = { lower: -90_000, upper: -60_000, liquidity: L }
    const state = poolOf(terms, [near, beyond])
    const first = largestFill(poolOf(terms, [near]), true, 'out')
    const all = largestFill(state, true, 'out')
    expect(all).toBeGreaterThan(first)
    const toTheGap = doneOf(state, { zeroForOne: true, exact: 'out', amount: first }) as Done
    expect(behind(toTheGap)).toMatchObject({ tick: -61, liquidity: 0n })
    const across = doneOf(state, { zeroForOne: true, exact: 'out', amount: first + 1n }) as Done
    expect(behind(across)).toMatchObject({ liquidity: L })
    expect(behind(across).sqrtPriceX96).toBeLessThan(sqrtPriceAtTick(-60_000))
    expect(across.ticksCrossed).toBe(2)
    expect(swap(state, swapIn(false, L)).status).toBe('partial')
    expect(swap(poolOf(terms, [beyond]), swapIn(false, L))).toEqual({ status: 'no-liquidity' })
  })

  test('a limit at the edge of a word is found in a gap too', () => {
    const state = poolOf(terms, [{ lower: -60, upper: 60, liquidity: L }])
    const edge = -2 * 256 * 60
    const sqrtPriceLimitX96 = sqrtPriceAtTick(edge)
    const outcome = doneOf(state, { ...swapIn(true, L), sqrtPriceLimitX96 }) as Done
    expect(behind(outcome)).toMatchObject({ sqrtPriceX96: sqrtPriceLimitX96, tick: edge - 1 })
  })

  test('what is offered above all liquidity is not consumed', () => {
    const state = poolOf(terms, [{ lower: -60, upper: 60, liquidity: L }])
    const largest = largestFill(state, true, 'in')
    const outcome = doneOf(state, swapIn(true, 100n * L)) as Done
    expect(outcome).toMatchObject({ status: 'partial', amountIn: largest })
    expect(behind(outcome)).toMatchObject({ sqrtPriceX96: SQRT_PRICE_MIN + 1n, liquidity: 0n })
    expect(amountOut(state, true, 100n * L)).toBe(0n)
    expect(amountIn(state, true, L)).toBe(0n)
  })

  test('a price limit stops a swap exactly there', () => {
    const sqrtPriceLimitX96 = sqrtPriceAtTick(-1_000) + 12_345n
    const outcome = doneOf(poolOf(terms, [WIDE]), { ...swapIn(true, L), sqrtPriceLimitX96 }) as Done
    expect(outcome.status).toBe('partial')
    expect(behind(outcome)).toMatchObject({ sqrtPriceX96: sqrtPriceLimitX96, tick: -1_000 })
  })

  test('one wei is all fee, where there is a fee', () => {
    const state = poolOf({ ...terms, tick: 30 }, [WIDE])
    expect(doneOf(state, swapIn(true, 1n))).toMatchObject({
      status: 'filled',
      amountIn: 1n,
      amountOut: 0n,
      feeAmount: 1n,
      after: { sqrtPriceX96: state.sqrtPriceX96, tick: 30 },
    })
    expect(amountIn(state, true, 1n)).toBe(2n)
    expect(doneOf({ ...state, feePips: 0 }, swapIn(true, 3n))).toMatchObject({ feeAmount: 0n })
  })

  test.each([0, 1, 100, 999_999])('a fee of %i pips is taken of what comes in', (feePips) => {
    const state = poolOf({ ...terms, feePips }, [WIDE])
    const amount = 10n ** 15n
    const { feeAmount } = doneOf(state, swapIn(true, amount)) as Done
    expect(feeAmount).toBe((amount * BigInt(feePips) + 999_999n) / 1_000_000n)
    expect(feePipsOf(state, true)).toBe(feePips)
    const wanted = doneOf(state, { zeroForOne: true, exact: 'out', amount: 10n ** 9n }) as Done
    expect((wanted.feeAmount * 1_000_000n) / wanted.amountIn).toBe(BigInt(feePips))
  })

  test('a fee of everything (V4) buys nothing and moves nothing', () => {
    const state = poolOf({ ...terms, feePips: 1_000_000 }, [WIDE])
    expect(doneOf(state, swapIn(true, L))).toMatchObject({
      status: 'filled',
      amountIn: L,
      amountOut: 0n,
      feeAmount: L,
      after: { sqrtPriceX96: state.sqrtPriceX96 },
    })
    expect(swap(state, { zeroForOne: true, exact: 'out', amount: 1n }).status).toBe('no-liquidity')
    for (const amount of [L, 10n * L, L * L]) expect(amountOut(state, true, amount)).toBe(0n)
    expect(amountIn(state, true, 1n)).toBe(0n)
    expect(largestFill(state, true, 'in')).toBe(0n)
  })

  test("the fee of V4's protocol comes first, and the LP's of what is left", () => {
    const state = poolOf({ ...terms, protocolFeePips: [1_000, 0] }, [WIDE])
    // 1000 + 3000 − 1000·3000 / 10⁶
    expect([feePipsOf(state, true), feePipsOf(state, false)]).toEqual([3_997, 3_000])
    expect(doneOf(state, swapIn(true, 10n ** 15n))?.feeAmount).toBe(3_997n * 10n ** 9n)
  })

  test('at the ends of all prices nothing goes further', () => {
    const everywhere = [{ lower: -887_220, upper: 887_220, liquidity: L }]
    const bottom = poolOf(
      { ...terms, tick: -887_272, sqrtPriceX96: SQRT_PRICE_MIN + 1n },
      everywhere,
    )
    const top = poolOf({ ...terms, tick: 887_271, sqrtPriceX96: SQRT_PRICE_MAX - 1n }, everywhere)
    expect(swap(bottom, swapIn(true, L))).toEqual({ status: 'no-liquidity' })
    expect(swap(top, swapIn(false, L))).toEqual({ status: 'no-liquidity' })
    expect([amountOut(bottom, true, L), amountIn(top, false, 1n)]).toEqual([0n, 0n])
    expect(doneOf(bottom, swapIn(false, 10n ** 30n))?.ticksCrossed).toBe(1)
    expect(doneOf(top, swapIn(true, 10n ** 30n))?.ticksCrossed).toBe(1)
  })

  test('a price at the edge of a word is one tick below it after any swap downwards', () => {
    const state = poolOf(terms, [WIDE])
    expect(doneOf(state, swapIn(true, 1n))).toMatchObject({
      after: { sqrtPriceX96: state.sqrtPriceX96, tick: -1 },
    })
  })

  test('absurd amounts and limits are refused by name', () => {
    const state = poolOf(terms, [WIDE])
    for (const amount of [0n, -1n, 2n ** 255n])
      expect(() => swap(state, swapIn(true, amount))).toThrow(/^amount: /)
    const { sqrtPriceX96 } = state
    const limits: [boolean, bigint][] = [
      [true, sqrtPriceX96],
      [true, sqrtPriceX96 + 1n],
      [true, SQRT_PRICE_MIN],
      [false, sqrtPriceX96],
      [false, sqrtPriceX96 - 1n],
      [false, SQRT_PRICE_MAX],
    ]
    for (const [zeroForOne, sqrtPriceLimitX96] of limits)
      expect(() => swap(state, { ...swapIn(zeroForOne, L), sqrtPriceLimitX96 })).toThrow(
        /^sqrtPriceLimitX96: /,
      )
    expect([amountOut(state, true, 0n), amountIn(state, true, -1n)]).toEqual([0n, 0n])
  })

  test('ticks that do not fit the liquidity are a bug to a swap, and no fill to search', () => {
    const state = { ...poolOf(terms, [{ lower: -600, upper: 60, liquidity: L }]), liquidity: 1n }
    expect(() => swap(state, swapIn(true, L))).toThrow('the ticks fit the liquidity in range')
    expect(amountOut(state, true, L)).toBe(0n)
    const above = { lower: 600, upper: 6_000, liquidity: L }
    const overflowing = { ...poolOf(terms, [above]), liquidity: 2n ** 128n - 1n }
    expect(largestFill(overflowing, false, 'in')).toBe(0n)
  })

  test('a pool without a tick spacing is a bug, rather than a swap without an end', () => {
    const state = { ...poolOf(terms, [WIDE]), tickSpacing: 0 }
    expect(() => swap(state, swapIn(true, L))).toThrow('a tick spacing')
    expect(() => amountOut(state, true, L)).toThrow('a tick spacing')
  })

  test('the middle price is an exact ratio', () => {
    const { numerator, denominator } = midPrice(poolOf({ ...terms, tick: 6_932 }, [WIDE]))
    expect(Number((numerator * 10_000n) / denominator)).toBe(20_000)
  })
})
