import type { Address, BlockRef } from '#core/chain.ts'
import type { Fees } from '#core/dex/event-bodies.ts'
import type { SwapV4 } from '#core/dex/v4-events.ts'
import {
  feeFamily,
  type FeeOfSwap,
  netAmounts,
  type Swap,
  swapFamily,
  tellsPrice,
} from '#core/dex/events.ts'
import {
  curveOf,
  isAlgebra,
  type Pool,
  poolPriceX192,
  poolDocuments,
  priceOfReserves,
  tradePriceX192,
  wantedPools,
} from '#core/dex/pool.ts'
import { listedPools } from '#core/dex/sources/listed-pools.ts'
import type {
  DocumentsAtHand,
  Fold,
  FoldInput,
  Mutable,
  Projection,
  Slot,
  Wanted,
} from '#core/history/projection.ts'
import type { ChainEvent } from '#core/history/event.ts'
import {
  addToCandle,
  type Candle,
  type CandleInterval,
  candleIntervals,
  candleDocuments,
  openCandle,
  secondsOf,
  startOf,
  type Traded,
  type TradedMinute,
} from './candle.ts'
import { tradesVersion } from './version.ts'
import {
  addToVolume,
  openVolume,
  secondsOfPeriod,
  startOfPeriod,
  type Volume,
  type VolumePeriod,
  volumePeriods,
  volumeDocuments,
} from './volume.ts'

/** Candles and volumes of pools. */
export const tradesProjection: Projection<Swap | FeeOfSwap> = {
  ...tradesVersion,
  documents: [candleDocuments, volumeDocuments],
  families: [swapFamily, feeFamily],
  reads: ['pools'],
  wants: (events) => wantedPools(new Set(events.map(({ address }) => address))),
  wantsThen: wantedByTrades,
  begin: foldTrades,
  isOpen({ spec, value }, documents) {
    const { pool, start } = value as Candle | Volume
    const newest = documents.slot(poolDocuments, [pool]).value?.lastTradeAt ?? 0
    const seconds =
      spec === candleDocuments
        ? secondsOf[(value as Candle).interval]
        : secondsOfPeriod[(value as Volume).period]
    return start + seconds > newest
  },
}

/**
 * The candles and volumes that these trades add to. Those that begin after the pool's newest trade do not exist yet.
 */
function wantedByTrades(events: readonly ChainEvent[], documents: DocumentsAtHand): Wanted[] {
  const wanted: Wanted[] = []
  /** Of each pool: its newest trade, and the last minute looked at, within which nothing else is wanted. */
  const seen = new Map<Address, { newest: number; minute: number }>()
  for (const { address, block } of events) {
    let pool = seen.get(address)
    if (!pool) {
      pool = {
        newest: documents.slot(poolDocuments, [address]).value?.lastTradeAt ?? -1,
        minute: -1,
      }
      seen.set(address, pool)
    }
    const { timestamp } = block
    const minute = startOf(secondsOf['1m'], timestamp)
    if (minute === pool.minute) continue
    pool.minute = minute
    for (const interval of candleIntervals) {
      const start = startOf(secondsOf[interval], timestamp)
      const key = [address, interval, start]
      wanted.push({ spec: candleDocuments, key, isNew: start > pool.newest })
    }
    for (const period of volumePeriods) {
      const start = startOfPeriod(period, timestamp)
      const key = [address, period, start]
      wanted.push({ spec: volumeDocuments, key, isNew: start > pool.newest })
    }
    pool.newest = Math.max(pool.newest, timestamp)
  }
  return wanted
}

type Open<T extends object> = { readonly start: number; readonly slot: Slot<T> }

/** What the trades of a pool add to: its candles and volumes of the time at hand. */
type PoolTrades = {
  readonly pool: Slot<Pool>
  /** The trades of the minute at hand, and the block of the last: most fall into the minute of the one before. */
  minute: Mutable<TradedMinute> | Mutable<Traded> | undefined
  tradedAt: BlockRef | undefined
  /** What the swap that follows is charged in place of the pool's fee, in pips; 0: nothing. */
  overrideFeePips: number
  readonly candles: Partial<Record<CandleInterval, Open<Candle>>>
  readonly volumes: Partial<Record<VolumePeriod, Open<Volume>>>
}

const PIPS = 1_000_000n

function foldTrades({ documents, sources }: FoldInput): Fold<Swap | FeeOfSwap> {
  const listed = listedPools(sources)
  const traded = new Map<Address, PoolTrades>()

  function tradesOf(address: Address): PoolTrades {
    const known = traded.get(address)
    if (known) return known
    const trades: PoolTrades = {
      pool: documents.slot(poolDocuments, [address]),
      minute: undefined,
      tradedAt: undefined,
      overrideFeePips: 0,
      candles: {},
      volumes: {},
    }
    traded.set(address, trades)
    return trades
  }

  /** Fees that a pool tells by themselves, before the swap that pays them. */
  function addFees({ address, body, block }: ChainEvent<Fees>): void {
    const trades = tradesOf(address)
    const start = startOf(secondsOf['1m'], block.timestamp)
    if (trades.minute?.start !== start) {
      closeMinute(trades)
      trades.minute = nothingTraded(address, start)
    }
    trades.minute.fees0 += body.amount0
    trades.minute.fees1 += body.amount1
    trades.tradedAt = block
  }

  function addSwap({ address, body, block }: ChainEvent<Swap>): void {
    const trades = tradesOf(address)
    const pool = trades.pool.value ?? listed.get(address)
    if (!pool) throw new Error(`a swap of ${address} was admitted, which no source names`)
    const price = priceAfter(pool, body)
    const start = startOf(secondsOf['1m'], block.timestamp)
    let { minute } = trades
    if (minute?.start !== start || hasPrice(minute) !== (price !== null)) {
      closeMinute(trades)
      const nothing = nothingTraded(address, start)
      const found = pool.lastTradePriceX192 ?? priceFoundBy(pool, body) ?? price
      // A fork that tells a swap before its first Sync has no price yet: the trade is counted, not charted.
      minute = price === null || found === null ? nothing : { ...nothing, ...beginAt(found, price) }
      trades.minute = minute
    }
    if (price !== null && hasPrice(minute)) addPrice(minute, price)
    addAmounts(minute, body, feeOf(body, pool, trades.overrideFeePips))
    trades.overrideFeePips = 0
    trades.tradedAt = block
  }

  /** Adds what was traded in the minute at hand to the candles and volumes that it is part of. */
  function closeMinute(trades: PoolTrades): void {
    const { minute, tradedAt } = trades
    if (!minute || !tradedAt) return
    trades.minute = undefined
    if (hasPrice(minute)) addToCandles(trades, minute, tradedAt)
    addToVolumes(trades, minute, tradedAt)
  }

  function addToCandles(trades: PoolTrades, minute: TradedMinute, tradedAt: BlockRef): void {
    for (const interval of candleIntervals) {
      const start = startOf(secondsOf[interval], minute.start)
      let open = trades.candles[interval]
      if (open?.start !== start) {
        const slot = documents.slot(candleDocuments, [minute.pool, interval, start])
        slot.value = slot.value ? { ...slot.value } : openCandle(interval, minute)
        open = { start, slot }
        trades.candles[interval] = open
      }
      addToCandle(open.slot.value as Mutable<Candle>, minute)
      open.slot.changedAt = tradedAt
    }
  }

  function addToVolumes(trades: PoolTrades, minute: Traded, tradedAt: BlockRef): void {
    for (const period of volumePeriods) {
      const start = startOfPeriod(period, minute.start)
      let open = trades.volumes[period]
      if (open?.start !== start) {
        const slot = documents.slot(volumeDocuments, [minute.pool, period, start])
        slot.value = slot.value ? { ...slot.value } : openVolume(period, minute)
        open = { start, slot }
        trades.volumes[period] = open
      }
      addToVolume(open.slot.value as Mutable<Volume>, minute)
      open.slot.changedAt = tradedAt
    }
  }

  return {
    apply(event) {
      const { address, body } = event
      if (body.type === 'fees') addFees(event as ChainEvent<Fees>)
      else if (body.type === 'swapFee') tradesOf(address).overrideFeePips = body.overrideFeePips
      else if (body.type === 'swap') addSwap(event as ChainEvent<Swap>)
    },
    finish() {
      for (const trades of traded.values()) closeMinute(trades)
      traded.clear()
    },
  }
}

const hasPrice = (minute: Traded): minute is TradedMinute => 'close' in minute

/** The price after a trade. The reserves of pairs are those after it already: their Sync comes before. */
function priceAfter(pool: Pool, swap: Swap): bigint | null {
  if (tellsPrice(swap)) return swap.sqrtPriceX96 * swap.sqrtPriceX96
  return curveOf(pool) === 'stable' ? tradePriceX192(netAmounts(swap)) : poolPriceX192(pool)
}

/** The price before a pool's first trade. */
function priceFoundBy(pool: Pool, swap: Swap): bigint | null {
  if (tellsPrice(swap) || curveOf(pool) === 'stable') return poolPriceX192(pool)
  if (pool.reserve0 === null || pool.reserve1 === null) return null
  const net = netAmounts(swap)
  const reserve0 = pool.reserve0 - net.amount0
  const reserve1 = pool.reserve1 - net.amount1
  return reserve0 > 0n && reserve1 >= 0n ? priceOfReserves(reserve0, reserve1) : null
}

const nothingTraded = (pool: Address, start: number): Mutable<Traded> => ({
  pool,
  start,
  amount0: 0n,
  amount1: 0n,
  fees0: 0n,
  fees1: 0n,
  trades: 0,
})

/** What was found counts only where it opens a candle: one that is there already has its own past. */
const beginAt = (found: bigint, price: bigint) => ({
  open: found,
  high: price,
  low: price,
  close: price,
})

function addPrice(minute: Mutable<TradedMinute>, price: bigint): void {
  if (price > minute.high) minute.high = price
  if (price < minute.low) minute.low = price
  minute.close = price
}

/** What LPs get of a swap's fee: its rate for each token that comes in, and what the protocol keeps of it. */
type FeeTerms = { readonly pips: readonly [number, number]; readonly pool: Pool }

function feeOf(swap: Swap, pool: Pool, toldPips: number): FeeTerms {
  const ownPips = swap.protocol === 'algebra-integral' ? swap.overrideFeePips : null
  const told = ownPips ?? toldPips
  const { feePips, feePipsOfToken1 } = pool
  return { pips: told > 0 ? [told, told] : [feePips, feePipsOfToken1 ?? feePips], pool }
}

function addAmounts(minute: Mutable<Traded>, swap: Swap, fee: FeeTerms): void {
  if (tellsPrice(swap)) {
    minute.amount0 += absolute(swap.amount0)
    minute.amount1 += absolute(swap.amount1)
  } else {
    minute.amount0 += distance(swap.amount0In, swap.amount0Out)
    minute.amount1 += distance(swap.amount1In, swap.amount1Out)
  }
  minute.fees0 += lpFee(swap, 0, fee)
  minute.fees1 += lpFee(swap, 1, fee)
  minute.trades++
}

const absolute = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

/** How far two amounts are apart. Mostly one of them is nothing, and the other need not be copied. */
function distance(one: bigint, other: bigint): bigint {
  if (one === 0n) return other
  return other === 0n ? one : absolute(one - other)
}

const THOUSAND = 1_000n

/**
 * What the liquidity providers earn by a swap, in the token that came in: the fee less the protocol's share. PancakeSwap
 * tells that share with each swap, Uniswap V3 and Algebra by the parts that their pools are set to; all round it for each
 * step of a swap, here it is rounded once. Whatever a contract tells, the providers never earn less than nothing: a swap of
 * a few units has a fee that rounds to zero here and not in the contract, and a fork may tell any share.
 */
function lpFee(swap: Swap, token: 0 | 1, { pips, pool }: FeeTerms): bigint {
  const amount = amountIn(swap, token)
  // Most swaps put in but one token; and the fees of some pools are told by an event of their own.
  if (amount === 0n || curveOf(pool) !== null) return 0n
  if (swap.protocol === 'uniswap-v4') return lpFeeOfV4(swap, amount, token, pool)
  const fee = (amount * BigInt(pips[token])) / PIPS
  if (swap.protocol === 'pancakeswap-v3') {
    const share = token === 0 ? swap.protocolFee0 : swap.protocolFee1
    return share < fee ? fee - share : 0n
  }
  const parts = BigInt((token === 0 ? pool.protocolParts0 : pool.protocolParts1) ?? 0)
  if (isAlgebra(pool)) return fee - (fee * parts) / THOUSAND
  return parts === 0n ? fee : fee - fee / parts
}

/** A swap of V4 tells its whole fee, of which the protocol takes its pips of the input. */
function lpFeeOfV4(swap: SwapV4, amount: bigint, token: 0 | 1, pool: Pool): bigint {
  const fee = (amount * BigInt(swap.feePips)) / PIPS
  const parts = (token === 0 ? pool.protocolParts0 : pool.protocolParts1) ?? 0
  const share = (amount * BigInt(parts)) / PIPS
  return share < fee ? fee - share : 0n
}

/** What came in of token 0 or 1, raw units, flash loans included. */
function amountIn(swap: Swap, token: 0 | 1): bigint {
  if (!tellsPrice(swap)) return token === 0 ? swap.amount0In : swap.amount1In
  const amount = token === 0 ? swap.amount0 : swap.amount1
  return amount > 0n ? amount : 0n
}
