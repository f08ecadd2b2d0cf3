import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAmount, formatInversePrice, formatPrice, formatRatio } from '#core/amount.ts'
import { PRICE_ONE } from '#core/dex/pool.ts'

test('ratios are plain decimals, cut after the wanted digits', () => {
  expect(formatRatio(1n, 3n, 4)).toBe('0.3333')
  expect(formatRatio(2n, 3n, 4)).toBe('0.6666')
  expect(formatRatio(1n, 8n, 18)).toBe('0.125')
  expect(formatRatio(123_456n, 1n, 4)).toBe('123400')
  expect(formatRatio(123_456n, 100n, 4)).toBe('1234')
  expect(formatRatio(1n, 10n ** 30n, 4)).toBe(`0.${'0'.repeat(29)}1`)
  expect(formatRatio(0n, 5n, 4)).toBe('0')
  expect(formatRatio(10n, 1n, 18)).toBe('10')
})

test('a ratio as text is never above the ratio, and off by less than one unit of its last digit', () => {
  const amount = fc.bigInt(1n, 2n ** 300n)
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.integer({ min: 1, max: 30 }),
      (numerator, denominator, digits) => {
        const text = formatRatio(numerator, denominator, digits)
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/)
        const [whole = '', fraction = ''] = text.split('.')
        const unit = 10n ** BigInt(fraction.length)
        const value = BigInt(whole + fraction)
        expect(value * denominator <= numerator * unit).toBe(true)
        const significant = (whole + fraction).replace(/^0+/, '').replace(/0+$/, '').length
        expect(significant).toBeLessThanOrEqual(digits)
        // Relative error below 10^(1 - digits).
        const error = numerator * unit - value * denominator
        expect(error * 10n ** BigInt(digits - 1) <= numerator * unit).toBe(true)
      },
    ),
  )
})

test('prices carry the decimals of both tokens', () => {
  // 2,000 of a 6-decimal dollar for one 18-decimal ether.
  const price = (2_000n * 10n ** 6n * PRICE_ONE) / 10n ** 18n
  expect(formatPrice(price, 18, 6).slice(0, 12)).toBe('1999.9999999')
  expect(formatInversePrice(price, 18, 6)?.slice(0, 8)).toBe('0.0005')
  expect(formatPrice(PRICE_ONE)).toBe('1')
  expect(formatInversePrice(0n)).toBeNull()
})

test('an amount in whole tokens is exact, whatever its size and sign', () => {
  expect(formatAmount(1_500_000n, 6)).toBe('1.5')
  expect(formatAmount(-1n, 18)).toBe(`-0.${'0'.repeat(17)}1`)
  expect(formatAmount(0n, 18)).toBe('0')
  expect(formatAmount(7n, 0)).toBe('7')
  fc.assert(
    fc.property(
      fc.bigInt(-(2n ** 256n), 2n ** 256n),
      fc.integer({ min: 0, max: 36 }),
      (raw, places) => {
        const [whole = '', fraction = ''] = formatAmount(raw, places).replace('-', '').split('.')
        const size = BigInt(whole + fraction.padEnd(places, '0'))
        expect(formatAmount(raw, places).startsWith('-') ? -size : size).toBe(raw)
      },
    ),
  )
})
