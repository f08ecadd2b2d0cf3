import type { Address } from '#core/chain.ts'
import { type EventFamily, eventSpec } from '#core/history/event.ts'
import type { Fields } from '#core/record.ts'

/** The pool designs that Halyard knows; a fork of one is the same protocol with other parameters. */
export type Protocol = 'uniswap-v2' | 'uniswap-v3'

/** A pool came into being. `feePips` in hundredths of a basis point (3000 = 0.30 %). Emitted by the factory. */
export type PoolCreated = {
  readonly type: 'poolCreated'
  readonly protocol: Protocol
  readonly pool: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly tickSpacing: number | null
}

/** The reserves of a constant-product pool after a change. */
export type Sync = {
  readonly type: 'sync'
  readonly protocol: 'uniswap-v2'
  readonly reserve0: bigint
  readonly reserve1: bigint
}

/** A swap as Uniswap V2 reports it: raw units that came in and went out, both tokens. */
export type SwapV2 = {
  readonly type: 'swap'
  readonly protocol: 'uniswap-v2'
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
  readonly protocol: 'uniswap-v3'
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

/** The first price of a concentrated-liquidity pool. */
export type Initialize = {
  readonly type: 'initialize'
  readonly protocol: 'uniswap-v3'
  readonly sqrtPriceX96: bigint
  readonly tick: number
}

export type MintV2 = {
  readonly type: 'mint'
  readonly protocol: 'uniswap-v2'
  readonly sender: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

export type MintV3 = {
  readonly type: 'mint'
  readonly protocol: 'uniswap-v3'
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
  readonly protocol: 'uniswap-v2'
  readonly sender: Address
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

export type BurnV3 = {
  readonly type: 'burn'
  readonly protocol: 'uniswap-v3'
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
  readonly protocol: 'uniswap-v3'
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
  readonly protocol: 'uniswap-v3'
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

export type Swap = SwapV2 | SwapV3 | SwapPancakeV3
export type LiquidityChange = MintV2 | MintV3 | BurnV2 | BurnV3 | Collect
export type PoolChange = PoolCreated | Sync | Initialize | Flash | SetFeeProtocol | CollectProtocol
/** All events of pools and their factories. */
export type DexEvent = Swap | LiquidityChange | PoolChange

export const swapV2 = eventSpec<SwapV2>({
  type: 'swap',
  protocol: 'uniswap-v2',
  number: 0,
  fields: {
    sender: 'hex',
    recipient: 'hex',
    amount0In: 'uint256',
    amount1In: 'uint256',
    amount0Out: 'uint256',
    amount1Out: 'uint256',
  },
})
export const swapV3 = eventSpec<SwapV3>({
  type: 'swap',
  protocol: 'uniswap-v3',
  number: 1,
  fields: {
    sender: 'hex',
    recipient: 'hex',
    amount0: 'int256',
    amount1: 'int256',
    sqrtPriceX96: 'uint256',
    liquidity: 'uint256',
    tick: 'int',
  },
})
export const swapPancakeV3 = eventSpec<SwapPancakeV3>({
  type: 'swap',
  protocol: 'pancakeswap-v3',
  number: 15,
  fields: {
    sender: 'hex',
    recipient: 'hex',
    amount0: 'int256',
    amount1: 'int256',
    sqrtPriceX96: 'uint256',
    liquidity: 'uint256',
    tick: 'int',
    protocolFee0: 'uint256',
    protocolFee1: 'uint256',
  },
})
const poolCreatedFields: Fields<Omit<PoolCreated, 'type' | 'protocol'>> = {
  pool: 'hex',
  token0: 'hex',
  token1: 'hex',
  feePips: 'int',
  tickSpacing: 'int?',
}
export const poolCreatedV2 = eventSpec<PoolCreated>({
  type: 'poolCreated',
  protocol: 'uniswap-v2',
  number: 2,
  fields: poolCreatedFields,
})
export const poolCreatedV3 = eventSpec<PoolCreated>({
  type: 'poolCreated',
  protocol: 'uniswap-v3',
  number: 3,
  fields: poolCreatedFields,
})
export const syncV2 = eventSpec<Sync>({
  type: 'sync',
  protocol: 'uniswap-v2',
  number: 4,
  fields: { reserve0: 'uint256', reserve1: 'uint256' },
})
export const initializeV3 = eventSpec<Initialize>({
  type: 'initialize',
  protocol: 'uniswap-v3',
  number: 5,
  fields: { sqrtPriceX96: 'uint256', tick: 'int' },
})
export const mintV2 = eventSpec<MintV2>({
  type: 'mint',
  protocol: 'uniswap-v2',
  number: 6,
  fields: { sender: 'hex', amount0: 'uint256', amount1: 'uint256' },
})
export const mintV3 = eventSpec<MintV3>({
  type: 'mint',
  protocol: 'uniswap-v3',
  number: 7,
  fields: {
    sender: 'hex',
    owner: 'hex',
    tickLower: 'int',
    tickUpper: 'int',
    liquidity: 'uint256',
    amount0: 'uint256',
    amount1: 'uint256',
  },
})
export const burnV2 = eventSpec<BurnV2>({
  type: 'burn',
  protocol: 'uniswap-v2',
  number: 8,
  fields: { sender: 'hex', recipient: 'hex', amount0: 'uint256', amount1: 'uint256' },
})
export const burnV3 = eventSpec<BurnV3>({
  type: 'burn',
  protocol: 'uniswap-v3',
  number: 9,
  fields: {
    owner: 'hex',
    tickLower: 'int',
    tickUpper: 'int',
    liquidity: 'uint256',
    amount0: 'uint256',
    amount1: 'uint256',
  },
})
export const collectV3 = eventSpec<Collect>({
  type: 'collect',
  protocol: 'uniswap-v3',
  number: 10,
  fields: {
    owner: 'hex',
    recipient: 'hex',
    tickLower: 'int',
    tickUpper: 'int',
    amount0: 'uint256',
    amount1: 'uint256',
  },
})
export const flashV3 = eventSpec<Flash>({
  type: 'flash',
  protocol: 'uniswap-v3',
  number: 11,
  fields: {
    sender: 'hex',
    recipient: 'hex',
    amount0: 'uint256',
    amount1: 'uint256',
    paid0: 'uint256',
    paid1: 'uint256',
  },
})
export const collectProtocolV3 = eventSpec<CollectProtocol>({
  type: 'collectProtocol',
  protocol: 'uniswap-v3',
  number: 12,
  fields: { sender: 'hex', recipient: 'hex', amount0: 'uint256', amount1: 'uint256' },
})

export const setFeeProtocolV3 = eventSpec<SetFeeProtocol>({
  type: 'setFeeProtocol',
  protocol: 'uniswap-v3',
  number: 16,
  fields: { parts0: 'int', parts1: 'int' },
})

export const swapFamily: EventFamily<Swap> = {
  name: 'swap',
  byContract: 'often',
  events: [swapV2, swapV3, swapPancakeV3],
}
export const liquidityFamily: EventFamily<LiquidityChange> = {
  name: 'liquidity',
  byContract: 'often',
  events: [mintV2, mintV3, burnV2, burnV3, collectV3],
}
/** There is a `Sync` for each change of a V2 pool. */
export const poolFamily: EventFamily<PoolChange> = {
  name: 'pool',
  byContract: 'seldom',
  events: [
    poolCreatedV2,
    poolCreatedV3,
    syncV2,
    initializeV3,
    flashV3,
    setFeeProtocolV3,
    collectProtocolV3,
  ],
}

/** Whether the swap is of a concentrated pool, and tells its price. */
export const tellsPrice = (swap: Swap): swap is SwapV3 | SwapPancakeV3 => 'sqrtPriceX96' in swap

/** The design of the pool that a swap is of, whatever event tells it. */
export const designOf = (swap: Swap): Protocol => (tellsPrice(swap) ? 'uniswap-v3' : 'uniswap-v2')

/** Amounts of a swap from the pool's view: positive came in, negative went out. Raw units. */
export function netAmounts(swap: Swap): { amount0: bigint; amount1: bigint } {
  return swap.protocol === 'uniswap-v2'
    ? { amount0: swap.amount0In - swap.amount0Out, amount1: swap.amount1In - swap.amount1Out }
    : { amount0: swap.amount0, amount1: swap.amount1 }
}
