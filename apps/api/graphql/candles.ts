import type { Pool as StoredPool } from '#core/dex/pool.ts'
import { readPool } from '#core/dex/read-pool.ts'
import type { CandleInterval as Interval } from '#core/dex/trading/candle.ts'
import { listCandles } from '#core/dex/trading/list-candles.ts'
import { refuseInverted } from '#core/page.ts'
import { CANDLES_DEFAULT, CANDLES_MAX } from '#api/pages.ts'
import { candle, candleInterval, type CandleRow } from '#resources/candles.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import { bounded } from './paging.ts'
import { loadDecimals, Pool } from './pools.ts'
import { enumOf, typeOf } from './resources.ts'

const Candle = typeOf(candle)
const CandleInterval = enumOf(candleInterval)

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
  return candles.map((each) => ({ candle: each, decimals }))
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
      description: 'Candles of a pool, oldest first; NOT_INDEXED for a pool that is not indexed.',
      args: { pool: t.arg({ type: 'Address', required: true }), ...candleArgs },
      async resolve(_root, { pool, ...args }, context) {
        const found = await readPool(context.ports, context.view(), pool)
        return resolveCandles(context, found, args)
      },
    }),
  )
}
