/** A source of random numbers that repeats itself for the same seed. */
export type Random = {
  /** At least 0, below 1. */
  unit(): number
  /** A whole number, at least 0, below `below`. */
  int(below: number): number
  chance(probability: number): boolean
  /** Between the bounds, every order of magnitude as likely as the other: how trade sizes are spread. */
  logBetween(low: number, high: number): number
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by the FNV-1a hash of a text. */
export function createRandom(seed: string): Random {
  let a = fnv1a(`${seed}/a`)
  let b = fnv1a(`${seed}/b`)
  let c = fnv1a(`${seed}/c`)
  let counter = 1

  function next(): number {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + result) | 0
    return result >>> 0
  }
  // The first numbers still show how alike the seeds were.
  for (let round = 0; round < WARM_UP_ROUNDS; round++) next()

  const unit = (): number => next() / 2 ** 32
  const int = (below: number): number => Math.floor(unit() * below)
  return {
    unit,
    int,
    chance: (probability) => unit() < probability,
    logBetween: (low, high) => low * (high / low) ** unit(),
    pick: (items) => items[int(items.length)] as (typeof items)[number],
    shuffle(items) {
      const shuffled = [...items]
      for (let index = shuffled.length - 1; index > 0; index--) {
        const other = int(index + 1)
        const held = shuffled[index] as (typeof items)[number]
        shuffled[index] = shuffled[other] as (typeof items)[number]
        shuffled[other] = held
      }
      return shuffled
    },
  }
}

const WARM_UP_ROUNDS = 12

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
