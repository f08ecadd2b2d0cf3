import type { Random } from '../fakes/random.ts'

/** An amount of any order of magnitude from 1 to about twice `largest`, or one of the ends. */
export function drawAmount(random: Random, largest: bigint): bigint {
  const ends = [1n, 2n, largest - 1n, largest, largest + 1n].filter((amount) => amount > 0n)
  if (random.chance(0.1)) return random.pick(ends)
  const bits = largest.toString(2).length + 1
  return 1n + random.bits(1 + random.int(bits))
}
