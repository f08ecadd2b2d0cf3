import type { Candle, CandleInterval } from '#core/dex/trading/candle.ts'
import type { PriceUnit } from './prices.ts'
import { candlePrice, priceUnitOf } from './prices.ts'
import {
  amountOf,
  bigint,
  choice,
  decimal,
  field,
  type Field,
  int,
  linkTo,
  only,
  resource,
  time,
} from './resource.ts'
import { pool } from './pools.ts'
import type { PoolDecimals } from './tokens.ts'

/** A candle and what its prices are written with: raw units where a token has no decimals. */
export type CandleRow = { readonly candle: Candle; readonly decimals: PoolDecimals }

export const candleInterval = choice<CandleInterval>('CandleInterval', {
  '1m': { graphql: 'ONE_MINUTE' },
  '5m': { graphql: 'FIVE_MINUTES' },
  '1h': { graphql: 'ONE_HOUR' },
  '1d': { graphql: 'ONE_DAY' },
})

const priceUnit = choice<PriceUnit>('PriceUnit', {
  tokens: { description: 'Whole token1 for a whole token0.' },
  raw: {
    description:
      'Raw units of token1 for one of token0: the contract of a token tells no decimals.',
  },
})

const price = (name: 'open' | 'high' | 'low' | 'close'): Field<CandleRow> =>
  field(decimal, ({ candle, decimals }) => candlePrice(candle, name, decimals))

export const candle = resource<CandleRow>(
  'Candle',
  'The trades of an interval. Prices are of token0 in token1, as they are after each trade; `open` is the close of the ' +
    'candle before. Volumes are in raw units, and count a trade once for each of the two tokens.',
  {
    // An answer about one pool and one interval need not repeat them with each candle.
    pool: only(
      ['rows'],
      field(linkTo(pool), ({ candle: { pool: address } }) => address),
    ),
    interval: only(
      ['rows'],
      field(candleInterval, ({ candle: { interval } }) => interval),
    ),
    start: field(
      time,
      ({ candle: { start } }) => start,
      'Seconds since 1970, a multiple of the interval.',
    ),
    open: price('open'),
    high: price('high'),
    low: price('low'),
    close: price('close'),
    priceUnit: field(
      priceUnit,
      ({ decimals }) => priceUnitOf(decimals),
      'What the four prices are in; the same in a whole list.',
    ),
    volume0: amountOf(
      0,
      field(bigint, ({ candle: { volume0 } }) => volume0),
    ),
    volume1: amountOf(
      1,
      field(bigint, ({ candle: { volume1 } }) => volume1),
    ),
    trades: field(int, ({ candle: { trades } }) => trades),
  },
)
