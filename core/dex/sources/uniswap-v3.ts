import type { Hash } from '#core/chain.ts'
import { eventsV3, swapPancakeV3 } from '#core/dex/concentrated-events.ts'
import type {
  BurnV3,
  Collect,
  CollectProtocol,
  Flash,
  Initialize,
  MintV3,
  PoolCreated,
  SetFeeProtocol,
  SwapPancakeV3,
  SwapV3,
} from '#core/dex/event-bodies.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  fitUint,
  int24Of,
  intAt,
  uintAt,
  uintOf,
  withoutWords,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type Decoder, decoder } from '#core/indexing/source.ts'

/** UniswapV3Factory: PoolCreated(address indexed, address indexed, uint24 indexed, int24, address) */
export const POOL_CREATED = '0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118'
/** UniswapV3Pool: Initialize(uint160, int24) */
export const INITIALIZE = '0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95'
/** UniswapV3Pool: Swap(address indexed, address indexed, int256, int256, uint160, uint128, int24) */
export const SWAP_V3 = '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67'
/** PancakeV3Pool: Swap(address indexed, address indexed, int256, int256, uint160, uint128, int24, uint128, uint128) */
export const SWAP_PANCAKE_V3 = '0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83'
/** UniswapV3Pool: Mint(address, address indexed, int24 indexed, int24 indexed, uint128, uint256, uint256) */
export const MINT_V3 = '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde'
/** UniswapV3Pool: Burn(address indexed, int24 indexed, int24 indexed, uint128, uint256, uint256) */
export const BURN_V3 = '0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c'
/** UniswapV3Pool: Collect(address indexed, address, int24 indexed, int24 indexed, uint128, uint128) */
export const COLLECT = '0x70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0'
/** UniswapV3Pool: Flash(address indexed, address indexed, uint256, uint256, uint256, uint256) */
export const FLASH = '0xbdbdb71d7860376ba52b25a5028beea23581364a40522f6bcfb86bb1f2dca633'
/** UniswapV3Pool: SetFeeProtocol(uint8, uint8, uint8, uint8), the old shares first */
export const SET_FEE_PROTOCOL = '0x973d8d92bb299f4af6ce49b52a8adb85ae46b9f214c4c4fc06ac77401237b133'
/** UniswapV3Pool: CollectProtocol(address indexed, address indexed, uint128, uint128) */
export const COLLECT_PROTOCOL = '0x596b573906218d3411850b26a6b437d6c4522fdb43d2d2386263f86d50b8b151'

function decodePoolCreated({ topics, data }: RawLog): PoolCreated {
  expectShape(topics, data, 4, 2)
  return {
    type: 'poolCreated',
    protocol: 'uniswap-v3',
    token0: addressOf(topics[1]),
    token1: addressOf(topics[2]),
    feePips: Number(fitUint(uintOf(topics[3] as `0x${string}`), 24, 'fee')),
    tickSpacing: int24Of(uintAt(data, 0), 'tickSpacing'),
    pool: addressAt(data, 1),
  }
}

export function decodeInitialize({ topics, data }: RawLog): Initialize {
  expectShape(topics, data, 1, 2)
  return {
    type: 'initialize',
    protocol: 'uniswap-v3',
    sqrtPriceX96: fitUint(uintAt(data, 0), 160, 'sqrtPriceX96'),
    tick: int24Of(uintAt(data, 1), 'tick'),
  }
}

export function decodeSwapV3({ topics, data }: RawLog): SwapV3 {
  expectShape(topics, data, 3, 5)
  return {
    type: 'swap',
    protocol: 'uniswap-v3',
    sender: addressOf(topics[1]),
    recipient: addressOf(topics[2]),
    amount0: intAt(data, 0),
    amount1: intAt(data, 1),
    sqrtPriceX96: fitUint(uintAt(data, 2), 160, 'sqrtPriceX96'),
    liquidity: fitUint(uintAt(data, 3), 128, 'liquidity'),
    tick: int24Of(uintAt(data, 4), 'tick'),
  }
}

function decodeSwapPancakeV3({ topics, data, ...log }: RawLog): SwapPancakeV3 {
  expectShape(topics, data, 3, 7)
  // The first five words are those of Uniswap's.
  return {
    ...decodeSwapV3({ ...log, topics, data: withoutWords(data, 2) }),
    protocol: 'pancakeswap-v3',
    protocolFee0: fitUint(uintAt(data, 5), 128, 'protocolFeesToken0'),
    protocolFee1: fitUint(uintAt(data, 6), 128, 'protocolFeesToken1'),
  }
}

function decodeSetFeeProtocol({ topics, data }: RawLog): SetFeeProtocol {
  expectShape(topics, data, 1, 4)
  return {
    type: 'setFeeProtocol',
    protocol: 'uniswap-v3',
    parts0: Number(fitUint(uintAt(data, 2), 8, 'feeProtocol0New')),
    parts1: Number(fitUint(uintAt(data, 3), 8, 'feeProtocol1New')),
  }
}

const ticksOf = (lower: `0x${string}` | undefined, upper: `0x${string}` | undefined) => ({
  tickLower: int24Of(uintOf(lower as `0x${string}`), 'tickLower'),
  tickUpper: int24Of(uintOf(upper as `0x${string}`), 'tickUpper'),
})

export function decodeMintV3({ topics, data }: RawLog): MintV3 {
  expectShape(topics, data, 4, 4)
  return {
    type: 'mint',
    protocol: 'uniswap-v3',
    sender: addressAt(data, 0),
    owner: addressOf(topics[1]),
    ...ticksOf(topics[2], topics[3]),
    liquidity: fitUint(uintAt(data, 1), 128, 'amount'),
    amount0: uintAt(data, 2),
    amount1: uintAt(data, 3),
  }
}

export function decodeBurnV3({ topics, data }: RawLog): BurnV3 {
  expectShape(topics, data, 4, 3)
  return {
    type: 'burn',
    protocol: 'uniswap-v3',
    owner: addressOf(topics[1]),
    ...ticksOf(topics[2], topics[3]),
    liquidity: fitUint(uintAt(data, 0), 128, 'amount'),
    amount0: uintAt(data, 1),
    amount1: uintAt(data, 2),
  }
}

export function decodeCollect({ topics, data }: RawLog): Collect {
  expectShape(topics, data, 4, 3)
  return {
    type: 'collect',
    protocol: 'uniswap-v3',
    owner: addressOf(topics[1]),
    recipient: addressAt(data, 0),
    ...ticksOf(topics[2], topics[3]),
    amount0: fitUint(uintAt(data, 1), 128, 'amount0'),
    amount1: fitUint(uintAt(data, 2), 128, 'amount1'),
  }
}

export function decodeFlash({ topics, data }: RawLog): Flash {
  expectShape(topics, data, 3, 4)
  return {
    type: 'flash',
    protocol: 'uniswap-v3',
    sender: addressOf(topics[1]),
    recipient: addressOf(topics[2]),
    amount0: uintAt(data, 0),
    amount1: uintAt(data, 1),
    paid0: uintAt(data, 2),
    paid1: uintAt(data, 3),
  }
}

function decodeCollectProtocol({ topics, data }: RawLog): CollectProtocol {
  expectShape(topics, data, 3, 2)
  return {
    type: 'collectProtocol',
    protocol: 'uniswap-v3',
    sender: addressOf(topics[1]),
    recipient: addressOf(topics[2]),
    amount0: fitUint(uintAt(data, 0), 128, 'amount0'),
    amount1: fitUint(uintAt(data, 1), 128, 'amount1'),
  }
}

/** By first topic. */
export const factoryDecoders: ReadonlyMap<Hash, Decoder> = new Map([
  [POOL_CREATED, decoder(eventsV3.created, decodePoolCreated)],
])
export const poolDecoders: ReadonlyMap<Hash, Decoder> = new Map([
  [INITIALIZE, decoder(eventsV3.initialize, decodeInitialize)],
  [SWAP_V3, decoder(eventsV3.swap, decodeSwapV3)],
  [SWAP_PANCAKE_V3, decoder(swapPancakeV3, decodeSwapPancakeV3)],
  [SET_FEE_PROTOCOL, decoder(eventsV3.setFeeProtocol, decodeSetFeeProtocol)],
  [MINT_V3, decoder(eventsV3.mint, decodeMintV3)],
  [BURN_V3, decoder(eventsV3.burn, decodeBurnV3)],
  [COLLECT, decoder(eventsV3.collect, decodeCollect)],
  [FLASH, decoder(eventsV3.flash, decodeFlash)],
  [COLLECT_PROTOCOL, decoder(eventsV3.collectProtocol, decodeCollectProtocol)],
])
