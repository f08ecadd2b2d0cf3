import type { Address, Hash, Hex } from '#core/chain.ts'

/** A value as a 32-byte word, two's complement. */
export const word = (value: bigint): string =>
  BigInt.asUintN(256, value).toString(16).padStart(64, '0')

export const topicOf = (value: bigint | Address): Hash =>
  typeof value === 'bigint' ? `0x${word(value)}` : `0x${value.slice(2).padStart(64, '0')}`

/** Words as data; addresses count as words. */
export const dataOf = (...values: (bigint | Address)[]): Hex =>
  `0x${values.map((value) => topicOf(value).slice(2)).join('')}`

/** Two dynamic uint256[] arguments. */
export function twoArrays(first: readonly bigint[], second: readonly bigint[]): Hex {
  const head = [64n, 64n + 32n * BigInt(first.length + 1)]
  return dataOf(...head, BigInt(first.length), ...first, BigInt(second.length), ...second)
}

/** A made-up address that is easy to tell apart. */
export const addressOf = (name: number): Address => `0x${name.toString(16).padStart(40, '0')}`
