import type { Address } from '#core/chain.ts'
import { documentSpec } from '#core/history/document.ts'
import type { Mutable } from '#core/history/projection.ts'
import { tradesVersion } from './version.ts'

export type CandleInterval = '1m' | '5m' | '1h' | '1d'

export const candleIntervals: readonly CandleInterval[] = ['1m', '5m', '1h', '1d']

export const secondsOf: Readonly<Record<CandleInterval, number>> = {
  '1m': 60,
  '5m': 300,
  '1h': 3_600,
  '1d': 86_400,
}

/**
 * The trades of a pool in one interval. Prices are the pool's marginal price of token0 in token1 after each trade
 * (Q128.192, raw units); `open` is the close of the trade before the interval, so that candles join without gaps
 * in price. Volumes in raw units, each trade once a token.
 */
export type Candle = {
  readonly pool: Address
  readonly interval: CandleInterval
  /** Start of the interval, seconds since 1970, a multiple of its length (UTC). */
  readonly start: number
  readonly open: bigint
  readonly high: bigint
  readonly low: bigint
  readonly close: bigint
  readonly volume0: bigint
  readonly volume1: bigint
  readonly trades: number
}

export const candleDocuments = documentSpec<Candle>({
  kind: 'candle',
  plural: 'candles',
  projection: tradesVersion,
  identity: ['pool', 'interval', 'start'],
  fields: {
    pool: 'hex',
    interval: 'text',
    start: 'int',
    open: 'uint320',
    high: 'uint320',
    low: 'uint320',
    close: 'uint320',
    volume0: 'uint256',
    volume1: 'uint256',
    trades: 'int',
  },
})

/** What was traded of one pool within one minute, as longer intervals add it up; amounts are absolute. */
export type Traded = {
  readonly pool: Address
  /** Start of the minute, seconds since 1970. */
  readonly start: number
  readonly amount0: bigint
  readonly amount1: bigint
  /** LP fees that the trades paid, in the tokens that came in. */
  readonly fees0: bigint
  readonly fees1: bigint
  readonly trades: number
}

/** The same with prices, Q128.192. */
export type TradedMinute = Traded & {
  /** Close of the trade before, or for the pool's first trade the price it found. */
  readonly open: bigint
  /** Of its own trades. */
  readonly high: bigint
  readonly low: bigint
  readonly close: bigint
}

export const startOf = (seconds: number, timestamp: number): number =>
  timestamp - (timestamp % seconds)

/** The candle before its first trades. */
export const openCandle = (interval: CandleInterval, first: TradedMinute): Candle => ({
  pool: first.pool,
  interval,
  start: startOf(secondsOf[interval], first.start),
  open: first.open,
  high: first.open,
  low: first.open,
  close: first.open,
  volume0: 0n,
  volume1: 0n,
  trades: 0,
})

/** Changes the candle by the next trades of its interval. */
export function addToCandle(candle: Mutable<Candle>, minute: TradedMinute): void {
  if (minute.high > candle.high) candle.high = minute.high
  if (minute.low < candle.low) candle.low = minute.low
  candle.close = minute.close
  candle.volume0 += minute.amount0
  candle.volume1 += minute.amount1
  candle.trades += minute.trades
}
