import type { Address, Hash, Hex } from '#core/chain.ts'
import { dataOf, topicOf, twoArrays } from '../fakes/encode.ts'

/**
 * What happens in a block, as the contracts mean it. A test makes up acts, has them written as logs for the product,
 * and tells the naive model the acts themselves: the model never sees a log. Amounts in raw units.
 */
export type Act =
  /** A factory makes a V2 pool whose fee is that of its factory, or a V3 pool of its own fee. */
  | {
      readonly act: 'create'
      readonly factory: Address
      readonly pool: Address
      readonly token0: Address
      readonly token1: Address
      /** Null for V2. */
      readonly terms: { readonly feePips: number; readonly tickSpacing: number } | null
    }
  | { readonly act: 'initialize'; readonly pool: Address; readonly price: V3Price }
  | { readonly act: 'sync'; readonly pool: Address; readonly reserves: Pair }
  | {
      readonly act: 'swapV2'
      readonly pool: Address
      readonly sender: Address
      readonly recipient: Address
      readonly came: Pair
      readonly went: Pair
    }
  | {
      readonly act: 'swapV3'
      readonly pool: Address
      readonly sender: Address
      readonly recipient: Address
      /** From the pool's view: negative went out. */
      readonly moved: Pair
      readonly price: V3Price
      readonly liquidity: bigint
    }
  | {
      readonly act: 'mintV2'
      readonly pool: Address
      readonly sender: Address
      readonly amounts: Pair
    }
  | {
      readonly act: 'burnV2'
      readonly pool: Address
      readonly sender: Address
      readonly recipient: Address
      readonly amounts: Pair
    }
  | {
      readonly act: 'mintV3' | 'burnV3'
      readonly pool: Address
      readonly owner: Address
      readonly range: Ticks
      readonly liquidity: bigint
      readonly amounts: Pair
    }
  | {
      readonly act: 'collectV3'
      readonly pool: Address
      readonly owner: Address
      readonly recipient: Address
      readonly range: Ticks
      readonly amounts: Pair
    }
  /** One token of an ERC-721 collection. */
  | {
      readonly act: 'transfer721'
      readonly collection: Address
      readonly from: Address
      readonly to: Address
      readonly tokenId: bigint
    }
  /** Tokens of an ERC-1155 collection, as one event of a batch or as a single. */
  | {
      readonly act: 'transfer1155'
      readonly collection: Address
      readonly operator: Address
      readonly from: Address
      readonly to: Address
      readonly isBatch: boolean
      readonly tokens: readonly { readonly tokenId: bigint; readonly amount: bigint }[]
    }
  /** Units of an ERC-20 token; older tokens than the final standard have only some parties as topics. */
  | {
      readonly act: 'transfer20'
      readonly token: Address
      readonly from: Address
      readonly to: Address
      readonly amount: bigint
      readonly indexed: 0 | 1 | 2
    }
  /** The native currency becomes units of a token as WETH9, or is given back for them. */
  | {
      readonly act: 'wrap' | 'unwrap'
      readonly token: Address
      readonly account: Address
      readonly amount: bigint
    }
  /** All balances of a token change. */
  | {
      readonly act: 'rebase'
      readonly token: Address
      readonly event: 'LogRebase' | 'TokenRebased'
    }
  /** What the holder of positions in V3 pools says after the pool. */
  | {
      readonly act: 'increasePosition' | 'decreasePosition'
      readonly manager: Address
      readonly tokenId: bigint
      readonly liquidity: bigint
      readonly amounts: Pair
    }
  | {
      readonly act: 'collectPosition'
      readonly manager: Address
      readonly tokenId: bigint
      readonly recipient: Address
      readonly amounts: Pair
    }
  | {
      readonly act: 'transferPosition'
      readonly manager: Address
      readonly tokenId: bigint
      readonly from: Address
      readonly to: Address
    }
  /** A pool of Uniswap V4 comes to be, which is named by 32 bytes; the zero address is no hooks, and the native currency. */
  | {
      readonly act: 'createV4'
      readonly poolManager: Address
      readonly pool: Hash
      readonly token0: Address
      readonly token1: Address
      readonly feePips: number
      readonly tickSpacing: number
      readonly hooks: Address
      readonly price: V3Price
    }
  | {
      readonly act: 'swapV4'
      readonly poolManager: Address
      readonly pool: Hash
      readonly sender: Address
      /** From the pool's view: negative went out. */
      readonly moved: Pair
      readonly price: V3Price
      readonly liquidity: bigint
      /** What it paid of its input, the protocol's part included. */
      readonly feePips: number
    }
  | {
      readonly act: 'modifyLiquidityV4'
      readonly poolManager: Address
      readonly pool: Hash
      readonly sender: Address
      readonly range: Ticks
      readonly delta: bigint
      readonly salt: Hash
    }
  | {
      readonly act: 'donateV4'
      readonly poolManager: Address
      readonly pool: Hash
      readonly sender: Address
      readonly amounts: Pair
    }
  /** What the protocol takes of token0 and of token1 coming in, in pips. */
  | {
      readonly act: 'setProtocolFeeV4'
      readonly poolManager: Address
      readonly pool: Hash
      readonly fees: readonly [number, number]
    }
  /** A log of a followed contract that does not decode: it counts as nothing. */
  | { readonly act: 'malformed'; readonly contract: Address }
  /** A log of a contract that nobody follows. */
  | { readonly act: 'foreign'; readonly contract: Address }

export type Pair = readonly [bigint, bigint]
type V3Price = { readonly sqrtPriceX96: bigint; readonly tick: number }
export type Ticks = { readonly lower: number; readonly upper: number }

/** A log before it has a place in a block. */
export type Draft = {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Hex
}

/**
 * The first topics of the events, keccak-256 of their signatures as Etherscan and the contracts' ABIs have them: written
 * down here again, so that a wrong one in the product is seen.
 */
const topics = {
  pairCreated: '0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9',
  sync: '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1',
  swapV2: '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822',
  mintV2: '0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f',
  burnV2: '0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496',
  poolCreated: '0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118',
  initialize: '0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95',
  swapV3: '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67',
  mintV3: '0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde',
  burnV3: '0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c',
  collectV3: '0x70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0',
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  transferSingle: '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
  transferBatch: '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb',
  increasePosition: '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f',
  decreasePosition: '0x26f6a048ee9138f2c0ce266f322cb99228e8d619ae2bff30c67f8dcf9d2377b4',
  collectPosition: '0x40d0efd1a53d60ecbf40971b9daf7dc90178c3aadc7aab1765632738fa8b8f01',
  createV4: '0xdd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438',
  modifyLiquidityV4: '0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec',
  swapV4: '0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f',
  donateV4: '0x29ef05caaff9404b7cb6d1c0e9bbae9eaa7ab2541feba1a9c4248594c08156cb',
  setProtocolFeeV4: '0xe9c42593e71f84403b84352cd168d693e2c9fcd1fdbcc3feb21d92b43e6696f9',
  deposit: '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c',
  withdrawal: '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65',
  LogRebase: '0x72725a3b1e5bd622d6bcd1339bb31279c351abe8f541ac7fd320f24e1b1641f2',
  TokenRebased: '0xff08c3ef606d198e316ef5b822193c489965899eb4e3c248cea1a4626c3eda50',
} as const satisfies Record<string, Hash>

const ticksOf = ({ lower, upper }: Ticks): Hash[] => [
  topicOf(BigInt(lower)),
  topicOf(BigInt(upper)),
]

/** An act as the log that a node would tell of it. */
export function draftOf(act: Act): Draft {
  switch (act.act) {
    case 'create': {
      const { factory, pool, token0, token1, terms } = act
      const tokens = [topicOf(token0), topicOf(token1)]
      return terms
        ? {
            address: factory,
            topics: [topics.poolCreated, ...tokens, topicOf(BigInt(terms.feePips))],
            data: dataOf(BigInt(terms.tickSpacing), pool),
          }
        : {
            address: factory,
            topics: [topics.pairCreated, ...tokens],
            data: dataOf(pool, 1n),
          }
    }
    case 'initialize': {
      const { sqrtPriceX96, tick } = act.price
      return log(act.pool, [topics.initialize], dataOf(sqrtPriceX96, BigInt(tick)))
    }
    case 'sync':
      return log(act.pool, [topics.sync], dataOf(...act.reserves))
    case 'swapV2': {
      const parties = [topicOf(act.sender), topicOf(act.recipient)]
      return log(act.pool, [topics.swapV2, ...parties], dataOf(...act.came, ...act.went))
    }
    case 'swapV3': {
      const parties = [topicOf(act.sender), topicOf(act.recipient)]
      const { sqrtPriceX96, tick } = act.price
      const data = dataOf(...act.moved, sqrtPriceX96, act.liquidity, BigInt(tick))
      return log(act.pool, [topics.swapV3, ...parties], data)
    }
    case 'mintV2':
      return log(act.pool, [topics.mintV2, topicOf(act.sender)], dataOf(...act.amounts))
    case 'burnV2': {
      const parties = [topicOf(act.sender), topicOf(act.recipient)]
      return log(act.pool, [topics.burnV2, ...parties], dataOf(...act.amounts))
    }
    case 'mintV3': {
      const where = [topicOf(act.owner), ...ticksOf(act.range)]
      const data = dataOf(act.owner, act.liquidity, ...act.amounts)
      return log(act.pool, [topics.mintV3, ...where], data)
    }
    case 'burnV3': {
      const where = [topicOf(act.owner), ...ticksOf(act.range)]
      return log(act.pool, [topics.burnV3, ...where], dataOf(act.liquidity, ...act.amounts))
    }
    case 'collectV3': {
      const where = [topicOf(act.owner), ...ticksOf(act.range)]
      return log(act.pool, [topics.collectV3, ...where], dataOf(act.recipient, ...act.amounts))
    }
    case 'transfer721': {
      const parties = [topicOf(act.from), topicOf(act.to)]
      return log(act.collection, [topics.transfer, ...parties, topicOf(act.tokenId)], '0x')
    }
    case 'transfer1155': {
      const parties = [topicOf(act.operator), topicOf(act.from), topicOf(act.to)]
      const ids = act.tokens.map(({ tokenId }) => tokenId)
      const amounts = act.tokens.map(({ amount }) => amount)
      return act.isBatch
        ? log(act.collection, [topics.transferBatch, ...parties], twoArrays(ids, amounts))
        : log(act.collection, [topics.transferSingle, ...parties], dataOf(...ids, ...amounts))
    }
    case 'transfer20': {
      const parties = [act.from, act.to]
      const told = parties.slice(0, act.indexed).map(topicOf)
      const data = dataOf(...parties.slice(act.indexed), act.amount)
      return log(act.token, [topics.transfer, ...told], data)
    }
    case 'wrap':
      return log(act.token, [topics.deposit, topicOf(act.account)], dataOf(act.amount))
    case 'unwrap':
      return log(act.token, [topics.withdrawal, topicOf(act.account)], dataOf(act.amount))
    case 'rebase':
      return act.event === 'LogRebase'
        ? log(act.token, [topics.LogRebase, topicOf(1n)], dataOf(1_000n))
        : log(act.token, [topics.TokenRebased, topicOf(1n)], dataOf(1n, 2n, 3n, 4n, 5n, 6n))
    case 'increasePosition':
    case 'decreasePosition': {
      const data = dataOf(act.liquidity, ...act.amounts)
      return log(act.manager, [topics[act.act], topicOf(act.tokenId)], data)
    }
    case 'collectPosition': {
      const data = dataOf(act.recipient, ...act.amounts)
      return log(act.manager, [topics.collectPosition, topicOf(act.tokenId)], data)
    }
    case 'transferPosition': {
      const parties = [topicOf(act.from), topicOf(act.to)]
      return log(act.manager, [topics.transfer, ...parties, topicOf(act.tokenId)], '0x')
    }
    case 'createV4': {
      const { sqrtPriceX96, tick } = act.price
      const pair = [topicOf(act.token0), topicOf(act.token1)]
      const fee = [BigInt(act.feePips), BigInt(act.tickSpacing)]
      const data = dataOf(...fee, act.hooks, sqrtPriceX96, BigInt(tick))
      return log(act.poolManager, [topics.createV4, act.pool, ...pair], data)
    }
    case 'swapV4': {
      const { sqrtPriceX96, tick } = act.price
      // V4 tells amounts from the trader's view.
      const amounts = act.moved.map((amount) => -amount)
      const rest = [sqrtPriceX96, act.liquidity, BigInt(tick), BigInt(act.feePips)]
      return ofV4(act, dataOf(...amounts, ...rest))
    }
    case 'modifyLiquidityV4': {
      const range = [BigInt(act.range.lower), BigInt(act.range.upper)]
      return ofV4(act, dataOf(...range, act.delta, BigInt(act.salt)))
    }
    case 'donateV4':
      return ofV4(act, dataOf(...act.amounts))
    case 'setProtocolFeeV4': {
      const [fee0, fee1] = act.fees
      const data = dataOf(BigInt(fee1 * 4_096 + fee0))
      return log(act.poolManager, [topics.setProtocolFeeV4, act.pool], data)
    }
    case 'malformed':
      return log(act.contract, [topics.transferBatch], '0x')
    case 'foreign':
      return log(act.contract, [topics.sync], dataOf(1n, 2n))
    default:
      return act satisfies never
  }
}

/** What somebody does to a pool of Uniswap V4. */
const ofV4 = (
  act: Extract<Act, { readonly act: 'swapV4' | 'modifyLiquidityV4' | 'donateV4' }>,
  data: Hex,
): Draft => log(act.poolManager, [topics[act.act], act.pool, topicOf(act.sender)], data)

const log = (address: Address, all: readonly Hash[], data: Hex): Draft => ({
  address,
  topics: all,
  data,
})
