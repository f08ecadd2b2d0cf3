import type { Address, Hash } from '#core/chain.ts'
import { eventSpec } from '#core/history/event.ts'

/*
 * What Uniswap V4's PoolManager tells of its pools. A pool has no contract: it is named by 32 bytes, the hash of its
 * PoolKey, and its events are listed under these. Amounts in raw units; the native currency is the zero address.
 */

/** A pool came into being, at its first price. */
export type PoolCreatedV4 = {
  readonly type: 'poolCreated'
  readonly protocol: 'uniswap-v4'
  readonly manager: Address
  /** The 32 bytes that name it. */
  readonly pool: Hash
  readonly token0: Address
  readonly token1: Address
  /** Hundredths of a basis point; `DYNAMIC_FEE` where its hooks set the fee. */
  readonly feePips: number
  readonly tickSpacing: number
  /** The zero address where it has none. */
  readonly hooks: Address
  readonly sqrtPriceX96: bigint
  readonly tick: number
}

/** LPFeeLibrary.DYNAMIC_FEE_FLAG of Uniswap V4. */
export const DYNAMIC_FEE = 0x800000

/** A swap: amounts from the pool's view, then the state behind it. V4 tells them from the trader's view. */
export type SwapV4 = {
  readonly type: 'swap'
  readonly protocol: 'uniswap-v4'
  readonly pool: Hash
  /** Who called the manager, a router mostly. To whom the tokens went is not told. */
  readonly sender: Address
  readonly amount0: bigint
  readonly amount1: bigint
  readonly sqrtPriceX96: bigint
  readonly liquidity: bigint
  readonly tick: number
  /** What the swap paid of its input, the protocol's part included, in hundredths of a basis point. */
  readonly feePips: number
}

/** Liquidity of a position that was added, or with a minus taken out. What that cost or gave is not told. */
export type ModifyLiquidity = {
  readonly type: 'modifyLiquidity'
  readonly protocol: 'uniswap-v4'
  readonly pool: Hash
  readonly sender: Address
  readonly tickLower: number
  readonly tickUpper: number
  readonly liquidityDelta: bigint
  /** Tells positions of one sender in one range apart. */
  readonly salt: Hash
}

/** Tokens that were given to the LPs in range. */
export type Donate = {
  readonly type: 'donate'
  readonly protocol: 'uniswap-v4'
  readonly pool: Hash
  readonly sender: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

/** What the protocol takes from now on, before the LPs' fee, of token0 and token1 coming in: hundredths of a basis point. */
export type SetProtocolFee = {
  readonly type: 'setProtocolFee'
  readonly protocol: 'uniswap-v4'
  readonly pool: Hash
  readonly protocolFeePips0: number
  readonly protocolFeePips1: number
}

const protocol = 'uniswap-v4'

/** Kinds of events of Uniswap V4. */
export const eventsV4 = {
  created: eventSpec<PoolCreatedV4>({
    type: 'poolCreated',
    protocol,
    number: 60,
    fields: {
      manager: 'hex',
      pool: 'hex',
      token0: 'hex',
      token1: 'hex',
      feePips: 'int',
      tickSpacing: 'int',
      hooks: 'hex',
      sqrtPriceX96: 'uint256',
      tick: 'int',
    },
  }),
  swap: eventSpec<SwapV4>({
    type: 'swap',
    protocol,
    number: 61,
    fields: {
      pool: 'hex',
      sender: 'hex',
      amount0: 'int256',
      amount1: 'int256',
      sqrtPriceX96: 'uint256',
      liquidity: 'uint256',
      tick: 'int',
      feePips: 'int',
    },
  }),
  modifyLiquidity: eventSpec<ModifyLiquidity>({
    type: 'modifyLiquidity',
    protocol,
    number: 62,
    fields: {
      pool: 'hex',
      sender: 'hex',
      tickLower: 'int',
      tickUpper: 'int',
      liquidityDelta: 'int256',
      salt: 'hex',
    },
  }),
  donate: eventSpec<Donate>({
    type: 'donate',
    protocol,
    number: 63,
    fields: { pool: 'hex', sender: 'hex', amount0: 'uint256', amount1: 'uint256' },
  }),
  setProtocolFee: eventSpec<SetProtocolFee>({
    type: 'setProtocolFee',
    protocol,
    number: 64,
    fields: { pool: 'hex', protocolFeePips0: 'int', protocolFeePips1: 'int' },
  }),
}
