import { createRequire } from 'node:module'
import type { Abi } from 'viem'
import type { Hex } from '#core/chain.ts'

type Contract = { readonly abi: Abi; readonly bytecode: Hex }

/** The builds that the projects themselves published, so that addresses and behaviour are those of mainnet. */
const ARTIFACTS = {
  weth: '@uniswap/v2-periphery/build/WETH9.json',
  v2Factory: '@uniswap/v2-core/build/UniswapV2Factory.json',
  v2Pair: '@uniswap/v2-core/build/UniswapV2Pair.json',
  v2Router: '@uniswap/v2-periphery/build/UniswapV2Router02.json',
  v3Factory: '@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json',
  v3Pool: '@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json',
  v3Router: '@uniswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json',
  positionManager:
    '@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json',
  quoter: '@uniswap/v3-periphery/artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json',
  /** Of @uniswap/swap-router-contracts, which brings Hardhat along as a package. */
  swapRouter: './swap-router-02.artifact.json',
  tickLens: '@uniswap/v3-periphery/artifacts/contracts/lens/TickLens.sol/TickLens.json',
  presetToken: '@openzeppelin/contracts/build/contracts/ERC20PresetFixedSupply.json',
  collection: '@openzeppelin/contracts/build/contracts/ERC721PresetMinterPauserAutoId.json',
  multiToken: '@openzeppelin/contracts/build/contracts/ERC1155PresetMinterPauser.json',
  /** token.sol, for decimals other than 18. */
  token: './token.artifact.json',
  points: '#contracts/points.artifact.json',
  erc20Points: '#contracts/erc20-points.artifact.json',
  erc1155Points: '#contracts/erc1155-points.artifact.json',
} as const

export type ContractName = keyof typeof ARTIFACTS

/** Keccak-256 of the creation code: what CREATE2 makes the address of a pair or pool from, on mainnet as here. */
export const V2_INIT_CODE_HASH =
  '0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f'
export const V3_INIT_CODE_HASH =
  '0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54'

const require = createRequire(import.meta.url)

export const contracts = Object.fromEntries(
  Object.entries(ARTIFACTS).map(([name, path]) => [name, load(path)]),
) as Readonly<Record<ContractName, Contract>>

function load(path: string): Contract {
  const { abi, bytecode } = require(path) as { abi: Abi; bytecode: string }
  // The builds of Uniswap V2 leave the prefix out.
  return { abi, bytecode: (bytecode.startsWith('0x') ? bytecode : `0x${bytecode}`) as Hex }
}
