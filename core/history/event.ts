import type { Address, BlockRef, Hash } from '#core/chain.ts'
import { type AnyFields, decodeRecord, encodeRecord, type Fields } from '#core/record.ts'

/** The pool designs that Halyard knows; a fork of one is the same protocol with other parameters. */
export type Protocol = 'uniswap-v2' | 'uniswap-v3'
export type TokenStandard = 'erc721' | 'erc1155'

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

/** The protocol's share of fees that left a V3 pool. Raw units. */
export type CollectProtocol = {
  readonly type: 'collectProtocol'
  readonly protocol: 'uniswap-v3'
  readonly sender: Address
  readonly recipient: Address
  readonly amount0: bigint
  readonly amount1: bigint
}

/** NFTs that moved. ERC-721: `operator` is null, one token, amount 1. ERC-1155: one entry a token of the batch. */
export type Transfer = {
  readonly type: 'transfer'
  readonly protocol: TokenStandard
  readonly operator: Address | null
  readonly from: Address
  readonly to: Address
  readonly tokenIds: readonly bigint[]
  readonly amounts: readonly bigint[]
}

export type Swap = SwapV2 | SwapV3
export type LiquidityChange = MintV2 | MintV3 | BurnV2 | BurnV3 | Collect
export type PoolChange = PoolCreated | Sync | Initialize | Flash | CollectProtocol
export type EventBody = Swap | LiquidityChange | PoolChange | Transfer
export type EventType = EventBody['type']

/** Families are read and listed together; a store keeps each in a table of its own. */
export type EventFamily = 'swap' | 'liquidity' | 'pool' | 'transfer'

/** A decoded log of a proven block. Its identity is (chain, block hash, log index). */
export type ChainEvent<Body extends EventBody = EventBody> = {
  /** `timestamp` in seconds since 1970. */
  readonly block: BlockRef & { readonly timestamp: number }
  readonly transactionHash: Hash
  readonly logIndex: number
  /** The contract that emitted it. */
  readonly address: Address
  readonly body: Body
}

export const familyOf: Readonly<Record<EventType, EventFamily>> = {
  swap: 'swap',
  mint: 'liquidity',
  burn: 'liquidity',
  collect: 'liquidity',
  poolCreated: 'pool',
  sync: 'pool',
  initialize: 'pool',
  flash: 'pool',
  collectProtocol: 'pool',
  transfer: 'transfer',
}

type Shape<Body> = Omit<Body, 'type' | 'protocol'>

const swapV2: Fields<Shape<SwapV2>> = {
  sender: 'hex',
  recipient: 'hex',
  amount0In: 'uint256',
  amount1In: 'uint256',
  amount0Out: 'uint256',
  amount1Out: 'uint256',
}
const swapV3: Fields<Shape<SwapV3>> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'int256',
  amount1: 'int256',
  sqrtPriceX96: 'uint256',
  liquidity: 'uint256',
  tick: 'int',
}
const poolCreated: Fields<Shape<PoolCreated>> = {
  pool: 'hex',
  token0: 'hex',
  token1: 'hex',
  feePips: 'int',
  tickSpacing: 'int?',
}
const sync: Fields<Shape<Sync>> = { reserve0: 'uint256', reserve1: 'uint256' }
const initialize: Fields<Shape<Initialize>> = { sqrtPriceX96: 'uint256', tick: 'int' }
const mintV2: Fields<Shape<MintV2>> = { sender: 'hex', amount0: 'uint256', amount1: 'uint256' }
const mintV3: Fields<Shape<MintV3>> = {
  sender: 'hex',
  owner: 'hex',
  tickLower: 'int',
  tickUpper: 'int',
  liquidity: 'uint256',
  amount0: 'uint256',
  amount1: 'uint256',
}
const burnV2: Fields<Shape<BurnV2>> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'uint256',
  amount1: 'uint256',
}
const burnV3: Fields<Shape<BurnV3>> = {
  owner: 'hex',
  tickLower: 'int',
  tickUpper: 'int',
  liquidity: 'uint256',
  amount0: 'uint256',
  amount1: 'uint256',
}
const collect: Fields<Shape<Collect>> = {
  owner: 'hex',
  recipient: 'hex',
  tickLower: 'int',
  tickUpper: 'int',
  amount0: 'uint256',
  amount1: 'uint256',
}
const flash: Fields<Shape<Flash>> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'uint256',
  amount1: 'uint256',
  paid0: 'uint256',
  paid1: 'uint256',
}
const collectProtocol: Fields<Shape<CollectProtocol>> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'uint256',
  amount1: 'uint256',
}
const transfer: Fields<Shape<Transfer>> = {
  operator: 'hex?',
  from: 'hex',
  to: 'hex',
  tokenIds: 'uint256[]',
  amounts: 'uint256[]',
}

/**
 * Every kind, with the fields of its body besides `type` and `protocol`. Stores may number kinds by their place here,
 * so new ones are added at the end.
 */
const fieldsByKind = {
  'swap/uniswap-v2': swapV2,
  'swap/uniswap-v3': swapV3,
  'poolCreated/uniswap-v2': poolCreated,
  'poolCreated/uniswap-v3': poolCreated,
  'sync/uniswap-v2': sync,
  'initialize/uniswap-v3': initialize,
  'mint/uniswap-v2': mintV2,
  'mint/uniswap-v3': mintV3,
  'burn/uniswap-v2': burnV2,
  'burn/uniswap-v3': burnV3,
  'collect/uniswap-v3': collect,
  'flash/uniswap-v3': flash,
  'collectProtocol/uniswap-v3': collectProtocol,
  'transfer/erc721': transfer,
  'transfer/erc1155': transfer,
} satisfies Record<string, AnyFields>

/** One name for each shape of body, as stored beside it. */
export type EventKind = keyof typeof fieldsByKind

export const eventKinds = Object.keys(fieldsByKind) as EventKind[]

export const typeOf = (kind: EventKind): EventType => kind.split('/')[0] as EventType

/** By type and protocol: looking a name up is quicker than putting it together, a million times. */
const kinds: Readonly<Record<string, Readonly<Record<string, EventKind>>>> = Object.fromEntries(
  [...new Set(eventKinds.map((kind) => typeOf(kind)))].map((type) => [
    type,
    Object.fromEntries(
      eventKinds
        .filter((kind) => typeOf(kind) === type)
        .map((kind) => [kind.slice(type.length + 1), kind]),
    ),
  ]),
)

export const kindOf = ({ type, protocol }: EventBody): EventKind =>
  kinds[type]?.[protocol] as EventKind

/** The fields of a body besides `type` and `protocol`. */
export const fieldsOfEvent = (kind: EventKind): AnyFields => fieldsByKind[kind]

/** The body as canonical JSON, without its kind. */
export const encodeEventBody = (body: EventBody): string =>
  encodeRecord(fieldsOfEvent(kindOf(body)), body)

/** The body that `encodeEventBody` wrote. */
export function decodeEventBody(kind: EventKind, text: string): EventBody {
  const [type, protocol] = kind.split('/')
  return { type, protocol, ...decodeRecord(fieldsOfEvent(kind), text) } as EventBody
}

/** Amounts of a swap from the pool's view: positive came in, negative went out. Raw units. */
export function netAmounts(swap: Swap): { amount0: bigint; amount1: bigint } {
  return swap.protocol === 'uniswap-v2'
    ? { amount0: swap.amount0In - swap.amount0Out, amount1: swap.amount1In - swap.amount1Out }
    : { amount0: swap.amount0, amount1: swap.amount1 }
}

/** One moved token of a transfer. */
export type TransferredToken = { readonly tokenId: bigint; readonly amount: bigint }

export const tokensOf = ({ tokenIds, amounts }: Transfer): TransferredToken[] =>
  tokenIds.map((tokenId, index) => ({ tokenId, amount: amounts[index] ?? 0n }))
