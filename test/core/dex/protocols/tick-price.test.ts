import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  priceAfterAmount0In,
  priceAfterAmount0Out,
  priceAfterAmount1In,
  priceAfterAmount1Out,
} from '#core/dex/protocols/price-move.ts'
import { divUp, squareRoot } from '#core/dex/protocols/rounding.ts'
import {
  SQRT_PRICE_MAX,
  SQRT_PRICE_MIN,
  sqrtPriceAtTick,
  TICK_MAX,
  TICK_MIN,
  tickAtSqrtPrice,
} from '#core/dex/protocols/tick-price.ts'
import { wordOfTick, wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'

const powers = Array.from({ length: 20 }, (_, bit) => 2 ** bit)

test('prices of ticks are powers of the root of 1.0001, as far as 96 bits tell', () => {
  // √(1/1.0001) in 400 bits, squared for each power of two. Above 0 the reciprocals have fewer bits that are right.
  const BITS = 400n
  let factor = squareRoot((10_000n << (2n * BITS)) / 10_001n)
  for (const tick of powers) {
    const difference = sqrtPriceAtTick(-tick) - (factor >> (BITS - 96n))
    expect(difference >= 0n && difference <= 1n).toBe(true)
    factor = (factor * factor) >> BITS
  }
  expect(sqrtPriceAtTick(0)).toBe(2n ** 96n)
  expect([sqrtPriceAtTick(TICK_MIN), sqrtPriceAtTick(TICK_MAX)]).toEqual([
    SQRT_PRICE_MIN,
    SQRT_PRICE_MAX,
  ])
})

test('the tick of a price is the last one that is not above it', () => {
  const edges = [TICK_MIN, TICK_MIN + 1, -1, 0, 1, TICK_MAX - 1]
  for (const tick of [...edges, ...powers, ...powers.map((power) => -power)]) {
    const price = sqrtPriceAtTick(tick)
    expect(tickAtSqrtPrice(price)).toBe(tick)
    expect(tickAtSqrtPrice(sqrtPriceAtTick(tick + 1) - 1n)).toBe(tick)
    if (tick > TICK_MIN) expect(tickAtSqrtPrice(price - 1n)).toBe(tick - 1)
  }
  const property = fc.property(
    fc.bigInt({ min: SQRT_PRICE_MIN, max: SQRT_PRICE_MAX - 1n }),
    fc.integer({ min: 0, max: 127 }),
    (drawn, shift) => {
      const lowered = drawn >> BigInt(shift)
      const price = lowered < SQRT_PRICE_MIN ? SQRT_PRICE_MIN : lowered
      const tick = tickAtSqrtPrice(price)
      expect(sqrtPriceAtTick(tick) <= price && price < sqrtPriceAtTick(tick + 1)).toBe(true)
    },
  )
  fc.assert(property, { numRuns: 2_000, seed: 3 })
})

test('words of the bitmap are rounded towards the lower tick', () => {
  expect([wordOfTick(-1, 60), wordOfTick(-256 * 60, 60), wordOfTick(-256 * 60 - 1, 60)]).toEqual([
    -1, -1, -2,
  ])
  expect([wordOfTick(0, 60), wordOfTick(256 * 60 - 1, 60), wordOfTick(256 * 60, 60)]).toEqual([
    0, 0, 1,
  ])
  expect(wordsOfSpacing(1)).toEqual({ fromWord: -3_466, toWord: 3_465 })
})

const PRICE = 2n ** 96n
const L = 10n ** 18n

test('the next price is rounded in favour of the pool, and what is not there cannot go out', () => {
  expect(priceAfterAmount0In(PRICE, L, 0n)).toBe(PRICE)
  // 2^96 · 10^18 / (10^18 + 1), up; 2^96 / 10^18, down.
  expect(priceAfterAmount0In(PRICE, L, 1n)).toBe(divUp(PRICE * L, L + 1n))
  expect(priceAfterAmount0Out(PRICE, L, 1n)).toBe(divUp(PRICE * L, L - 1n))
  expect(priceAfterAmount1In(PRICE, L, 1n)).toBe(PRICE + PRICE / L)
  expect(priceAfterAmount1Out(PRICE, L, 1n)).toBe(PRICE - PRICE / L - 1n)
  expect(priceAfterAmount0Out(PRICE, L, L)).toBeUndefined()
  expect(priceAfterAmount0Out(PRICE, L, 2n ** 200n)).toBeUndefined()
  expect(priceAfterAmount1Out(PRICE, L, L)).toBeUndefined()
})

test('where 256 bits do not hold amount times price, the price is the one of the contract’s fallback', () => {
  const [price, liquidity, amount] = [3n * 2n ** 149n, 2n ** 127n, 2n ** 107n]
  const numerator = liquidity << 96n
  const fallback = divUp(numerator, numerator / price + amount)
  expect(priceAfterAmount0In(price, liquidity, amount)).toBe(fallback)
  // Which is not what the exact formula says.
  expect(divUp(numerator * price, numerator + amount * price)).not.toBe(fallback)
})
