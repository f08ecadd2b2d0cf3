import { z } from 'zod'
import { readPool } from '#core/dex/read-pool.ts'
import { candleIntervals } from '#core/dex/trading/candle.ts'
import { listCandles } from '#core/dex/trading/list-candles.ts'
import { refuseInverted } from '#core/page.ts'
import { CANDLES_DEFAULT, CANDLES_MAX } from '#api/pages.ts'
import { expectDecimals, readTokens } from '#api/tokens.ts'
import { oneOf, words } from '#api/words.ts'
import { candle } from '#resources/candles.ts'
import { endpoint } from './endpoint.ts'
import { poolAddress, flag, limit, time } from './parameters.ts'

export const candlesOfPool = endpoint({
  path: '/v1/pools/:address/candles',
  id: 'listCandles',
  summary: 'Candles of a pool, oldest first.',
  returns: { page: candle },
  refuses: [{ status: 404, when: 'The pool is not indexed.' }],
  example: ({ pool }) => ({ address: pool, interval: '1d', limit: '3' }),
  parameters: {
    address: poolAddress,
    interval: z
      .enum(candleIntervals, words(oneOf(candleIntervals)))
      .default('1h')
      .describe('How long a candle is.'),
    from: time.optional().describe('Only candles that begin then or later; seconds since 1970.'),
    to: time.optional().describe('Only candles that begin before.'),
    limit: limit(CANDLES_DEFAULT, CANDLES_MAX),
    fill: flag.default(false).describe('Puts candles at the close before where nobody traded.'),
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
    const decimals = expectDecimals(tokens[0], tokens[1])
    return {
      items: candles.map((each) => ({ candle: each, decimals })),
      nextCursor: null,
    }
  },
})
