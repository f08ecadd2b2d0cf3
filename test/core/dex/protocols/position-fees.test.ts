import { expect, test } from 'vitest'
import { feesEarned, growthInside } from '#core/dex/protocols/position-fees.ts'

const range = { lower: -60, upper: 60 }
const growth = { global: 100n, outsideLower: 30n, outsideUpper: 20n }
const MODULUS = 2n ** 256n

test('fees inside a range are all less those below and above it', () => {
  expect(growthInside(0, range, growth)).toBe(50n)
  // The lower end is inside, the upper one is not.
  expect(growthInside(-60, range, growth)).toBe(50n)
  expect(growthInside(59, range, growth)).toBe(50n)
  // Above: what is outside of the upper tick lies below it.
  expect(growthInside(60, range, growth)).toBe(MODULUS - 10n)
  expect(growthInside(-61, range, growth)).toBe(10n)
})

test('growth that wrapped around counts by its difference', () => {
  const liquidity = 3n * 2n ** 127n
  expect(feesEarned(liquidity, 5n, MODULUS - 5n)).toBe(15n)
  expect(feesEarned(liquidity, 1n, 0n)).toBe(1n)
})
