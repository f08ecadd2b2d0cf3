import type { Address } from '#core/chain.ts'

/** Designs whose pairs hold two reserves. */
type PairProtocol = 'uniswap-v2' | SolidlyProtocol
/** Solidly with Velodrome V1 and others that kept its events; and Velodrome V2 with Aerodrome, whose events are others. */
export type SolidlyProtocol = 'solidly' | 'velodrome-v2'
/** Designs whose liquidity lies between ticks. */
export type ConcentratedProtocol = 'uniswap-v3' | AlgebraProtocol
/** Algebra V1, whose pools learn their fee from what was traded; and Algebra Integral, whose pools may have plugins. */
export type AlgebraProtocol = 'algebra-v1' | 'algebra-integral'
/** The pool designs that Halyard knows; a fork of one is the same protocol with other parameters. */
export type Protocol = PairProtocol | ConcentratedProtocol | 'uniswap-v4'

/** What the reserves of a pair of Solidly's design keep constant: x * y, or x³y + y³x. */
export type Curve = 'volatile' | 'stable'

/** A pool came into being. `feePips` in hundredths of a basis point (3000 = 0.30 %). Emitted by the factory. */
export type PoolCreated = {
  readonly type: 'poolCreated'
  readonly protocol: Exclude<Protocol, SolidlyProtocol | 'uniswap-v4'>
  readonly pool: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly tickSpacing: number | null
}

/** The same of a pair of Solidly's design. `feePips` is what the configuration says of such pairs: no event tells it. */
export type SolidlyPairCreated = {
  readonly type: 'poolCreated'
  readonly protocol: SolidlyProtocol
  readonly pool: Address
  readonly token0: Address
  readonly token1: Address
  readonly curve: Curve
  readonly feePips: number
}

/** What a swap paid in fees, which leave the pair; told before the swap. Raw units. */
export type Fees = {
  readonly type: 'fees'
  readonly protocol: SolidlyProtocol
  readonly amount0: bigint
  readonly amount1: bigint
}

/** The reserves of a pair after a change. */
export type Sync = {
  readonly type: 'sync'
  readonly protocol: PairProtocol
  readonly reserve0: bigint
  readonly reserve1: bigint
}

/** A swap as Uniswap V2 reports it: raw units that came in and went out, both tokens. */
export type SwapV2 = {
  readonly type: 'swap'
  readonly protocol: PairProtocol
  readonly sender: Address
  readonly recipient: Address
  readonly amount0In: bigint
  readonly amount1In: bigint
  readonly amount0Out: bigint
  readonly amount1Out: bigint
}

/** A swap as Uniswap V3 reports it: raw units from the pool's view, then the state of the pool after it. */
export type SwapV3 = {
  readonly type: 'swap'
  readonly protocol: Exclude<ConcentratedProtocol, 'algebra-integral'>
  readonly sender: Address
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
  readonly sqrtPriceX96: bigint
  readonly liquidity: bigint
  readonly tick: number
}

/** A swap as PancakeSwap V3 reports it: as Uniswap V3 does, and what of the fees is the protocol's. */
export type SwapPancakeV3 = Omit<SwapV3, 'protocol'> & {
  readonly protocol: 'pancakeswap-v3'
  readonly protocolFee0: bigint
  readonly protocolFee1: bigint
}

/** A swap as Algebra Integral reports it: as Uniswap V3 does, and of some of its versions what its plugin charged. */
export type SwapIntegral = Omit<SwapV3, 'protocol'> & {
  readonly protocol: 'algebra-integral'
  /** In place of the pool's fee, which 0 leaves as it is; null where a `SwapFee` before it tells. */
  readonly overrideFeePips: number | null
}

/** The first price of a concentrated-liquidity pool. */
export type Initialize = {
  readonly type: 'initialize'
  readonly protocol: ConcentratedProtocol
  readonly sqrtPriceX96: bigint
  readonly tick: number
}

export type MintV2 = {
  readonly type: 'mint'
  readonly protocol: PairProtocol
  readonly sender: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

export type MintV3 = {
  readonly type: 'mint'
  readonly protocol: ConcentratedProtocol
  readonly sender: Address
  readonly owner: Address
  readonly tickLower: number
  readonly tickUpper: number
  readonly liquidity: bigint
  readonly amount0: bigint
  readonly amount1: bigint
}

export type BurnV2 = {
  readonly type: 'burn'
  readonly protocol: PairProtocol
  readonly sender: Address
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

export type BurnV3 = {
  readonly type: 'burn'
  readonly protocol: ConcentratedProtocol
  readonly owner: Address
  readonly tickLower: number
  readonly tickUpper: number
  readonly liquidity: bigint
  readonly amount0: bigint
  readonly amount1: bigint
}

/** Tokens that left a V3 position: what burns freed, and fees. */
export type Collect = {
  readonly type: 'collect'
  readonly protocol: ConcentratedProtocol
  readonly owner: Address
  readonly recipient: Address
  readonly tickLower: number
  readonly tickUpper: number
  readonly amount0: bigint
  readonly amount1: bigint
}

/** A flash loan: what was paid for it stays in the pool. Raw units. */
export type Flash = {
  readonly type: 'flash'
  readonly protocol: ConcentratedProtocol
  readonly sender: Address
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
  readonly paid0: bigint
  readonly paid1: bigint
}

/** From now on the protocol takes one part of so many of the fees of each token that comes in; 0: nothing. */
export type SetFeeProtocol = {
  readonly type: 'setFeeProtocol'
  readonly protocol: 'uniswap-v3'
  readonly parts0: number
  readonly parts1: number
}

/** The protocol's share of fees that left a V3 pool. Raw units. */
export type CollectProtocol = {
  readonly type: 'collectProtocol'
  readonly protocol: 'uniswap-v3'
  readonly sender: Address
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

/** The fee of a pool of Algebra from now on: of the swap that follows, where a swap learns it. */
export type SetFee = {
  readonly type: 'setFee'
  readonly protocol: AlgebraProtocol
  readonly feePips: number
}

/** The fees of a pool of Algebra that has one for each direction, as Camelot's have, from now on: of each token coming in. */
export type SetFees = {
  readonly type: 'setFees'
  readonly protocol: 'algebra-v1'
  readonly feePips0: number
  readonly feePips1: number
}

/** What of the fees of a pool of Algebra is not the LPs' from now on, in thousandths of token0's and token1's. */
export type SetCommunityFee = {
  readonly type: 'setCommunityFee'
  readonly protocol: AlgebraProtocol
  readonly thousandths0: number
  readonly thousandths1: number
}

/** The spacing of ticks that new positions of a pool of Algebra may have. */
export type SetTickSpacing = {
  readonly type: 'setTickSpacing'
  readonly protocol: AlgebraProtocol
  readonly tickSpacing: number
}

/** What the plugin of a pool of Algebra Integral charges in place of the pool's fee in the swap that follows; 0: nothing. */
export type SwapFee = {
  readonly type: 'swapFee'
  readonly protocol: 'algebra-integral'
  readonly overrideFeePips: number
}
