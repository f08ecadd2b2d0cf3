/** A small seeded generator (sfc32): the same seed gives the same run, everywhere. */
export type Random = {
  /** A float in [0, 1). */
  next(): number
  /** An integer in [0, below). */
  int(below: number): number
  /** A bigint in [0, 2^bits). */
  bits(bits: number): bigint
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
}

export function createRandom(seed: number): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162 ^ seed
  let counter = 1
  const next32 = (): number => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let warmUp = 0; warmUp < 16; warmUp++) next32()
  const next = (): number => next32() / 2 ** 32
  const int = (below: number): number => Math.floor(next() * below)
  return {
    next,
    int,
    bits(bits) {
      let value = 0n
      for (let have = 0; have < bits; have += 32) value = (value << 32n) | BigInt(next32())
      return BigInt.asUintN(bits, value)
    },
    pick: <T>(items: readonly T[]): T => items[int(items.length)] as T,
    chance: (probability) => next() < probability,
  }
}
