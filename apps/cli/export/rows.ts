import type { Pool } from '#core/dex/pool.ts'
import type { Candle } from '#core/dex/trading/candle.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { type LiquidityChange, netAmounts, type Swap } from '#core/dex/events.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import type { Holding } from '#core/nft/holding.ts'
import { candle as candles } from '#resources/candles.ts'
import { holding as holdings } from '#resources/holdings.ts'
import { liquidityChange } from '#resources/liquidity-changes.ts'
import { nftTransfer, nftTransferRows } from '#resources/nft-transfers.ts'
import { pool as pools } from '#resources/pools.ts'
import type { Resource } from '#resources/resource.ts'
import { type Row, toRow } from '#resources/rows.ts'
import { swap as swaps } from '#resources/swaps.ts'

/** A line of an export: the chain, and what the resource has in a table. Bigints are written as decimal strings. */
export type ExportRow = Row

/** The line of a thing, as its resource says. */
export const rowOf =
  <T>(resource: Resource<T>) =>
  (chainId: number, item: T): ExportRow => ({ chainId, ...toRow(resource, item) })

const swapRowOf = rowOf(swaps)
const transferRowOf = rowOf(nftTransfer)
const candleRowOf = rowOf(candles)

/** Amounts from the pool's view, raw units, positive where tokens came in; the last three are V3's. */
export const swapRow = (chainId: number, event: ChainEvent<Swap>): ExportRow =>
  swapRowOf(chainId, { event, ...netAmounts(event.body) })

export const liquidityRow: (chainId: number, event: ChainEvent<LiquidityChange>) => ExportRow =
  rowOf(liquidityChange)

/** One row a token: a batch of ERC-1155 is as many rows as it has entries. */
export const transferRows = (chainId: number, event: ChainEvent<Transfer>): ExportRow[] =>
  nftTransferRows(event).map((row) => transferRowOf(chainId, row))

export const poolRow: (chainId: number, pool: Pool) => ExportRow = rowOf(pools)

/** Prices of token0 in token1 in raw units: the chain is not asked for decimals. */
export const candleRow = (chainId: number, candle: Candle): ExportRow =>
  candleRowOf(chainId, { candle, decimals: undefined })

export const holdingRow: (chainId: number, holding: Holding) => ExportRow = rowOf(holdings)
