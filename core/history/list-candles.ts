import type { Address } from '#core/chain.ts'
import { type Candle, type CandleInterval, secondsOf, startOf } from './candle.ts'
import type { View } from './head.ts'
import { type ResolvePorts, scanDocuments } from './resolve.ts'

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
  const newestFirst = await scanDocuments(ports, view, {
    kind: 'candle',
    order: 'identity',
    prefix: [query.pool, query.interval],
    descending: true,
    limit: query.limit,
    ...(query.from !== undefined && { from: [query.from] }),
    ...(query.to !== undefined && { to: [query.to - 1] }),
  })
  const candles = newestFirst.toReversed()
  return query.fillGaps ? fillGaps(candles, view.head.timestamp, query) : candles
}

/** One candle an interval, up to the one that the head is in. */
function fillGaps(candles: readonly Candle[], headTime: number, query: CandleQuery): Candle[] {
  const seconds = secondsOf[query.interval]
  const end = Math.min(query.to ?? headTime + 1, headTime + 1)
  const filled: Candle[] = []
  for (const [index, candle] of candles.entries()) {
    filled.push(candle)
    const next = candles[index + 1]?.start ?? startOf(seconds, end - 1) + seconds
    // Only what can be in the answer: the newest ones that fit.
    const first = Math.max(candle.start + seconds, next - query.limit * seconds)
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
