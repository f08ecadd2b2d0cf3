/**
 * What is traded on the local chain. All pools start from the same dollar values, so prices agree wherever one looks.
 * Plain numbers are enough here: they only choose sizes and prices, and every amount that moves is the contracts' own.
 */
export type TokenSpec = {
  readonly symbol: string
  readonly name: string
  readonly decimals: number
  /** What one whole token is worth in dollars, on average over time. */
  readonly usd: number
  /** How far its value strays from that, as a share of it. */
  readonly swing: number
  /** Whole tokens. */
  readonly supply: number
}

/** Wrapped ether has no fixed supply: so much is wrapped at the start. */
export const WETH: TokenSpec = {
  symbol: 'WETH',
  name: 'Wrapped Ether',
  decimals: 18,
  usd: 2_500,
  swing: 0.12,
  supply: 8_000,
}

const token = (
  symbol: string,
  name: string,
  decimals: number,
  usd: number,
  swing: number,
  supply: number,
): TokenSpec => ({ symbol, name, decimals, usd, swing, supply })

export const TOKENS: readonly TokenSpec[] = [
  token('HUSD', 'Harbour Dollar', 6, 1, 0.001, 500_000_000),
  token('DKD', 'Dockside Dollar', 18, 1, 0.002, 500_000_000),
  token('QEUR', 'Quayside Euro', 6, 1.08, 0.01, 200_000_000),
  token('MBTC', 'Moored Bitcoin', 8, 64_000, 0.1, 21_000),
  token('HLYD', 'Halyard', 18, 3.4, 0.16, 100_000_000),
  token('KEEL', 'Keelson', 18, 0.86, 0.15, 400_000_000),
  token('BOWL', 'Bowline', 18, 12.5, 0.14, 25_000_000),
  token('CAPS', 'Capstan', 18, 31, 0.13, 10_000_000),
  token('GUNW', 'Gunwale', 18, 1.75, 0.18, 150_000_000),
  token('MIZN', 'Mizzenmast', 18, 208, 0.12, 1_000_000),
  token('SPRY', 'Sea Spray', 18, 0.042, 0.2, 10_000_000_000),
  token('BILGE', 'Bilge Rat', 9, 0.000_04, 0.22, 1_000_000_000_000),
]

export type Pair = readonly [symbol: string, symbol: string, usdPerSide: number]

export const V2_PAIRS: readonly Pair[] = [
  ['WETH', 'HUSD', 1_500_000],
  ['WETH', 'DKD', 600_000],
  ['WETH', 'MBTC', 900_000],
  ['WETH', 'HLYD', 700_000],
  ['WETH', 'KEEL', 350_000],
  ['WETH', 'BOWL', 250_000],
  ['WETH', 'BILGE', 400_000],
  ['HUSD', 'DKD', 800_000],
  ['HUSD', 'HLYD', 500_000],
  ['HUSD', 'GUNW', 300_000],
  ['HUSD', 'MIZN', 400_000],
  ['HLYD', 'SPRY', 250_000],
]

/** `spread`: half the width of the widest position but one, as a factor on the price. */
export type V3PoolSpec = {
  readonly pair: Pair
  readonly feePips: 500 | 3_000 | 10_000
  readonly positions: number
  readonly spread: number
}

const v3 = (
  pair: Pair,
  feePips: V3PoolSpec['feePips'],
  positions: number,
  spread: number,
): V3PoolSpec => ({ pair, feePips, positions, spread })

export const V3_POOLS: readonly V3PoolSpec[] = [
  v3(['WETH', 'HUSD', 2_000_000], 500, 20, 1.8),
  v3(['WETH', 'HUSD', 900_000], 3_000, 8, 2),
  v3(['WETH', 'MBTC', 1_200_000], 3_000, 16, 1.8),
  v3(['HUSD', 'DKD', 1_500_000], 500, 8, 1.05),
  v3(['HUSD', 'QEUR', 800_000], 500, 8, 1.1),
  v3(['WETH', 'HLYD', 800_000], 3_000, 12, 2.5),
  v3(['HUSD', 'HLYD', 300_000], 10_000, 6, 3),
  v3(['WETH', 'CAPS', 300_000], 10_000, 6, 3),
  v3(['WETH', 'MIZN', 400_000], 3_000, 6, 2),
]

/** How apart two initialisable ticks are, from the factory's `feeAmountTickSpacing`. */
export const TICK_SPACING: Readonly<Record<V3PoolSpec['feePips'], number>> = {
  500: 10,
  3_000: 60,
  10_000: 200,
}
