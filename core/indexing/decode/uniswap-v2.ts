import type { BurnV2, MintV2, SwapV2, Sync } from '#core/history/event.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { addressAt, addressOf, expectShape, fitUint, uintAt } from './words.ts'

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

export function decodePairCreated({ topics, data }: RawLog) {
  expectShape(topics, data, 3, 2)
  return {
    token0: addressOf(topics[1]),
    token1: addressOf(topics[2]),
    pool: addressAt(data, 0),
  }
}

export function decodeSync({ topics, data }: RawLog): Sync {
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
