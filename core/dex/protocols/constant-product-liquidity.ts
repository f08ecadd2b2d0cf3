import { squareRoot } from './rounding.ts'

/** What liquidity of a Uniswap V2 pair is a share of. Raw units; `totalSupply` of the LP token. */
export type PairHoldings = {
  readonly reserve0: bigint
  readonly reserve1: bigint
  readonly totalSupply: bigint
}

/** Of the first liquidity, so much belongs to nobody for ever. */
const LOCKED_LIQUIDITY = 1_000n
/** The protocol gets one part of so many, and one, of the fees, when it takes its share. */
const PROTOCOL_PARTS = 5n

/**
 * The LP tokens that a deposit gets: ⌊√(a0·a1)⌋ − 1000 for the first, the smaller of the two shares ⌊a·S/R⌋ later, both
 * in the pool's favour (UniswapV2Pair.mint). 0n where the pair refuses the deposit as too small.
 *
 * @param pool after the protocol's share of the fees was minted, where it takes one
 */
export function liquidityMinted(pool: PairHoldings, amount0: bigint, amount1: bigint): bigint {
  const { reserve0, reserve1, totalSupply } = pool
  if (totalSupply === 0n) {
    const liquidity = squareRoot(amount0 * amount1) - LOCKED_LIQUIDITY
    return liquidity > 0n ? liquidity : 0n
  }
  const share0 = (amount0 * totalSupply) / reserve0
  const share1 = (amount1 * totalSupply) / reserve1
  return share0 < share1 ? share0 : share1
}

/** What LP tokens are redeemed for: ⌊L·R/S⌋ of each token (UniswapV2Pair.burn). `pool` as in `liquidityMinted`. */
export const amountsBurned = (
  { reserve0, reserve1, totalSupply }: PairHoldings,
  liquidity: bigint,
): [amount0: bigint, amount1: bigint] => [
  (liquidity * reserve0) / totalSupply,
  (liquidity * reserve1) / totalSupply,
]

/**
 * The LP tokens that a deposit or withdrawal first mints to the protocol, where its factory names a `feeTo`: a sixth of
 * the growth of √k since the last one, S·(√k − √k₀) / (5·√k + √k₀) (UniswapV2Pair._mintFee).
 *
 * @param kLast the product of the reserves after the last one; 0n where no share was taken yet
 */
export function protocolLiquidity(pool: PairHoldings, kLast: bigint): bigint {
  if (kLast === 0n) return 0n
  const root = squareRoot(pool.reserve0 * pool.reserve1)
  const rootLast = squareRoot(kLast)
  if (root <= rootLast) return 0n
  return (pool.totalSupply * (root - rootLast)) / (root * PROTOCOL_PARTS + rootLast)
}
