import {
  encodeAbiParameters,
  encodePacked,
  getContractAddress,
  getCreate2Address,
  keccak256,
} from 'viem'
import type { Address, Hex } from '#core/chain.ts'
import { V2_INIT_CODE_HASH, V3_INIT_CODE_HASH } from './contracts.ts'

/** What the transaction of `from` with this nonce creates. */
export const contractAddress = (from: Address, nonce: number): Address =>
  getContractAddress({ from, nonce: BigInt(nonce) }).toLowerCase() as Address

/** UniswapV2Factory.createPair: CREATE2 with the packed tokens as salt. */
export const pairAddress = (factory: Address, token0: Address, token1: Address): Address =>
  create2(
    factory,
    keccak256(encodePacked(['address', 'address'], [token0, token1])),
    V2_INIT_CODE_HASH,
  )

/** PoolAddress.computeAddress of Uniswap V3's periphery. */
export const poolAddress = (
  factory: Address,
  token0: Address,
  token1: Address,
  fee: number,
): Address =>
  create2(
    factory,
    keccak256(
      encodeAbiParameters(
        [{ type: 'address' }, { type: 'address' }, { type: 'uint24' }],
        [token0, token1, fee],
      ),
    ),
    V3_INIT_CODE_HASH,
  )

const create2 = (from: Address, salt: Hex, bytecodeHash: Hex): Address =>
  getCreate2Address({ from, salt, bytecodeHash }).toLowerCase() as Address
