import type { Address } from '#core/chain.ts'
import { type Candle, candleDocuments, type CandleInterval, secondsOf, startOf } from './candle.ts'
import type { View } from '#core/history/head.ts'
import { type ResolvePorts, scanDocuments } from '#core/history/resolve.ts'

export type CandleQuery = {
  readonly pool: Address
  readonly interval: CandleInterval
  /** Seconds since 1970: candles that begin at or after `from` and before `to`. */
  readonly from?: number
  readonly to?: number
  readonly limit: number
  /** Put candles without trades, at the close before them, where nobody traded. */
  readonly fillGaps?: boolean
}

/** Candles of a pool, oldest first: the newest ones that fit the limit, as charts ask for them. */
export async function listCandles(
  ports: ResolvePorts,
  view: View,
  query: CandleQuery,
): Promise<Candle[]> {
  const newestFirst = await scanDocuments(ports, view, candleDocuments, {
    order: 'identity',
    prefix: [query.pool, query.interval],
    descending: true,
    limit: query.limit,
    ...(query.from !== undefined && { from: [query.from] }),
    ...(query.to !== undefined && { to: [query.to - 1] }),
  })
  const candles = newestFirst.toReversed()
  return query.fillGaps
    ? fillGaps(await candleBefore(ports, view, query, candles), candles, view.head.timestamp, query)
    : candles
}

/** The last candle before a window that begins in a quiet time: its close held until then. */
async function candleBefore(
  ports: ResolvePorts,
  view: View,
  { pool, interval, from, limit }: CandleQuery,
  candles: readonly Candle[],
): Promise<Candle | undefined> {
  if (from === undefined || from === 0 || candles.length === limit) return undefined
  const [before] = await scanDocuments(ports, view, candleDocuments, {
    order: 'identity',
    prefix: [pool, interval],
    descending: true,
    limit: 1,
    to: [from - 1],
  })
  return before
}

/** One candle an interval from the pool's first in the window on, up to the one that the head is in. */
function fillGaps(
  before: Candle | undefined,
  candles: readonly Candle[],
  headTime: number,
  query: CandleQuery,
): Candle[] {
  const seconds = secondsOf[query.interval]
  const begin = Math.ceil((query.from ?? 0) / seconds) * seconds
  const end = Math.min(query.to ?? headTime + 1, headTime + 1)
  const known = before ? [before, ...candles] : candles
  const filled: Candle[] = []
  for (const [index, candle] of known.entries()) {
    if (candle !== before) filled.push(candle)
    const next = known[index + 1]?.start ?? startOf(seconds, end - 1) + seconds
    // Only what can be in the answer: the newest ones that fit.
    const first = Math.max(candle.start + seconds, next - query.limit * seconds, begin)
    for (let start = first; start < next; start += seconds) {
      const price = candle.close
      filled.push({
        ...candle,
        start,
        open: price,
        high: price,
        low: price,
        close: price,
        volume0: 0n,
        volume1: 0n,
        trades: 0,
      })
    }
  }
  return filled.slice(-query.limit)
}
