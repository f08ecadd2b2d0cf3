import type { Address } from '#core/chain.ts'
import { liquidityFamily, netAmounts, swapFamily } from '#core/dex/events.ts'
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
import { candle } from '#resources/candles.ts'
import { holding } from '#resources/holdings.ts'
import { liquidityChange } from '#resources/liquidity-changes.ts'
import { nftTransfer, nftTransferRows } from '#resources/nft-transfers.ts'
import { pool } from '#resources/pools.ts'
import { type Row, toRow } from '#resources/rows.ts'
import { swap } from '#resources/swaps.ts'

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
  /** Every row as of one view, the chain first in each: events by block and log index, documents by what names them. */
  readRows(ports: ExportPorts, view: View, query: ExportQuery): AsyncGenerator<Row>
}

/** By name. */
export const exportSubjects: Readonly<Record<string, ExportSubject>> = {
  // Amounts from the pool's view, raw units, positive where tokens came in.
  swaps: eventSubject(swapFamily, 'pool', (event) => [
    toRow(swap, { event, ...netAmounts(event.body) }),
  ]),
  liquidity: eventSubject(liquidityFamily, 'pool', (event) => [toRow(liquidityChange, event)]),
  // A batch of ERC-1155 is as many rows as it has entries.
  transfers: eventSubject(transferFamily, 'collection', (event) =>
    nftTransferRows(event).map((row) => toRow(nftTransfer, row)),
  ),
  pools: documentSubject(poolDocuments, 'pool', (each) => toRow(pool, each)),
  // Prices in raw units: the chain is not asked for decimals.
  candles: documentSubject(candleDocuments, 'pool', (each) =>
    toRow(candle, { candle: each, decimals: undefined }),
  ),
  holdings: documentSubject(holdingDocuments, 'collection', (each) =>
    each.amount > 0n ? toRow(holding, each) : undefined,
  ),
}

/** How many are read at a time. */
const PAGE = 1_000

/** Events of a family, each as the lines that it takes. */
function eventSubject<Body extends EventBody>(
  family: EventFamily<Body>,
  contract: ExportSubject['contract'],
  rowsOf: (event: ChainEvent<Body>) => Row[],
): ExportSubject {
  async function* readRows(
    ports: ExportPorts,
    view: View,
    query: ExportQuery,
  ): AsyncGenerator<Row> {
    const { chainId } = view
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
      for (const event of page) for (const row of rowsOf(event)) yield { chainId, ...row }
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
  rowOf: (value: T) => Row | undefined,
): ExportSubject {
  async function* readRows(
    ports: ExportPorts,
    view: View,
    query: ExportQuery,
  ): AsyncGenerator<Row> {
    const { chainId } = view
    const prefix = query.contract ? [query.contract] : []
    let after: Key | undefined
    for (;;) {
      const scan = { order: 'identity', prefix, limit: PAGE, ...(after && { after }) }
      // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
      const page = await scanDocuments(ports, view, spec, scan)
      for (const value of page) {
        const row = rowOf(value)
        if (row) yield { chainId, ...row }
      }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = keyOf(spec, last)
    }
  }
  return { isEvents: false, contract, readRows }
}
