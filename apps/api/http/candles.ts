import { z } from 'zod'
import { readPool } from '#core/dex/read-pool.ts'
import { type Candle, candleIntervals } from '#core/dex/trading/candle.ts'
import { listCandles } from '#core/dex/trading/list-candles.ts'
import { refuseInverted } from '#core/page.ts'
import { CANDLES_DEFAULT, CANDLES_MAX } from '#api/pages.ts'
import { candlePrice, priceUnitOf } from '#api/prices.ts'
import { decimalsOf, isComplete, type PoolDecimals, readTokens } from '#api/tokens.ts'
import { endpoint } from './endpoint.ts'
import { address, flag, limit, time } from './parameters.ts'

export const candlesOfPool = endpoint({
  path: '/v1/pools/:address/candles',
  parameters: {
    address,
    interval: z.enum(candleIntervals, `none of ${candleIntervals.join(', ')}`).default('1h'),
    from: time.optional(),
    to: time.optional(),
    limit: limit(CANDLES_DEFAULT, CANDLES_MAX),
    fill: flag.default(false),
  },
  async answer(ports, view, input) {
    const { from, to, interval } = input
    refuseInverted({ field: 'from', value: from }, { field: 'to', value: to })
    const pool = await readPool(ports, view, input.address)
    const [candles, tokens] = await Promise.all([
      listCandles(ports, view, {
        pool: pool.address,
        interval,
        limit: input.limit,
        fillGaps: input.fill,
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
      }),
      readTokens(ports, [pool.token0, pool.token1]),
    ])
    const decimals = decimalsOf(tokens[0], tokens[1])
    return {
      items: candles.map((candle) => toJson(candle, decimals)),
      nextCursor: null,
      isLive: !tokens.every(isComplete),
    }
  },
})

const toJson = (candle: Candle, decimals: PoolDecimals): object => ({
  start: candle.start,
  open: candlePrice(candle, 'open', decimals),
  high: candlePrice(candle, 'high', decimals),
  low: candlePrice(candle, 'low', decimals),
  close: candlePrice(candle, 'close', decimals),
  priceUnit: priceUnitOf(decimals),
  volume0: candle.volume0.toString(),
  volume1: candle.volume1.toString(),
  trades: candle.trades,
})
