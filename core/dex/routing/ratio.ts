import type { Rational } from '#core/dex/protocols/protocols.ts'

export const ONE: Rational = { numerator: 1n, denominator: 1n }

export const multiply = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
})

export const add = (a: Rational, b: Rational): Rational =>
  a.denominator === b.denominator
    ? { numerator: a.numerator + b.numerator, denominator: a.denominator }
    : {
        numerator: a.numerator * b.denominator + b.numerator * a.denominator,
        denominator: a.denominator * b.denominator,
      }

/** 1 - a / b, of ratios with a between 0 and b and b above 0. */
export const shortfall = (a: Rational, b: Rational): Rational => {
  const whole = a.denominator * b.numerator
  return { numerator: whole - a.numerator * b.denominator, denominator: whole }
}

/** Towards positive infinity; the divisor is more than 0. */
export const divideUp = (dividend: bigint, divisor: bigint): bigint =>
  dividend <= 0n ? dividend / divisor : (dividend - 1n) / divisor + 1n
