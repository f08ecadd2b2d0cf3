import type { Address, Hash } from '#core/chain.ts'
import {
  type Donate,
  eventsV4,
  type ModifyLiquidity,
  type PoolCreatedV4,
  type SetProtocolFee,
  type SwapV4,
} from '#core/dex/v4-events.ts'
import type { EventBody, EventSpec } from '#core/history/event.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  fitUint,
  hashAt,
  int24Of,
  intAt,
  MalformedLog,
  uintAt,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import type { ContractRole, Decoder } from '#core/indexing/source.ts'

/** The contract that keeps all pools of Uniswap V4. */
export type PoolManagerSource = {
  readonly kind: 'uniswap-v4'
  readonly address: Address
  readonly startBlock: number | null
}

/** PoolManager: Initialize(bytes32 indexed, address indexed, address indexed, uint24, int24, address, uint160, int24) */
const INITIALIZE = '0xdd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438'
/** PoolManager: ModifyLiquidity(bytes32 indexed, address indexed, int24, int24, int256, bytes32) */
const MODIFY_LIQUIDITY = '0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec'
/** PoolManager: Swap(bytes32 indexed, address indexed, int128, int128, uint160, uint128, int24, uint24) */
const SWAP = '0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f'
/** PoolManager: Donate(bytes32 indexed, address indexed, uint256, uint256) */
const DONATE = '0x29ef05caaff9404b7cb6d1c0e9bbae9eaa7ab2541feba1a9c4248594c08156cb'
/** PoolManager: ProtocolFeeUpdated(bytes32 indexed, uint24) */
const PROTOCOL_FEE_UPDATED = '0xe9c42593e71f84403b84352cd168d693e2c9fcd1fdbcc3feb21d92b43e6696f9'

const protocol = 'uniswap-v4'

const fee24 = (word: bigint, name: string): number => Number(fitUint(word, 24, name))

function decodeInitialize({ address, topics, data }: RawLog): PoolCreatedV4 {
  expectShape(topics, data, 4, 5)
  return {
    type: 'poolCreated',
    protocol,
    manager: address,
    pool: topics[1] as Hash,
    token0: addressOf(topics[2]),
    token1: addressOf(topics[3]),
    feePips: fee24(uintAt(data, 0), 'fee'),
    tickSpacing: int24Of(uintAt(data, 1), 'tickSpacing'),
    hooks: addressAt(data, 2),
    sqrtPriceX96: fitUint(uintAt(data, 3), 160, 'sqrtPriceX96'),
    tick: int24Of(uintAt(data, 4), 'tick'),
  }
}

function decodeModifyLiquidity({ topics, data }: RawLog): ModifyLiquidity {
  expectShape(topics, data, 3, 4)
  return {
    type: 'modifyLiquidity',
    protocol,
    pool: topics[1] as Hash,
    sender: addressOf(topics[2]),
    tickLower: int24Of(uintAt(data, 0), 'tickLower'),
    tickUpper: int24Of(uintAt(data, 1), 'tickUpper'),
    liquidityDelta: intAt(data, 2),
    salt: hashAt(data, 3),
  }
}

/** An int128 in a sign-extended word. */
function int128At(data: RawLog['data'], index: number, name: string): bigint {
  const value = intAt(data, index)
  if (value !== BigInt.asIntN(128, value)) throw new MalformedLog(`${name} does not fit int128`)
  return value
}

function decodeSwap({ topics, data }: RawLog): SwapV4 {
  expectShape(topics, data, 3, 6)
  return {
    type: 'swap',
    protocol,
    pool: topics[1] as Hash,
    sender: addressOf(topics[2]),
    amount0: -int128At(data, 0, 'amount0'),
    amount1: -int128At(data, 1, 'amount1'),
    sqrtPriceX96: fitUint(uintAt(data, 2), 160, 'sqrtPriceX96'),
    liquidity: fitUint(uintAt(data, 3), 128, 'liquidity'),
    tick: int24Of(uintAt(data, 4), 'tick'),
    feePips: fee24(uintAt(data, 5), 'fee'),
  }
}

function decodeDonate({ topics, data }: RawLog): Donate {
  expectShape(topics, data, 3, 2)
  return {
    type: 'donate',
    protocol,
    pool: topics[1] as Hash,
    sender: addressOf(topics[2]),
    amount0: uintAt(data, 0),
    amount1: uintAt(data, 1),
  }
}

function decodeProtocolFee({ topics, data }: RawLog): SetProtocolFee {
  expectShape(topics, data, 2, 1)
  // Twelve bits each: of token0 coming in, and of token1.
  const fees = fee24(uintAt(data, 0), 'protocolFee')
  return {
    type: 'setProtocolFee',
    protocol,
    pool: topics[1] as Hash,
    protocolFeePips0: fees & 0xfff,
    protocolFeePips1: fees >> 12,
  }
}

/** An event is listed under its pool. */
const ofPool = <Body extends EventBody & { readonly pool: Hash }>(
  spec: EventSpec<Body>,
  decode: (log: RawLog) => Body,
): Decoder => ({ spec, decode, subjectOf: (body) => (body as Body).pool })

/** What a contract that keeps pools of Uniswap V4 tells of them. */
export const managerOfV4: ContractRole = {
  name: 'uniswap-v4-pool-manager',
  decoders: new Map<Hash, Decoder>([
    [INITIALIZE, { ...ofPool(eventsV4.created, decodeInitialize), beginsSubject: true }],
    [MODIFY_LIQUIDITY, ofPool(eventsV4.modifyLiquidity, decodeModifyLiquidity)],
    [SWAP, ofPool(eventsV4.swap, decodeSwap)],
    [DONATE, ofPool(eventsV4.donate, decodeDonate)],
    [PROTOCOL_FEE_UPDATED, ofPool(eventsV4.setProtocolFee, decodeProtocolFee)],
  ]),
}
