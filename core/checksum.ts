/*
 * Keccak-256 (the Keccak team's specification, before SHA-3 changed the padding) of one block of bytes. Core has no
 * package, and an address or the declaration of an event is read where nothing else is hashed. Everything that is hashed in
 * quantity goes through the port `Keccak`.
 */

import { assert } from './errors.ts'

const LANES = 25
const RATE_BYTES = 136
const MASK = (1n << 64n) - 1n

const rotate = (lane: bigint, bits: number): bigint =>
  ((lane << BigInt(bits)) | (lane >> BigInt(64 - bits))) & MASK

/** Rotations of rho, and where pi puts each lane, in the order in which both walk the state. */
const STEPS = (() => {
  let from = 1
  return Array.from({ length: LANES - 1 }, (_, index) => {
    const [x, y] = [from % 5, Math.floor(from / 5)]
    from = y + 5 * ((2 * x + 3 * y) % 5)
    return { to: from, bits: (((index + 1) * (index + 2)) / 2) % 64 }
  })
})()

/** The constants of iota: bits of a shift register of 8 bits, at the places 2^j - 1. */
const ROUND_CONSTANTS = (() => {
  let register = 1
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1)
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1
    }
    return constant
  })
})()

function permute(state: bigint[]): void {
  const at = (index: number): bigint => state[index] as bigint
  for (const constant of ROUND_CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map(
      (x) => at(x) ^ at(x + 5) ^ at(x + 10) ^ at(x + 15) ^ at(x + 20),
    ) as [bigint, bigint, bigint, bigint, bigint]
    for (let index = 0; index < LANES; index++) {
      const x = index % 5
      state[index] =
        at(index) ^ (columns[(x + 4) % 5] as bigint) ^ rotate(columns[(x + 1) % 5] as bigint, 1)
    }
    let carried = at(1)
    for (const { to, bits } of STEPS) {
      const next = at(to)
      state[to] = rotate(carried, bits)
      carried = next
    }
    for (let y = 0; y < LANES; y += 5) {
      const row = state.slice(y, y + 5) as [bigint, bigint, bigint, bigint, bigint]
      for (let x = 0; x < 5; x++)
        state[y + x] =
          (row[x] as bigint) ^ (~(row[(x + 1) % 5] as bigint) & MASK & (row[(x + 2) % 5] as bigint))
    }
    state[0] = at(0) ^ constant
  }
}

/** How long a text may be that fits into one block with its padding. */
export const KECCAK_TEXT_MAX = RATE_BYTES - 1

/** The hash of ASCII text that fits into one block, as hex digits. */
export function keccakOfText(text: string): string {
  assert(text.length <= KECCAK_TEXT_MAX, 'the text fits into one block')
  const block = new Uint8Array(RATE_BYTES)
  for (let index = 0; index < text.length; index++) block[index] = text.charCodeAt(index)
  block[text.length] = 0x01
  block[RATE_BYTES - 1] = (block[RATE_BYTES - 1] as number) | 0x80
  const state = Array.from({ length: LANES }, () => 0n)
  for (const [index, byte] of block.entries())
    state[index >> 3] = (state[index >> 3] as bigint) | (BigInt(byte) << BigInt(8 * (index & 7)))
  permute(state)
  const bytes = Array.from({ length: 32 }, (_, index) =>
    Number(((state[index >> 3] as bigint) >> BigInt(8 * (index & 7))) & 0xffn),
  )
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** An address with the checksum of EIP-55: a letter is a capital where the digit of the hash at its place is 8 or more. */
export function withChecksum(address: string): string {
  const digits = address.slice(2).toLowerCase()
  const hash = keccakOfText(digits)
  return `0x${Array.from(digits)
    .map((digit, index) =>
      Number.parseInt(hash[index] as string, 16) >= 8 ? digit.toUpperCase() : digit,
    )
    .join('')}`
}
