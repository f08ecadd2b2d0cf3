import type { Address } from '#core/chain.ts'
import type { Curve, Protocol, SolidlyProtocol } from '#core/dex/event-bodies.ts'
import { documentSpec } from '#core/history/document.ts'
import type { Wanted } from '#core/history/projection.ts'
import type { NamedVersion } from '#core/history/versions.ts'

/** The design of a pool, and of a pair of Solidly's design also its curve. */
export type PoolProtocol = Exclude<Protocol, SolidlyProtocol> | `${SolidlyProtocol}-${Curve}`

const CURVES: Readonly<Record<PoolProtocol, readonly [Protocol, Curve | null]>> = {
  'uniswap-v2': ['uniswap-v2', null],
  'uniswap-v3': ['uniswap-v3', null],
  'solidly-volatile': ['solidly', 'volatile'],
  'solidly-stable': ['solidly', 'stable'],
  'velodrome-v2-volatile': ['velodrome-v2', 'volatile'],
  'velodrome-v2-stable': ['velodrome-v2', 'stable'],
  'algebra-v1': ['algebra-v1', null],
  'algebra-integral': ['algebra-integral', null],
  'uniswap-v4': ['uniswap-v4', null],
}

export const protocolOf = ({ protocol }: Pick<Pool, 'protocol'>): Protocol => CURVES[protocol][0]

/** Null for designs that know one curve only. */
export const curveOf = ({ protocol }: Pick<Pool, 'protocol'>): Curve | null => CURVES[protocol][1]

/** Whether the liquidity of such pools lies between ticks. */
const isConcentrated = (protocol: PoolProtocol): boolean =>
  protocol === 'uniswap-v3' || protocol === 'uniswap-v4' || isAlgebra({ protocol })

/** Whether the reserves of such pools follow from their events. */
const tellsReserves = (protocol: PoolProtocol): boolean =>
  protocol !== 'uniswap-v4' && !isAlgebra({ protocol })

export const isAlgebra = ({ protocol }: Pick<Pool, 'protocol'>): boolean =>
  protocol === 'algebra-v1' || protocol === 'algebra-integral'

/**
 * A liquidity pool as its events leave it. Amounts in raw token units.
 *
 * `null` means not known: a pool that is listed in the configuration is followed from the first block indexed, so its
 * price is known from its first event on, and the reserves of a V3 pool, which are sums over its whole life, never.
 */
export type Pool = {
  /** Its contract; of Uniswap V4, which has one for all pools, the 32 bytes that name the pool. */
  readonly address: Address
  readonly protocol: PoolProtocol
  /** Uniswap V4: the manager. Null for a pool that the configuration lists. */
  readonly factory: Address | null
  readonly token0: Address
  readonly token1: Address
  /**
   * LP fee in hundredths of a basis point: 3000 = 0.30 %. Of a pair of Solidly's design, whose factory may change it: what
   * its newest swap paid. Of a pool of Algebra: as its last event says, which may be another in the next block; so too of a pool of Uniswap V4 whose hooks set the fee.
   */
  readonly feePips: number
  /** Algebra: the same where token1 comes in, if that is another fee; else null. */
  readonly feePipsOfToken1: number | null
  readonly tickSpacing: number | null
  /** Uniswap V4: the contract that its swaps and positions run through; null where it has none. */
  readonly hooks: Address | null
  /** Uniswap V4: whether its hooks set the fee. */
  readonly isFeeDynamic: boolean
  readonly createdBlock: number | null
  readonly createdAt: number | null
  /**
   * Pairs: as the last Sync says. V3: what its events brought in less what they took out. Algebra: never known, for its
   * community's share of fees leaves without an event; nor of Uniswap V4, which tells no amounts of positions.
   */
  readonly reserve0: bigint | null
  readonly reserve1: bigint | null
  /** V3 only: square root of token1 per token0 as Q64.96. */
  readonly sqrtPriceX96: bigint | null
  readonly tick: number | null
  /** V3 only: the liquidity in range at the current price. */
  readonly liquidity: bigint | null
  /**
   * Uniswap V3: the protocol takes one part of so many of the fees, of token0 and of token1 coming in; 0: nothing.
   * Algebra: its community takes so many thousandths of them. Uniswap V4: so many pips of what comes in, before the fee. Null until it is told for a pool that the configuration lists.
   */
  readonly protocolParts0: number | null
  readonly protocolParts1: number | null
  /** Price after the newest trade (see `PRICE_ONE`); the next candle opens there. */
  readonly lastTradePriceX192: bigint | null
  readonly lastTradeAt: number | null
  readonly swapCount: number
}

/** Raised with what the fold makes of the same events, see `Projection.version`. */
export const poolsVersion: NamedVersion = { name: 'pools', version: 5 }

export const poolDocuments = documentSpec<Pool>({
  kind: 'pool',
  plural: 'pools',
  projection: poolsVersion,
  identity: ['address'],
  orders: {
    byToken0: ['token0', 'address'],
    byToken1: ['token1', 'address'],
    byTokens: ['token0', 'token1', 'address'],
  },
  fields: {
    address: 'hex',
    protocol: 'text',
    factory: 'hex?',
    token0: 'hex',
    token1: 'hex',
    feePips: 'int',
    feePipsOfToken1: 'int?',
    tickSpacing: 'int?',
    hooks: 'hex?',
    isFeeDynamic: 'bool',
    createdBlock: 'int?',
    createdAt: 'int?',
    reserve0: 'uint256?',
    reserve1: 'uint256?',
    sqrtPriceX96: 'uint256?',
    tick: 'int?',
    liquidity: 'uint256?',
    protocolParts0: 'int?',
    protocolParts1: 'int?',
    lastTradePriceX192: 'uint320?',
    lastTradeAt: 'int?',
    swapCount: 'int',
  },
})

/** Pools, as a projection asks for them. */
export const wantedPools = (addresses: Iterable<Address>): Wanted[] =>
  Array.from(addresses, (address) => ({ spec: poolDocuments, key: [address] }))

/**
 * Prices are Q128.192 fixed point: raw token1 per raw token0, times 2^192. A V3 price is exact in it (the square of
 * sqrtPriceX96); a V2 price is rounded down.
 */
export const PRICE_FRACTION_BITS = 192n
export const PRICE_ONE = 1n << PRICE_FRACTION_BITS
/** The first amount whose price would not fit 320 bits. */
const AMOUNT_END = 1n << 128n

/** What was worked out last: each swap of a pair has its price asked for by several who do not know of one another. */
let last = { reserve0: 0n, reserve1: 0n, price: 0n }

/** The price that reserves imply, or null for an empty pool. */
export function priceOfReserves(reserve0: bigint, reserve1: bigint): bigint | null {
  if (reserve0 === 0n) return null
  if (reserve0 !== last.reserve0 || reserve1 !== last.reserve1)
    last = { reserve0, reserve1, price: (reserve1 << PRICE_FRACTION_BITS) / reserve0 }
  return last.price
}

/**
 * The marginal price of token0 in token1, raw units, Q128.192; null while the pool has none. A stable pair's follows from
 * its curve and the decimals of its tokens, which no event tells: it is the price of its newest trade, fee included.
 */
export function poolPriceX192(pool: Pool): bigint | null {
  if (curveOf(pool) === 'stable') return pool.lastTradePriceX192
  if (pool.sqrtPriceX96 !== null) return pool.sqrtPriceX96 * pool.sqrtPriceX96
  if (pool.reserve0 === null || pool.reserve1 === null) return null
  return priceOfReserves(pool.reserve0, pool.reserve1)
}

/** A pool of which nothing but its terms is known. */
export const newPool = (
  terms: Pick<Pool, 'address' | 'protocol' | 'factory' | 'token0' | 'token1' | 'feePips'> &
    Partial<Pick<Pool, 'tickSpacing' | 'hooks' | 'isFeeDynamic' | 'createdBlock' | 'createdAt'>>,
): Pool => ({
  address: terms.address,
  protocol: terms.protocol,
  factory: terms.factory,
  token0: terms.token0,
  token1: terms.token1,
  feePips: terms.feePips,
  feePipsOfToken1: null,
  tickSpacing: terms.tickSpacing ?? null,
  hooks: terms.hooks ?? null,
  isFeeDynamic: terms.isFeeDynamic ?? false,
  createdBlock: terms.createdBlock ?? null,
  createdAt: terms.createdAt ?? null,
  // What entered before the first block indexed is unknown, unless the pool was created within it.
  reserve0: terms.createdBlock == null || !tellsReserves(terms.protocol) ? null : 0n,
  reserve1: terms.createdBlock == null || !tellsReserves(terms.protocol) ? null : 0n,
  sqrtPriceX96: null,
  tick: null,
  liquidity: null,
  protocolParts0: terms.createdBlock == null || !isConcentrated(terms.protocol) ? null : 0,
  protocolParts1: terms.createdBlock == null || !isConcentrated(terms.protocol) ? null : 0,
  lastTradePriceX192: null,
  lastTradeAt: null,
  swapCount: 0,
})

/**
 * The price at which a swap was done, raw token1 per raw token0; null where one of them did not move, or there is no room
 * for it.
 */
export function tradePriceX192(net: {
  readonly amount0: bigint
  readonly amount1: bigint
}): bigint | null {
  const [amount0, amount1] = [net.amount0, -net.amount1]
  if (amount0 === 0n || amount0 > 0n !== amount1 > 0n) return null
  if (amount1 >= AMOUNT_END || amount1 <= -AMOUNT_END) return null
  return (amount1 << PRICE_FRACTION_BITS) / amount0
}
