import type { Hash } from '#core/chain.ts'
import type { BurnV2, MintV2, PoolCreated, SwapV2, Sync } from '#core/dex/event-bodies.ts'
import { eventsV2 } from '#core/dex/pair-events.ts'
import { addressAt, addressOf, expectShape, fitUint, uintAt } from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type AnySource, type Decoder, decoder } from '#core/indexing/source.ts'
import type { FactorySource } from './dex-source.ts'

/** UniswapV2Factory: PairCreated(address indexed, address indexed, address, uint256) */
export const PAIR_CREATED = '0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9'
/** UniswapV2Pair: Sync(uint112, uint112) */
export const SYNC = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
/** UniswapV2Pair: Swap(address indexed, uint256, uint256, uint256, uint256, address indexed) */
export const SWAP_V2 = '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822'
/** UniswapV2Pair: Mint(address indexed, uint256, uint256) */
export const MINT_V2 = '0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f'
/** UniswapV2Pair: Burn(address indexed, uint256, uint256, address indexed) */
export const BURN_V2 = '0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496'

/** Uniswap V2's fee, which forks may set otherwise: 0.30 %. */
const FEE_PIPS = 3000

function decodePairCreated({ topics, data }: RawLog, source: AnySource | undefined): PoolCreated {
  expectShape(topics, data, 3, 2)
  return {
    type: 'poolCreated',
    protocol: 'uniswap-v2',
    token0: addressOf(topics[1]),
    token1: addressOf(topics[2]),
    pool: addressAt(data, 0),
    feePips: (source as FactorySource | undefined)?.feePips ?? FEE_PIPS,
    tickSpacing: null,
  }
}

function decodeSync({ topics, data }: RawLog): Sync {
  expectShape(topics, data, 1, 2)
  return {
    type: 'sync',
    protocol: 'uniswap-v2',
    reserve0: fitUint(uintAt(data, 0), 112, 'reserve0'),
    reserve1: fitUint(uintAt(data, 1), 112, 'reserve1'),
  }
}

export function decodeSwapV2({ topics, data }: RawLog): SwapV2 {
  expectShape(topics, data, 3, 4)
  return {
    type: 'swap',
    protocol: 'uniswap-v2',
    sender: addressOf(topics[1]),
    recipient: addressOf(topics[2]),
    amount0In: uintAt(data, 0),
    amount1In: uintAt(data, 1),
    amount0Out: uintAt(data, 2),
    amount1Out: uintAt(data, 3),
  }
}

export function decodeMintV2({ topics, data }: RawLog): MintV2 {
  expectShape(topics, data, 2, 2)
  return {
    type: 'mint',
    protocol: 'uniswap-v2',
    sender: addressOf(topics[1]),
    amount0: uintAt(data, 0),
    amount1: uintAt(data, 1),
  }
}

export function decodeBurnV2({ topics, data }: RawLog): BurnV2 {
  expectShape(topics, data, 3, 2)
  return {
    type: 'burn',
    protocol: 'uniswap-v2',
    sender: addressOf(topics[1]),
    recipient: addressOf(topics[2]),
    amount0: uintAt(data, 0),
    amount1: uintAt(data, 1),
  }
}

/** By first topic. */
export const factoryDecoders: ReadonlyMap<Hash, Decoder> = new Map([
  [PAIR_CREATED, decoder(eventsV2.created, decodePairCreated)],
])
export const poolDecoders: ReadonlyMap<Hash, Decoder> = new Map([
  [SYNC, decoder(eventsV2.sync, decodeSync)],
  [SWAP_V2, decoder(eventsV2.swap, decodeSwapV2)],
  [MINT_V2, decoder(eventsV2.mint, decodeMintV2)],
  [BURN_V2, decoder(eventsV2.burn, decodeBurnV2)],
])
