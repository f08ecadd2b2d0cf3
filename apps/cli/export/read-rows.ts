import type { Address, BlockRef } from '#core/chain.ts'
import { liquidityFamily, netAmounts, swapFamily } from '#core/dex/events.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import { withQuotable } from '#core/dex/quotable.ts'
import { positionDocuments } from '#core/dex/positions/position.ts'
import { candleDocuments } from '#core/dex/trading/candle.ts'
import type { DocumentSpec, Version } from '#core/history/document.ts'
import type { EventBody, EventFamily, ChainEvent } from '#core/history/event.ts'
import type { View } from '#core/history/head.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import { pagesOfDocuments } from '#core/history/walk-documents.ts'
import { pagesOfEvents } from '#core/history/walk-events.ts'
import { contractEventFamily } from '#core/events/contract-event.ts'
import { holdingDocuments } from '#core/nft/holding.ts'
import { balanceDocuments } from '#core/tokens/balance.ts'
import { tokenFamily, type TokenRebase, type TokenTransfer } from '#core/tokens/token-transfer.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { candle, type CandleRow } from '#resources/candles.ts'
import type { PoolDecimals } from '#resources/tokens.ts'
import { contractEvent } from '#resources/contract-events.ts'
import { holding } from '#resources/holdings.ts'
import { liquidityChange } from '#resources/liquidity-changes.ts'
import { nftTransfer, nftTransferRows } from '#resources/nft-transfers.ts'
import { pool } from '#resources/pools.ts'
import type { Resource } from '#resources/resource.ts'
import { position } from '#resources/positions.ts'
import { tokenBalance } from '#resources/token-balances.ts'
import { tokenTransfer } from '#resources/token-transfers.ts'
import { swap } from '#resources/swaps.ts'

type ExportQuery = {
  readonly from?: number
  readonly to?: number
  /** The pool, collection, token or contract, as the subject has it. */
  readonly contract?: Address
}

type ExportPorts = HistoryPorts & { readonly views: Views }

/** What can be exported under one name: items of a resource. */
// Subjects of all resources are in one list.
// oxlint-disable-next-line typescript/no-explicit-any
export type ExportSubject<T = any> = {
  /** Events can be limited to a range of blocks; documents are as the view has them. */
  readonly isEvents: boolean
  /** What its items belong to. */
  readonly contract: 'pool' | 'collection' | 'token' | 'contract'
  readonly resource: Resource<T>
  /** Where the item happened, for lines that are sorted and searched without a parser of nested objects. */
  readonly blockOf?: (item: T) => BlockRef
  /** Whose tokens its amounts are of. */
  readonly poolOf?: (item: T) => Address
  /** The same item, whose prices are in whole tokens. */
  readonly priced?: (item: T, decimals: PoolDecimals) => T
  /** Every item as of one view: events by block and log index, documents by what names them. */
  read(ports: ExportPorts, view: View, query: ExportQuery): AsyncGenerator<T>
}

/** By name. */
export const exportSubjects: Readonly<Record<string, ExportSubject>> = {
  // Amounts from the pool's view, positive where tokens came in.
  swaps: {
    ...eventSubject(
      swapFamily,
      'pool',
      swap,
      ({ event }) => event.block,
      (event) => [{ event, ...netAmounts(event.body) }],
    ),
    poolOf: ({ event }) => event.address,
  },
  liquidity: {
    ...eventSubject(
      liquidityFamily,
      'pool',
      liquidityChange,
      ({ block }) => block,
      (event) => [event],
    ),
    poolOf: ({ address }) => address,
  },
  // A batch of ERC-1155 is as many items as it has entries.
  transfers: eventSubject(
    transferFamily,
    'collection',
    nftTransfer,
    ({ event }) => event.block,
    nftTransferRows,
  ),
  pools: {
    ...documentSubject(poolDocuments, 'pool', pool, (_, version, view) =>
      withQuotable(view, version),
    ),
    poolOf: ({ address }) => address,
  },
  candles: {
    ...documentSubject(candleDocuments, 'pool', candle, (each): CandleRow => ({
      candle: each,
      decimals: undefined,
    })),
    poolOf: ({ candle: of }) => of.pool,
    priced: (row, decimals) => ({ ...row, decimals }),
  },
  positions: {
    ...documentSubject(
      positionDocuments,
      'pool',
      position,
      (each) => each,
      ({ pool: of }, asked) => of === asked,
    ),
    poolOf: ({ pool: of }) => of,
  },
  tokenTransfers: eventSubject(
    tokenFamily,
    'token',
    tokenTransfer,
    ({ block }) => block,
    (event) => (isTokenTransfer(event) ? [event] : []),
  ),
  contractEvents: eventSubject(
    contractEventFamily,
    'contract',
    contractEvent,
    ({ block }) => block,
    (event) => [event],
  ),
  balances: documentSubject(balanceDocuments, 'token', tokenBalance, (each) =>
    each.balance > 0n ? each : undefined,
  ),
  holdings: documentSubject(holdingDocuments, 'collection', holding, (each) =>
    each.amount > 0n ? each : undefined,
  ),
}

const isTokenTransfer = (
  event: ChainEvent<TokenTransfer | TokenRebase>,
): event is ChainEvent<TokenTransfer> => event.body.type === 'tokenTransfer'

/** How many are read at a time. */
const PAGE = 1_000

/** Events of a family, each as the items that it takes. */
function eventSubject<Body extends EventBody, T>(
  family: EventFamily<Body>,
  contract: ExportSubject['contract'],
  resource: Resource<T>,
  blockOf: (item: T) => BlockRef,
  itemsOf: (event: ChainEvent<Body>) => readonly T[],
): ExportSubject<T> {
  async function* read(ports: ExportPorts, view: View, query: ExportQuery): AsyncGenerator<T> {
    const asked = {
      limit: PAGE,
      ...(query.contract && { address: query.contract }),
      ...(query.from !== undefined && { from: query.from }),
      ...(query.to !== undefined && { to: query.to }),
    }
    for await (const page of pagesOfEvents(ports, view, family, asked))
      for (const event of page) yield* itemsOf(event)
  }
  return { isEvents: true, contract, resource, blockOf, read }
}

/**
 * Documents of a kind, each as an item; undefined leaves one out.
 *
 * @param isOf whether a document belongs to a contract, where what names it does not begin with that
 */
export function documentSubject<D extends object, T>(
  spec: DocumentSpec<D>,
  contract: ExportSubject['contract'],
  resource: Resource<T>,
  itemOf: (value: D, version: Version<D>, view: View) => T | undefined,
  isOf?: (value: D, contract: Address) => boolean,
): ExportSubject<T> {
  async function* read(ports: ExportPorts, view: View, query: ExportQuery): AsyncGenerator<T> {
    const { contract: asked } = query
    const prefix = asked && !isOf ? [asked] : []
    for await (const page of pagesOfDocuments(ports, view, spec, prefix))
      for (const version of page) {
        if (asked && isOf && !isOf(version.value, asked)) continue
        const item = itemOf(version.value, version, view)
        if (item !== undefined) yield item
      }
  }
  return { isEvents: false, contract, resource, read }
}
