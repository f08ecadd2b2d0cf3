import type { EventFamily } from '#core/history/event.ts'
import {
  eventsAlgebraIntegral,
  eventsAlgebraV1,
  eventsV3,
  swapPancakeV3,
} from './concentrated-events.ts'
import type {
  BurnV2,
  BurnV3,
  Collect,
  CollectProtocol,
  Fees,
  Flash,
  Initialize,
  MintV2,
  MintV3,
  PoolCreated,
  Protocol,
  SetCommunityFee,
  SetFee,
  SetFeeProtocol,
  SetFees,
  SetTickSpacing,
  SwapFee,
  SwapIntegral,
  SolidlyPairCreated,
  SwapPancakeV3,
  SwapV2,
  SwapV3,
  Sync,
} from './event-bodies.ts'
import {
  type Donate,
  eventsV4,
  type ModifyLiquidity,
  type PoolCreatedV4,
  type SetProtocolFee,
  type SwapV4,
} from './v4-events.ts'
import { eventsSolidly, eventsV2, eventsVelodromeV2 } from './pair-events.ts'

export type Swap = SwapV2 | SwapV3 | SwapPancakeV3 | SwapIntegral | SwapV4
export type LiquidityChange = MintV2 | MintV3 | BurnV2 | BurnV3 | Collect | ModifyLiquidity
export type PoolChange =
  | PoolCreated
  | PoolCreatedV4
  | SetProtocolFee
  | SolidlyPairCreated
  | Sync
  | Initialize
  | Flash
  | SetFeeProtocol
  | CollectProtocol
  | SetFee
  | SetFees
  | SetCommunityFee
  | SetTickSpacing
/** What a swap pays in fees, told before it; and what LPs are given besides. */
export type FeeOfSwap = Fees | SwapFee | Donate
/** All events of pools and their factories. */
export type DexEvent = Swap | LiquidityChange | PoolChange | FeeOfSwap

const pairs = [eventsV2, eventsSolidly, eventsVelodromeV2] as const
const algebra = [eventsAlgebraV1, eventsAlgebraIntegral] as const
const concentrated = [eventsV3, ...algebra] as const

export const swapFamily: EventFamily<Swap> = {
  name: 'swap',
  version: 1,
  events: [
    ...pairs.map(({ swap }) => swap),
    ...concentrated.map(({ swap }) => swap),
    swapPancakeV3,
    eventsV4.swap,
  ],
}
export const liquidityFamily: EventFamily<LiquidityChange> = {
  name: 'liquidity',
  version: 1,
  events: [
    ...pairs.flatMap(({ mint, burn }) => [mint, burn]),
    ...concentrated.flatMap(({ mint, burn, collect }) => [mint, burn, collect]),
    eventsV4.modifyLiquidity,
  ],
}
/** There is a `Sync` for each change of a pair. */
export const poolFamily: EventFamily<PoolChange> = {
  name: 'pool',
  version: 1,
  events: [
    ...pairs.flatMap(({ created, sync }) => [created, sync]),
    ...concentrated.flatMap(({ created, initialize, flash }) => [created, initialize, flash]),
    ...algebra.flatMap(({ setFee, setCommunityFee, setTickSpacing }) => [
      setFee,
      setCommunityFee,
      setTickSpacing,
    ]),
    eventsAlgebraV1.setFees,
    eventsV3.setFeeProtocol,
    eventsV3.collectProtocol,
    eventsV4.created,
    eventsV4.setProtocolFee,
  ],
}
/** What swaps pay in fees, where an event before them tells it; and donations. */
export const feeFamily: EventFamily<FeeOfSwap> = {
  name: 'fee',
  version: 1,
  events: [
    eventsSolidly.fees,
    eventsVelodromeV2.fees,
    eventsAlgebraIntegral.swapFee,
    eventsV4.donate,
  ],
}

/** Whether the swap is of a concentrated pool, and tells its price. */
export const tellsPrice = (swap: Swap): swap is SwapV3 | SwapPancakeV3 | SwapIntegral | SwapV4 =>
  'sqrtPriceX96' in swap

/** The design of the pool that a swap is of, whatever event tells it. */
export const designOf = (swap: Swap): Protocol =>
  swap.protocol === 'pancakeswap-v3' ? 'uniswap-v3' : swap.protocol

/** Amounts of a swap from the pool's view: positive came in, negative went out. Raw units. */
export function netAmounts(swap: Swap): { amount0: bigint; amount1: bigint } {
  return tellsPrice(swap)
    ? { amount0: swap.amount0, amount1: swap.amount1 }
    : { amount0: swap.amount0In - swap.amount0Out, amount1: swap.amount1In - swap.amount1Out }
}
