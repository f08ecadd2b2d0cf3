import type { Pool as StoredPool } from '#core/dex/pool.ts'
import { readPool } from '#core/dex/read-pool.ts'
import type {
  Candle as StoredCandle,
  CandleInterval as Interval,
} from '#core/dex/trading/candle.ts'
import { listCandles } from '#core/dex/trading/list-candles.ts'
import { refuseInverted } from '#core/page.ts'
import { CANDLES_DEFAULT, CANDLES_MAX } from '#api/pages.ts'
import { candlePrice, priceUnitOf } from '#api/prices.ts'
import type { PoolDecimals } from '#api/tokens.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import { bounded } from './paging.ts'
import { loadDecimals, Pool } from './pools.ts'

const CandleInterval = builder.enumType('CandleInterval', {
  values: {
    ONE_MINUTE: { value: '1m' },
    FIVE_MINUTES: { value: '5m' },
    ONE_HOUR: { value: '1h' },
    ONE_DAY: { value: '1d' },
  } as const,
})

const PriceUnit = builder.enumType('PriceUnit', {
  values: {
    TOKENS: { value: 'tokens', description: 'Whole token1 for a whole token0.' },
    RAW: {
      value: 'raw',
      description: 'Raw units of token1 for one of token0: the decimals of a token are not known.',
    },
  } as const,
})

/** A candle and what its prices are written with. */
type CandleRow = { readonly candle: StoredCandle; readonly decimals: PoolDecimals }

const Candle = builder.objectRef<CandleRow>('Candle')

Candle.implement({
  description:
    'The trades of an interval. Prices are of token0 in token1, after each trade; `open` is the close before. ' +
    'Volumes in raw units, each trade once a token.',
  fields: (t) => {
    const price = (name: 'open' | 'high' | 'low' | 'close') =>
      t.field({
        type: 'Decimal',
        nullable: false,
        resolve: ({ candle, decimals }) => candlePrice(candle, name, decimals),
      })
    return {
      start: t.field({
        type: 'Timestamp',
        nullable: false,
        description: 'Seconds since 1970, a multiple of the interval.',
        resolve: ({ candle }) => candle.start,
      }),
      open: price('open'),
      high: price('high'),
      low: price('low'),
      close: price('close'),
      priceUnit: t.field({
        type: PriceUnit,
        nullable: false,
        description: 'What the four prices are in; the same in a whole list.',
        resolve: ({ decimals }) => priceUnitOf(decimals),
      }),
      volume0: t.field({
        type: 'BigInt',
        nullable: false,
        resolve: ({ candle }) => candle.volume0,
      }),
      volume1: t.field({
        type: 'BigInt',
        nullable: false,
        resolve: ({ candle }) => candle.volume1,
      }),
      trades: t.int({ nullable: false, resolve: ({ candle }) => candle.trades }),
    }
  },
})

type CandleArgs = {
  readonly interval: Interval
  readonly from?: number | null | undefined
  readonly to?: number | null | undefined
  readonly limit?: number | null | undefined
  readonly fillGaps?: boolean | null | undefined
}

const candleArgs = builder.args((t) => ({
  interval: t.field({ type: CandleInterval, required: true }),
  from: t.field({ type: 'Timestamp', description: 'Only candles that begin then or later.' }),
  to: t.field({ type: 'Timestamp', description: 'Only candles that begin before.' }),
  limit: t.int({
    defaultValue: CANDLES_DEFAULT,
    description: `The newest ones that fit, from 1 to ${CANDLES_MAX}.`,
  }),
  fillGaps: t.boolean({
    defaultValue: false,
    description: 'Puts candles at the close before where nobody traded.',
  }),
}))

/** Oldest first. */
async function resolveCandles(
  context: GraphqlContext,
  pool: StoredPool,
  args: CandleArgs,
): Promise<CandleRow[]> {
  const { interval, from, to } = args
  refuseInverted(
    { field: 'from', value: from ?? undefined },
    { field: 'to', value: to ?? undefined },
  )
  const limit = bounded(args.limit, 'limit', CANDLES_DEFAULT, CANDLES_MAX)
  context.spend(limit, 'limit')
  const view = context.view()
  const [candles, decimals] = await Promise.all([
    listCandles(context.ports, view, {
      pool: pool.address,
      interval,
      limit,
      fillGaps: args.fillGaps ?? false,
      ...(from != null && { from }),
      ...(to != null && { to }),
    }),
    loadDecimals(context, pool),
  ])
  return candles.map((candle) => ({ candle, decimals }))
}

/** `Query.candles` and `Pool.candles` */
export function addCandles(): void {
  builder.objectField(Pool, 'candles', (t) =>
    t.field({
      type: [Candle],
      nullable: false,
      description: 'Oldest first.',
      args: candleArgs,
      resolve: (pool, args, context) => resolveCandles(context, pool, args),
    }),
  )

  builder.queryField('candles', (t) =>
    t.field({
      type: [Candle],
      nullable: false,
      description: 'Candles of a pool, oldest first; NOT_FOUND where there is no such pool.',
      args: { pool: t.arg({ type: 'Address', required: true }), ...candleArgs },
      async resolve(_root, { pool, ...args }, context) {
        const found = await readPool(context.ports, context.view(), pool)
        return resolveCandles(context, found, args)
      },
    }),
  )
}
