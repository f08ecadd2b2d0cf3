import type { Hex } from '#core/chain.ts'
import { digitAt } from './log-data.ts'
import type { Keccak } from './ports.ts'

/** The three bits that an item sets (yellow paper, section 4.3.1). */
export type BloomBits = readonly [number, number, number]

/** Which bits of a header's bloom an address or topic sets; remembered, since the same few are asked for always. */
export function createBloomBits(keccak: Keccak): (item: Hex) => BloomBits {
  const known = new Map<Hex, BloomBits>()
  return (item) => {
    const bits = known.get(item)
    if (bits) return bits
    const hash = keccak(item)
    const bitAt = (byte: number): number =>
      Number.parseInt(hash.slice(2 + 2 * byte, 6 + 2 * byte), 16) & 2047
    const made: BloomBits = [bitAt(0), bitAt(2), bitAt(4)]
    known.set(item, made)
    return made
  }
}

/** False where the block certainly holds no log with this item; true where it may. */
export const bloomMayHold = (bloom: Hex, bits: BloomBits): boolean =>
  hasBit(bloom, bits[0]) && hasBit(bloom, bits[1]) && hasBit(bloom, bits[2])

function hasBit(bloom: Hex, bit: number): boolean {
  const digit = digitAt(bloom, bloom.length - 1 - (bit >> 2))
  // What is no digit is below zero, and holds nothing.
  return digit > 0 && (digit & (1 << (bit & 3))) !== 0
}
