import type { Address } from '#core/chain.ts'
import { liquidityFamily, swapFamily } from '#core/dex/events.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import { candleDocuments } from '#core/dex/trading/candle.ts'
import { type DocumentSpec, type Key, keyOf } from '#core/history/document.ts'
import type { EventBody, EventFamily, ChainEvent } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { EventPlace, HistoryPorts } from '#core/history/ports.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import { holdingDocuments } from '#core/nft/holding.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import {
  candleRow,
  type ExportRow,
  holdingRow,
  liquidityRow,
  poolRow,
  swapRow,
  transferRows,
} from './rows.ts'

type ExportQuery = {
  readonly from?: number
  readonly to?: number
  /** The pool, or for transfers and holdings the collection. */
  readonly contract?: Address
}

type ExportPorts = HistoryPorts & { readonly views: Views }

/** What can be exported under one name. */
export type ExportSubject = {
  /** Events can be limited to a range of blocks; documents are as the view has them. */
  readonly isEvents: boolean
  /** What its rows belong to. */
  readonly contract: 'pool' | 'collection'
  /** Every row as of one view, events by block and log index, documents by what names them. */
  readRows(ports: ExportPorts, view: View, query: ExportQuery): AsyncGenerator<ExportRow>
}

/** By name. */
export const exportSubjects: Readonly<Record<string, ExportSubject>> = {
  swaps: eventSubject(swapFamily, 'pool', (chainId, event) => [swapRow(chainId, event)]),
  liquidity: eventSubject(liquidityFamily, 'pool', (chainId, event) => [
    liquidityRow(chainId, event),
  ]),
  transfers: eventSubject(transferFamily, 'collection', transferRows),
  pools: documentSubject(poolDocuments, 'pool', poolRow),
  candles: documentSubject(candleDocuments, 'pool', candleRow),
  holdings: documentSubject(holdingDocuments, 'collection', (chainId, holding) =>
    holding.amount > 0n ? holdingRow(chainId, holding) : undefined,
  ),
}

/** How many are read at a time. */
const PAGE = 1_000

/** Events of a family, each as the lines that it takes. */
function eventSubject<Body extends EventBody>(
  family: EventFamily<Body>,
  contract: ExportSubject['contract'],
  rowsOf: (chainId: number, event: ChainEvent<Body>) => ExportRow[],
): ExportSubject {
  async function* readRows(
    ports: ExportPorts,
    view: View,
    query: ExportQuery,
  ): AsyncGenerator<ExportRow> {
    let after: EventPlace | undefined
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const page = await listEvents(ports, view, family, {
        limit: PAGE,
        ...(query.contract && { address: query.contract }),
        ...(query.from !== undefined && { from: query.from }),
        ...(query.to !== undefined && { to: query.to }),
        ...(after && { after }),
      })
      for (const event of page) yield* rowsOf(view.chainId, event)
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = { number: last.block.number, logIndex: last.logIndex }
    }
  }
  return { isEvents: true, contract, readRows }
}

/** Documents of a kind, each as a line; undefined leaves one out. */
export function documentSubject<T extends object>(
  spec: DocumentSpec<T>,
  contract: ExportSubject['contract'],
  rowOf: (chainId: number, value: T) => ExportRow | undefined,
): ExportSubject {
  async function* readRows(
    ports: ExportPorts,
    view: View,
    query: ExportQuery,
  ): AsyncGenerator<ExportRow> {
    const prefix = query.contract ? [query.contract] : []
    let after: Key | undefined
    for (;;) {
      const scan = { order: 'identity', prefix, limit: PAGE, ...(after && { after }) }
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const page = await scanDocuments(ports, view, spec, scan)
      for (const value of page) {
        const row = rowOf(view.chainId, value)
        if (row) yield row
      }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = keyOf(spec, last)
    }
  }
  return { isEvents: false, contract, readRows }
}
