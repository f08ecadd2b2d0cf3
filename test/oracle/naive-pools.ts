import type { Act, Pair } from './acts.ts'
import { naiveTickPages, type PositionEvent } from './naive-tick-pages.ts'

/**
 * Pools, their ticks, candles and volumes, computed the slow way: trade by trade into every interval, with no minute
 * kept aside and nothing but plain maps. It shares no code with the product.
 */
export type NaivePools = {
  readonly documents: () => { readonly kind: string; readonly value: object }[]
  /** False where the act is of a pool that is not followed. */
  apply(act: Act, at: { readonly number: number; readonly timestamp: number }): boolean
}

/** A pool that the configuration lists, and the fee of each V2 factory's pools. */
export type NaiveSetting = {
  readonly listed: readonly {
    readonly address: string
    readonly token0: string
    readonly token1: string
    readonly feePips: number
  }[]
  readonly factories: ReadonlyMap<string, { readonly feePips: number | null }>
  /** Those of Uniswap V4. */
  readonly poolManagers: ReadonlySet<string>
}

type NaivePool = {
  address: string
  protocol: string
  factory: string | null
  token0: string
  token1: string
  feePips: number
  feePipsOfToken1: number | null
  tickSpacing: number | null
  hooks: string | null
  isFeeDynamic: boolean
  createdBlock: number | null
  createdAt: number | null
  reserve0: bigint | null
  reserve1: bigint | null
  sqrtPriceX96: bigint | null
  tick: number | null
  liquidity: bigint | null
  protocolParts0: number | null
  protocolParts1: number | null
  lastTradePriceX192: bigint | null
  lastTradeAt: number | null
  swapCount: number
}
type NaiveCandle = {
  pool: string
  interval: string
  start: number
  open: bigint
  high: bigint
  low: bigint
  close: bigint
  volume0: bigint
  volume1: bigint
  trades: number
}
type NaiveVolume = {
  pool: string
  period: string
  start: number
  volume0: bigint
  volume1: bigint
  fees0: bigint
  fees1: bigint
  trades: number
}
type NaiveTick = { pool: string; index: number; liquidityGross: bigint; liquidityNet: bigint }

const INTERVALS: readonly (readonly [string, number])[] = [
  ['1m', 60],
  ['5m', 300],
  ['1h', 3_600],
  ['1d', 86_400],
]
const PERIODS: readonly (readonly [string, number])[] = [
  ['hour', 3_600],
  ['day', 86_400],
]

const notNegative = (amount: bigint): bigint => (amount > 0n ? amount : 0n)
const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

/** Price of token 0 in token 1 as a fraction of 2^192. */
const priceOf = (pool: NaivePool): bigint | null => {
  if (pool.sqrtPriceX96 !== null) return pool.sqrtPriceX96 ** 2n
  return pool.reserve0 === null || pool.reserve1 === null
    ? null
    : ratio(pool.reserve0, pool.reserve1)
}
const ratio = (reserve0: bigint, reserve1: bigint): bigint | null =>
  reserve0 === 0n ? null : (reserve1 * 2n ** 192n) / reserve0

export function createNaivePools({ listed, factories, poolManagers }: NaiveSetting): NaivePools {
  const followed = new Set(listed.map(({ address }) => address))
  const pools = new Map<string, NaivePool>()
  const candles = new Map<string, NaiveCandle>()
  const volumes = new Map<string, NaiveVolume>()
  const ticks = new Map<string, NaiveTick>()
  const positions = new Map<string, PositionEvent[]>()

  /** The pool as it stands; one that is listed comes to be with its first event. */
  function poolOf(address: string, protocol: string): NaivePool {
    const known = pools.get(address)
    if (known) return known
    const terms = listed.find((each) => each.address === address)
    if (!terms) throw new Error(`${address} is not followed`)
    const pool = emptyPool({ ...terms, protocol, factory: null })
    pools.set(address, pool)
    return pool
  }

  function trade(pool: NaivePool, at: number, swap: Swap): void {
    const found = pool.lastTradePriceX192 ?? swap.foundPrice(pool)
    swap.change(pool)
    const price = priceOf(pool)
    pool.swapCount += 1
    pool.lastTradeAt = Math.max(at, pool.lastTradeAt ?? 0)
    if (price !== null) pool.lastTradePriceX192 = price
    const open = found ?? price
    const [volume0, volume1] = swap.moved.map(size) as [bigint, bigint]
    const [fees0, fees1] = swap.came.map(swap.lpFee ?? ((came) => pipsOf(came, pool.feePips))) as [
      bigint,
      bigint,
    ]
    // A trade without a price is counted, not charted.
    for (const [interval, seconds] of INTERVALS) {
      if (price === null || open === null) break
      const start = Math.floor(at / seconds) * seconds
      const key = `${pool.address} ${interval} ${start}`
      const candle = candles.get(key) ?? {
        pool: pool.address,
        interval,
        start,
        open,
        high: open,
        low: open,
        close: open,
        volume0: 0n,
        volume1: 0n,
        trades: 0,
      }
      if (price > candle.high) candle.high = price
      if (price < candle.low) candle.low = price
      candle.close = price
      candle.volume0 += volume0
      candle.volume1 += volume1
      candle.trades += 1
      candles.set(key, candle)
    }
    for (const [period, seconds] of PERIODS) {
      const start = Math.floor(at / seconds) * seconds
      const key = `${pool.address} ${period} ${start}`
      const volume = volumes.get(key) ?? {
        pool: pool.address,
        period,
        start,
        volume0: 0n,
        volume1: 0n,
        fees0: 0n,
        fees1: 0n,
        trades: 0,
      }
      volume.volume0 += volume0
      volume.volume1 += volume1
      volume.fees0 += fees0
      volume.fees1 += fees1
      volume.trades += 1
      volumes.set(key, volume)
    }
  }

  function changeTick(pool: NaivePool, index: number, gross: bigint, net: bigint): void {
    const key = `${pool.address} ${index}`
    const tick = ticks.get(key) ?? {
      pool: pool.address,
      index,
      liquidityGross: 0n,
      liquidityNet: 0n,
    }
    tick.liquidityGross = notNegative(tick.liquidityGross + gross)
    tick.liquidityNet += net
    ticks.set(key, tick)
  }

  function happenAt(
    pool: NaivePool,
    number: number,
    { lower, upper }: { readonly lower: number; readonly upper: number },
    more: bigint,
  ): void {
    if (pool.createdBlock === null) return
    const events = positions.get(pool.address) ?? []
    events.push({ number, lower, upper, more })
    positions.set(pool.address, events)
  }

  function apply(act: Act, at: { number: number; timestamp: number }): boolean {
    if (act.act === 'create') {
      const factory = factories.get(act.factory)
      if (!factory) return false
      followed.add(act.pool)
      pools.set(act.pool, {
        ...emptyPool({
          address: act.pool,
          protocol: act.terms ? 'uniswap-v3' : 'uniswap-v2',
          factory: act.factory,
          token0: act.token0,
          token1: act.token1,
          feePips: act.terms?.feePips ?? factory.feePips ?? 3_000,
        }),
        tickSpacing: act.terms?.tickSpacing ?? null,
        createdBlock: at.number,
        createdAt: at.timestamp,
        reserve0: 0n,
        reserve1: 0n,
        protocolParts0: act.terms ? 0 : null,
        protocolParts1: act.terms ? 0 : null,
      })
      return true
    }
    if ('poolManager' in act) return poolManagers.has(act.poolManager) && applyV4(act, at)
    if (!('pool' in act) || !followed.has(act.pool)) return false
    switch (act.act) {
      case 'initialize': {
        const pool = poolOf(act.pool, 'uniswap-v3')
        pool.sqrtPriceX96 = act.price.sqrtPriceX96
        pool.tick = act.price.tick
        pool.liquidity ??= 0n
        return true
      }
      case 'sync': {
        const pool = poolOf(act.pool, 'uniswap-v2')
        ;[pool.reserve0, pool.reserve1] = act.reserves
        return true
      }
      case 'swapV2': {
        const pool = poolOf(act.pool, 'uniswap-v2')
        const moved: Pair = [act.came[0] - act.went[0], act.came[1] - act.went[1]]
        trade(pool, at.timestamp, {
          moved,
          came: act.came,
          change: () => undefined,
          // The reserves that the pool has told of are those after the swap.
          foundPrice({ reserve0, reserve1 }) {
            if (reserve0 === null || reserve1 === null) return null
            const [before0, before1] = [reserve0 - moved[0], reserve1 - moved[1]]
            return before0 > 0n && before1 >= 0n ? ratio(before0, before1) : null
          },
        })
        return true
      }
      case 'swapV3': {
        const pool = poolOf(act.pool, 'uniswap-v3')
        trade(pool, at.timestamp, {
          moved: act.moved,
          came: [notNegative(act.moved[0]), notNegative(act.moved[1])],
          foundPrice: priceOf,
          change(changed) {
            addReserves(changed, act.moved)
            changed.sqrtPriceX96 = act.price.sqrtPriceX96
            changed.tick = act.price.tick
            changed.liquidity = act.liquidity
          },
        })
        return true
      }
      case 'mintV2':
      case 'burnV2':
        // The Sync of the same transaction says what is left.
        return true
      case 'mintV3':
      case 'burnV3': {
        const pool = poolOf(act.pool, 'uniswap-v3')
        const { lower, upper } = act.range
        const more = act.act === 'mintV3' ? act.liquidity : -act.liquidity
        if (act.act === 'mintV3') addReserves(pool, act.amounts)
        changeInRange(pool, act.range, more)
        happenAt(pool, at.number, act.range, more)
        if (pool.createdBlock !== null && more !== 0n) {
          changeTick(pool, lower, more, more)
          changeTick(pool, upper, more, -more)
        }
        return true
      }
      case 'collectV3': {
        const pool = poolOf(act.pool, 'uniswap-v3')
        addReserves(pool, [-act.amounts[0], -act.amounts[1]])
        happenAt(pool, at.number, act.range, 0n)
        return true
      }
      default:
        return act satisfies never
    }
  }

  /** A pool whose beginning was not seen is not followed, as those of factories are not. */
  function applyV4(act: ActV4, at: { number: number; timestamp: number }): boolean {
    if (act.act === 'createV4') {
      const { pool: address, token0, token1, hooks, price } = act
      const isFeeDynamic = act.feePips === DYNAMIC_FEE
      const feePips = isFeeDynamic ? 0 : act.feePips
      const factory = act.poolManager
      pools.set(address, {
        ...emptyPool({ address, protocol: 'uniswap-v4', factory, token0, token1, feePips }),
        tickSpacing: act.tickSpacing,
        hooks: BigInt(hooks) === 0n ? null : hooks,
        isFeeDynamic,
        createdBlock: at.number,
        createdAt: at.timestamp,
        ...price,
        liquidity: 0n,
        protocolParts0: 0,
        protocolParts1: 0,
      })
      return true
    }
    const pool = pools.get(act.pool)
    if (!pool) return false
    switch (act.act) {
      case 'swapV4':
        trade(pool, at.timestamp, {
          moved: act.moved,
          came: [notNegative(act.moved[0]), notNegative(act.moved[1])],
          // The protocol's part is of the input, and within what the swap paid.
          lpFee: (came, side) =>
            notNegative(
              pipsOf(came, act.feePips) -
                pipsOf(came, (side === 0 ? pool.protocolParts0 : pool.protocolParts1) ?? 0),
            ),
          foundPrice: priceOf,
          change(changed) {
            Object.assign(changed, act.price, { liquidity: act.liquidity })
            if (changed.isFeeDynamic) changed.feePips = act.feePips
          },
        })
        return true
      case 'modifyLiquidityV4':
        changeInRange(pool, act.range, act.delta)
        happenAt(pool, at.number, act.range, act.delta)
        if (act.delta !== 0n) {
          changeTick(pool, act.range.lower, act.delta, act.delta)
          changeTick(pool, act.range.upper, act.delta, -act.delta)
        }
        return true
      case 'setProtocolFeeV4':
        ;[pool.protocolParts0, pool.protocolParts1] = act.fees
        return true
      case 'donateV4':
        // It goes to the LPs in range, and leaves price and liquidity as they are.
        return true
      default:
        return act satisfies never
    }
  }

  return {
    apply,
    documents: () => [
      ...[...pools.values()].map((value) => ({ kind: 'pool', value })),
      ...[...ticks.values()].map((value) => ({ kind: 'tick', value })),
      ...[...positions].flatMap(([pool, events]) => naiveTickPages(pool, events)),
      ...[...candles.values()].map((value) => ({ kind: 'candle', value })),
      ...[...volumes.values()].map((value) => ({ kind: 'volume', value })),
    ],
  }
}

type ActV4 = Extract<Act, { readonly poolManager: string }>

/** Of a fee that hooks set. */
const DYNAMIC_FEE = 0x800000

const pipsOf = (amount: bigint, pips: number): bigint => (amount * BigInt(pips)) / 1_000_000n

/** Liquidity counts while the price is in its range. */
function changeInRange(
  pool: NaivePool,
  { lower, upper }: { readonly lower: number; readonly upper: number },
  more: bigint,
): void {
  if (pool.tick === null || pool.liquidity === null) return
  if (lower <= pool.tick && pool.tick < upper) pool.liquidity = notNegative(pool.liquidity + more)
}

type Swap = {
  /** From the pool's view. */
  readonly moved: Pair
  /** What came in, flash loans included: the fee is taken of it. */
  readonly came: Pair
  /** What LPs get of that; the pool's fee unless given. */
  readonly lpFee?: (came: bigint, side: number) => bigint
  readonly foundPrice: (pool: NaivePool) => bigint | null
  readonly change: (pool: NaivePool) => void
}

function addReserves(pool: NaivePool, [amount0, amount1]: Pair): void {
  if (pool.reserve0 === null || pool.reserve1 === null) return
  pool.reserve0 = notNegative(pool.reserve0 + amount0)
  pool.reserve1 = notNegative(pool.reserve1 + amount1)
}

const emptyPool = (
  terms: Pick<NaivePool, 'address' | 'protocol' | 'factory' | 'token0' | 'token1' | 'feePips'>,
): NaivePool => ({
  address: terms.address,
  protocol: terms.protocol,
  factory: terms.factory,
  token0: terms.token0,
  token1: terms.token1,
  feePips: terms.feePips,
  feePipsOfToken1: null,
  tickSpacing: null,
  hooks: null,
  isFeeDynamic: false,
  createdBlock: null,
  createdAt: null,
  reserve0: null,
  reserve1: null,
  sqrtPriceX96: null,
  tick: null,
  liquidity: null,
  protocolParts0: null,
  protocolParts1: null,
  lastTradePriceX192: null,
  lastTradeAt: null,
  swapCount: 0,
})
