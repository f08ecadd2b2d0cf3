import type { Address, Hash } from '#core/chain.ts'
import {
  type CollectPosition,
  type DecreasePosition,
  eventsOfPositions,
  type IncreasePosition,
  type TransferPosition,
} from '#core/dex/positions/position-events.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  fitUint,
  uintAt,
  uintOf,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type ContractRole, type Decoder, decoder, type SourceSpec } from '#core/indexing/source.ts'

/** The contract that holds positions in pools of Uniswap V3 and gives an NFT for each. */
export type PositionManagerSource = {
  readonly kind: 'uniswap-v3-positions'
  readonly address: Address
  readonly startBlock: number | null
}

/** NonfungiblePositionManager: IncreaseLiquidity(uint256 indexed, uint128, uint256, uint256) */
const INCREASE_LIQUIDITY = '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f'
/** NonfungiblePositionManager: DecreaseLiquidity(uint256 indexed, uint128, uint256, uint256) */
const DECREASE_LIQUIDITY = '0x26f6a048ee9138f2c0ce266f322cb99228e8d619ae2bff30c67f8dcf9d2377b4'
/** NonfungiblePositionManager: Collect(uint256 indexed, address, uint256, uint256) */
const COLLECT_POSITION = '0x40d0efd1a53d60ecbf40971b9daf7dc90178c3aadc7aab1765632738fa8b8f01'
/** ERC-721: Transfer(address indexed, address indexed, uint256 indexed) */
const TRANSFER_POSITION = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

function liquidityOf({ topics, data }: RawLog) {
  expectShape(topics, data, 2, 3)
  return {
    protocol: 'uniswap-v3',
    tokenId: uintOf(topics[1] as Hash),
    liquidity: fitUint(uintAt(data, 0), 128, 'liquidity'),
    amount0: uintAt(data, 1),
    amount1: uintAt(data, 2),
  } as const
}

const decodeIncrease = (log: RawLog): IncreasePosition => ({
  type: 'increasePosition',
  ...liquidityOf(log),
})

const decodeDecrease = (log: RawLog): DecreasePosition => ({
  type: 'decreasePosition',
  ...liquidityOf(log),
})

function decodeCollect({ topics, data }: RawLog): CollectPosition {
  expectShape(topics, data, 2, 3)
  return {
    type: 'collectPosition',
    protocol: 'uniswap-v3',
    tokenId: uintOf(topics[1] as Hash),
    recipient: addressAt(data, 0),
    amount0: uintAt(data, 1),
    amount1: uintAt(data, 2),
  }
}

function decodeTransfer({ topics, data }: RawLog): TransferPosition {
  expectShape(topics, data, 4, 0)
  return {
    type: 'transferPosition',
    protocol: 'uniswap-v3',
    from: addressOf(topics[1]),
    to: addressOf(topics[2]),
    tokenId: uintOf(topics[3] as Hash),
  }
}

const manager: ContractRole = {
  name: 'uniswap-v3-position-manager',
  decoders: new Map<Hash, Decoder>([
    [INCREASE_LIQUIDITY, decoder(eventsOfPositions.increase, decodeIncrease)],
    [DECREASE_LIQUIDITY, decoder(eventsOfPositions.decrease, decodeDecrease)],
    [COLLECT_POSITION, decoder(eventsOfPositions.collect, decodeCollect)],
    [TRANSFER_POSITION, decoder(eventsOfPositions.transfer, decodeTransfer)],
  ]),
}

export const positionManagers: SourceSpec<PositionManagerSource> = {
  kind: 'uniswap-v3-positions',
  contractOf: ({ address }) => ({ address, role: manager }),
}
