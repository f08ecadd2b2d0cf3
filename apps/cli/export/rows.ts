import { formatPrice } from '#core/amount.ts'
import type { Pool } from '#core/dex/pool.ts'
import { poolPriceX192 } from '#core/dex/pool.ts'
import type { Candle } from '#core/dex/trading/candle.ts'
import {
  type ChainEvent,
  type LiquidityChange,
  netAmounts,
  type Swap,
  type Transfer,
  tokensOf,
} from '#core/history/event.ts'
import type { Holding } from '#core/nft/holding.ts'

/** A value of a row; bigints are written as decimal strings. */
type Cell = string | number | bigint | boolean | null
export type ExportRow = Readonly<Record<string, Cell>>

const placeOf = (chainId: number, { block, transactionHash, logIndex }: ChainEvent) => ({
  chainId,
  blockNumber: block.number,
  blockHash: block.hash,
  timestamp: block.timestamp,
  transactionHash,
  logIndex,
})

/** Amounts from the pool's view, raw units, positive where tokens came in; the last three are V3's. */
export function swapRow(chainId: number, event: ChainEvent<Swap>): ExportRow {
  const { body } = event
  const isV3 = body.protocol === 'uniswap-v3'
  return {
    ...placeOf(chainId, event),
    protocol: body.protocol,
    pool: event.address,
    sender: body.sender,
    recipient: body.recipient,
    ...netAmounts(body),
    sqrtPriceX96: isV3 ? body.sqrtPriceX96 : null,
    liquidity: isV3 ? body.liquidity : null,
    tick: isV3 ? body.tick : null,
  }
}

export function liquidityRow(chainId: number, event: ChainEvent<LiquidityChange>): ExportRow {
  const { body } = event
  return {
    ...placeOf(chainId, event),
    type: body.type,
    protocol: body.protocol,
    pool: event.address,
    sender: 'sender' in body ? body.sender : null,
    owner: 'owner' in body ? body.owner : null,
    recipient: 'recipient' in body ? body.recipient : null,
    amount0: body.amount0,
    amount1: body.amount1,
    liquidity: 'liquidity' in body ? body.liquidity : null,
    tickLower: 'tickLower' in body ? body.tickLower : null,
    tickUpper: 'tickUpper' in body ? body.tickUpper : null,
  }
}

/** One row a token: a batch of ERC-1155 is as many rows as it has entries. */
export const transferRows = (chainId: number, event: ChainEvent<Transfer>): ExportRow[] =>
  tokensOf(event.body).map(({ tokenId, amount }, batchIndex) => ({
    ...placeOf(chainId, event),
    batchIndex,
    standard: event.body.protocol,
    collection: event.address,
    tokenId,
    from: event.body.from,
    to: event.body.to,
    amount,
    operator: event.body.operator,
  }))

export function poolRow(chainId: number, pool: Pool): ExportRow {
  const price = poolPriceX192(pool)
  return {
    chainId,
    address: pool.address,
    protocol: pool.protocol,
    factory: pool.factory,
    token0: pool.token0,
    token1: pool.token1,
    feePips: pool.feePips,
    tickSpacing: pool.tickSpacing,
    createdBlock: pool.createdBlock,
    createdAt: pool.createdAt,
    reserve0: pool.reserve0,
    reserve1: pool.reserve1,
    sqrtPriceX96: pool.sqrtPriceX96,
    tick: pool.tick,
    liquidity: pool.liquidity,
    rawPriceOfToken0InToken1: price === null ? null : formatPrice(price),
    swapCount: pool.swapCount,
    lastTradeAt: pool.lastTradeAt,
  }
}

/** Prices of token0 in token1 in raw units: times 10^(decimals0 - decimals1) they are what people write. */
export const candleRow = (chainId: number, candle: Candle): ExportRow => ({
  chainId,
  pool: candle.pool,
  interval: candle.interval,
  start: candle.start,
  open: formatPrice(candle.open),
  high: formatPrice(candle.high),
  low: formatPrice(candle.low),
  close: formatPrice(candle.close),
  volume0: candle.volume0,
  volume1: candle.volume1,
  trades: candle.trades,
})

export const holdingRow = (chainId: number, holding: Holding): ExportRow => ({
  chainId,
  standard: holding.standard,
  collection: holding.collection,
  tokenId: holding.tokenId,
  owner: holding.owner,
  amount: holding.amount,
  shortfall: holding.shortfall,
})
