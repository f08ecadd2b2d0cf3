import type { Address } from '#core/chain.ts'
import { type DocumentKind, type Documents, type Key, orderKey } from '#core/history/document.ts'
import type { ChainEvent, EventFamily } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { EventPlace, HistoryPorts } from '#core/history/ports.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import {
  candleRow,
  type ExportRow,
  holdingRow,
  liquidityRow,
  poolRow,
  swapRow,
  transferRows,
} from './rows.ts'

export const exportSubjects = [
  'swaps',
  'liquidity',
  'transfers',
  'pools',
  'candles',
  'holdings',
] as const
export type ExportSubject = (typeof exportSubjects)[number]

export type ExportQuery = {
  readonly from?: number
  readonly to?: number
  /** The pool, or for transfers and holdings the collection. */
  readonly contract?: Address
}

export type ExportPorts = HistoryPorts & { readonly views: Views }

/** How many are read at a time. */
const PAGE = 1_000

/** Every row of a subject as of one view, events by block and log index, documents by what names them. */
export function readRows(
  ports: ExportPorts,
  view: View,
  subject: ExportSubject,
  query: ExportQuery,
): AsyncGenerator<ExportRow> {
  const { chainId } = view
  const prefix = query.contract ? [query.contract] : []
  switch (subject) {
    case 'swaps':
      return events(ports, view, 'swap', query, (event) => [swapRow(chainId, event)])
    case 'liquidity':
      return events(ports, view, 'liquidity', query, (event) => [liquidityRow(chainId, event)])
    case 'transfers':
      return events(ports, view, 'transfer', query, (event) => transferRows(chainId, event))
    case 'pools':
      return documents(ports, view, 'pool', prefix, (pool) => poolRow(chainId, pool))
    case 'candles':
      return documents(ports, view, 'candle', prefix, (candle) => candleRow(chainId, candle))
    case 'holdings':
      return documents(ports, view, 'holding', prefix, (holding) =>
        holding.amount > 0n ? holdingRow(chainId, holding) : undefined,
      )
    default:
      return subject satisfies never
  }
}

type EventOf<F extends EventFamily> = Awaited<ReturnType<typeof listEvents<F>>>[number]

async function* events<F extends EventFamily>(
  ports: ExportPorts,
  view: View,
  family: F,
  query: ExportQuery,
  rowsOf: (event: EventOf<F>) => ExportRow[],
): AsyncGenerator<ExportRow> {
  let after: EventPlace | undefined
  for (;;) {
    const page = await listEvents(ports, view, {
      family,
      limit: PAGE,
      ...(query.contract && { address: query.contract }),
      ...(query.from !== undefined && { from: query.from }),
      ...(query.to !== undefined && { to: query.to }),
      ...(after && { after }),
    })
    for (const event of page) yield* rowsOf(event)
    const last: ChainEvent | undefined = page.at(-1)
    if (!last || page.length < PAGE) return
    after = { number: last.block.number, logIndex: last.logIndex }
  }
}

async function* documents<K extends DocumentKind>(
  ports: ExportPorts,
  view: View,
  kind: K,
  prefix: Key,
  rowOf: (value: Documents[K]) => ExportRow | undefined,
): AsyncGenerator<ExportRow> {
  let after: Key | undefined
  for (;;) {
    const scan = { kind, order: 'identity', prefix, limit: PAGE, ...(after && { after }) }
    const page = await scanDocuments(ports, view, scan)
    for (const value of page) {
      const row = rowOf(value)
      if (row) yield row
    }
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = orderKey(kind, 'identity', last)
  }
}
