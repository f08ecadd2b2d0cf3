import type { DevToken } from './deployment.ts'
import { createRandom } from './random.ts'

/** What one whole token is worth in dollars at a block; traders push pools there. */
type FairValue = (token: DevToken, block: number) => number

type Wave = { readonly amplitude: number; readonly blocks: number }

/** Shares of a token's swing and about how long each wave lasts: minutes to days, at a block a second. */
const WAVES: readonly Wave[] = [
  { amplitude: 0.03, blocks: 70 },
  { amplitude: 0.09, blocks: 400 },
  { amplitude: 0.2, blocks: 2_300 },
  { amplitude: 0.31, blocks: 15_000 },
  { amplitude: 0.37, blocks: 100_000 },
]
/** Periods differ by so much between tokens. */
const STRETCH = 1.6

/**
 * A sum of waves around the average value, different for each token. It depends on the block alone, so it goes on where
 * it was after a restart; it stays within the token's swing for ever, so no pool is drained; and it starts at the
 * average, where the pools open.
 */
export function createFairValue(seed: string): FairValue {
  const known = new Map<string, readonly Wave[]>()

  function wavesOf(token: DevToken): readonly Wave[] {
    const waves = known.get(token.symbol) ?? drawWaves(`${seed}/${token.symbol}`, token.swing)
    known.set(token.symbol, waves)
    return waves
  }

  return (token, block) => {
    let exponent = 0
    for (const { amplitude, blocks } of wavesOf(token))
      exponent += amplitude * Math.sin((2 * Math.PI * block) / blocks)
    return token.usd * Math.exp(exponent)
  }
}

function drawWaves(seed: string, swing: number): Wave[] {
  const random = createRandom(seed)
  return WAVES.map(({ amplitude, blocks }) => ({
    amplitude: amplitude * swing * (random.chance(0.5) ? 1 : -1),
    blocks: random.logBetween(blocks / STRETCH, blocks * STRETCH),
  }))
}
