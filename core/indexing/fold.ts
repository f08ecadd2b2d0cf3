import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import { newPool, type Pool, poolPriceX192, priceOfReserves } from '#core/dex/pool.ts'
import {
  addToCandle,
  type Candle,
  type CandleInterval,
  candleIntervals,
  openCandle,
  secondsOf,
  startOf,
  type TradedMinute,
} from '#core/dex/trading/candle.ts'
import type { DocumentKind, Documents, Key } from '#core/history/document.ts'
import {
  type ChainEvent,
  type LiquidityChange,
  netAmounts,
  type PoolCreated,
  type Swap,
  type Transfer,
  tokensOf,
} from '#core/history/event.ts'
import {
  addToVolume,
  openVolume,
  secondsOfPeriod,
  startOfPeriod,
  type Volume,
  type VolumePeriod,
  volumePeriods,
} from '#core/dex/trading/volume.ts'
import { adjustHolder, type Holding, receive, send } from '#core/nft/holding.ts'
import type { PoolSource } from './source.ts'
import type { Slot, Wanted } from './working-set.ts'

type FoldSlot<K extends DocumentKind> = {
  value: Documents[K] | undefined
  changedAt: BlockRef | undefined
}

/** The part of a working set that the fold touches. */
export type FoldState = { slot<K extends DocumentKind>(kind: K, key: Key): FoldSlot<K> }

type PositionRange = { readonly tickLower: number; readonly tickUpper: number }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A pool, and what its trades add to: its candles and volumes of the time at hand. */
type PoolSlots = {
  readonly slot: FoldSlot<'pool'>
  /** The copy that this fold changes; undefined before its first change. */
  pool: Mutable<Pool> | undefined
  /** The trades of the minute at hand, and the block of the last: most fall into the minute of the one before. */
  minute: Mutable<TradedMinute> | undefined
  tradedAt: BlockRef | undefined
  readonly candles: Partial<Record<CandleInterval, Open<'candle'>>>
  readonly volumes: Partial<Record<VolumePeriod, Open<'volume'>>>
}
type Open<K extends DocumentKind> = { readonly start: number; readonly slot: FoldSlot<K> }

/** Pools that the configuration lists, by address: they have no creation event. */
export type ListedPools = ReadonlyMap<Address, PoolSource>

const PIPS = 1_000_000n

/** The documents that these events read, but for candles and volumes (see `wantedByTrades`). */
export function wantedByEvents(events: Iterable<ChainEvent>): Wanted[] {
  const wanted: Wanted[] = []
  const pools = new Set<Address>()
  for (const { address, body } of events) {
    if (body.type === 'transfer') {
      for (const owner of [body.from, body.to]) {
        if (owner === ZERO_ADDRESS) continue
        wanted.push({ kind: 'holder', key: [address, owner] })
        for (const tokenId of body.tokenIds)
          wanted.push({ kind: 'holding', key: [address, tokenId, owner] })
      }
    } else {
      pools.add(body.type === 'poolCreated' ? body.pool : address)
      if ('tickLower' in body && body.type !== 'collect')
        for (const index of [body.tickLower, body.tickUpper])
          wanted.push({ kind: 'tick', key: [address, index] })
    }
  }
  for (const pool of pools) wanted.push({ kind: 'pool', key: [pool] })
  return wanted
}

/**
 * The candles and volumes that the trades among these events add to and that may exist: those that begin after the
 * pool's newest trade do not. The pools are loaded before.
 */
export function wantedByTrades(state: FoldState, events: Iterable<ChainEvent>): Wanted[] {
  const wanted: Wanted[] = []
  /** Of each pool: its newest trade, and the last minute looked at, within which nothing else is wanted. */
  const seen = new Map<Address, { newest: number; minute: number }>()
  for (const { address, body, block } of events) {
    if (body.type !== 'swap') continue
    let pool = seen.get(address)
    if (!pool) {
      pool = { newest: state.slot('pool', [address]).value?.lastTradeAt ?? -1, minute: -1 }
      seen.set(address, pool)
    }
    const { timestamp } = block
    const minute = startOf(secondsOf['1m'], timestamp)
    if (minute === pool.minute) continue
    pool.minute = minute
    for (const interval of candleIntervals) {
      const start = startOf(secondsOf[interval], timestamp)
      if (start <= pool.newest) wanted.push({ kind: 'candle', key: [address, interval, start] })
    }
    for (const period of volumePeriods) {
      const start = startOfPeriod(period, timestamp)
      if (start <= pool.newest) wanted.push({ kind: 'volume', key: [address, period, start] })
    }
    pool.newest = Math.max(pool.newest, timestamp)
  }
  return wanted
}

/** Worth keeping after a commit: pools, and the candles and volumes that the pool's next trade may add to. */
export function isOpen(state: FoldState, slot: Slot): boolean {
  const { value } = slot
  if (!value || slot.kind === 'pool') return slot.kind === 'pool'
  if ('interval' in value)
    return value.start + secondsOf[value.interval] > newestTrade(state, value)
  if ('period' in value)
    return value.start + secondsOfPeriod[value.period] > newestTrade(state, value)
  return false
}

const newestTrade = (state: FoldState, { pool }: { readonly pool: Address }): number =>
  state.slot('pool', [pool]).value?.lastTradeAt ?? 0

/** The fold from events to documents. */
export type Fold = {
  /** The next event, in chain order. */
  apply(event: ChainEvent): void
  /** No more events: what was added up aside is put into the documents. */
  finish(): void
}

/**
 * A fold is pure but for the slots that it is given; all documents that `wantedByEvents` and `wantedByTrades` name are
 * loaded before.
 *
 * A document is copied when this fold first changes it, and the copy changed in place from then on: what the slots
 * held before stays as it was.
 */
export function createFold(state: FoldState, listed: ListedPools): Fold {
  const pools = new Map<Address, PoolSlots>()

  /** Slots of pools are kept at hand: looking one up by its key costs more than what is done with it. */
  function slotsOf(address: Address): PoolSlots {
    const known = pools.get(address)
    if (known) return known
    const slots: PoolSlots = {
      slot: state.slot('pool', [address]),
      pool: undefined,
      minute: undefined,
      tradedAt: undefined,
      candles: {},
      volumes: {},
    }
    pools.set(address, slots)
    return slots
  }

  /** The pool to change: as it is, or as the configuration lists it. */
  function changePool(address: Address, block: BlockRef): Mutable<Pool> {
    const slots = slotsOf(address)
    slots.slot.changedAt = block
    if (slots.pool) return slots.pool
    const pool = { ...(slots.slot.value ?? listedPool(address)) }
    slots.pool = pool
    slots.slot.value = pool
    return pool
  }

  function listedPool(address: Address): Pool {
    const source = listed.get(address)
    if (!source) throw new Error(`an event of ${address} was admitted, which no source names`)
    return newPool({ ...source, factory: null })
  }

  function createPool({ address, body, block }: ChainEvent<PoolCreated>): void {
    const slots = slotsOf(body.pool)
    slots.slot.changedAt = block
    slots.pool = newPool({
      address: body.pool,
      protocol: body.protocol,
      factory: address,
      token0: body.token0,
      token1: body.token1,
      feePips: body.feePips,
      tickSpacing: body.tickSpacing,
      createdBlock: block.number,
      createdAt: block.timestamp,
    })
    slots.slot.value = slots.pool
  }

  function trade({ address, body, block }: ChainEvent<Swap>): void {
    const pool = changePool(address, block)
    const found = pool.lastTradePriceX192 ?? priceFoundBy(pool, body)
    if (body.protocol === 'uniswap-v3') {
      moveReserves(pool, body.amount0, body.amount1)
      pool.sqrtPriceX96 = body.sqrtPriceX96
      pool.tick = body.tick
      pool.liquidity = body.liquidity
    }
    const price = poolPriceX192(pool)
    pool.lastTradePriceX192 = price ?? pool.lastTradePriceX192
    pool.lastTradeAt = Math.max(block.timestamp, pool.lastTradeAt ?? 0)
    pool.swapCount++
    // A fork that swaps before its first Sync has no price yet; the trade is counted, not charted.
    if (price === null) return
    const slots = slotsOf(address)
    const start = startOf(secondsOf['1m'], block.timestamp)
    if (slots.minute?.start !== start) {
      closeMinute(slots)
      slots.minute = quietMinute(address, start, found ?? price)
    }
    addTrade(slots.minute, body, price, BigInt(pool.feePips))
    slots.tradedAt = block
  }

  /** Adds what was traded in the minute at hand to the candles and volumes that it is part of. */
  function closeMinute(slots: PoolSlots): void {
    const { minute, tradedAt } = slots
    if (!minute || !tradedAt) return
    slots.minute = undefined
    for (const interval of candleIntervals) {
      const start = startOf(secondsOf[interval], minute.start)
      let open = slots.candles[interval]
      if (open?.start !== start) {
        const slot = state.slot('candle', [minute.pool, interval, start])
        slot.value = slot.value ? { ...slot.value } : openCandle(interval, minute)
        open = { start, slot }
        slots.candles[interval] = open
      }
      addToCandle(open.slot.value as Mutable<Candle>, minute)
      open.slot.changedAt = tradedAt
    }
    for (const period of volumePeriods) {
      const start = startOfPeriod(period, minute.start)
      let open = slots.volumes[period]
      if (open?.start !== start) {
        const slot = state.slot('volume', [minute.pool, period, start])
        slot.value = slot.value ? { ...slot.value } : openVolume(period, minute)
        open = { start, slot }
        slots.volumes[period] = open
      }
      addToVolume(open.slot.value as Mutable<Volume>, minute)
      open.slot.changedAt = tradedAt
    }
  }

  function changeLiquidity({ address, body, block }: ChainEvent<LiquidityChange>): void {
    // V2 reserves come with the Sync of the same change.
    if (body.protocol === 'uniswap-v2') return
    const pool = changePool(address, block)
    switch (body.type) {
      case 'mint':
        moveReserves(pool, body.amount0, body.amount1)
        changePosition(pool, body, body.liquidity, block)
        return
      case 'burn':
        // Burnt tokens stay in the pool until they are collected.
        changePosition(pool, body, -body.liquidity, block)
        return
      case 'collect':
        moveReserves(pool, -body.amount0, -body.amount1)
        return
      default:
        body satisfies never
    }
  }

  function changePosition(
    pool: Mutable<Pool>,
    { tickLower, tickUpper }: PositionRange,
    delta: bigint,
    block: BlockRef,
  ): void {
    moveLiquidity(pool, { tickLower, tickUpper }, delta)
    // Of a pool whose past is unknown, the sums would be of no use. Fees are collected by burning nothing.
    if (pool.createdBlock === null || delta === 0n) return
    moveTick(pool.address, tickLower, delta, delta, block)
    moveTick(pool.address, tickUpper, delta, -delta, block)
  }

  function moveTick(
    pool: Address,
    index: number,
    gross: bigint,
    net: bigint,
    block: BlockRef,
  ): void {
    const slot = state.slot('tick', [pool, index])
    const before = slot.value ?? { pool, index, liquidityGross: 0n, liquidityNet: 0n }
    slot.value = {
      pool,
      index,
      liquidityGross: atLeastZero(before.liquidityGross + gross),
      liquidityNet: before.liquidityNet + net,
    }
    slot.changedAt = block
  }

  function transfer({ address, body, block }: ChainEvent<Transfer>): void {
    for (const { tokenId, amount } of tokensOf(body)) {
      move(block, body, address, tokenId, body.from, (holding) => send(holding, amount))
      move(block, body, address, tokenId, body.to, (holding) => receive(holding, amount))
    }
  }

  function move(
    block: BlockRef,
    body: Transfer,
    collection: Address,
    tokenId: bigint,
    owner: Address,
    change: (holding: Holding) => Holding,
  ): void {
    if (owner === ZERO_ADDRESS) return
    const slot = state.slot('holding', [collection, tokenId, owner])
    const holding = slot.value ?? {
      collection,
      tokenId,
      owner,
      standard: body.protocol,
      amount: 0n,
      shortfall: 0n,
    }
    slot.value = change(holding)
    slot.changedAt = block
    const holder = state.slot('holder', [collection, owner])
    const before = holder.value ?? { collection, owner, tokenCount: 0, amount: 0n }
    holder.value = adjustHolder(before, holding.amount, slot.value.amount)
    holder.changedAt = block
  }

  function apply(event: ChainEvent): void {
    const { body, block, address } = event
    switch (body.type) {
      case 'swap':
        return trade(event as ChainEvent<Swap>)
      case 'sync': {
        const pool = changePool(address, block)
        pool.reserve0 = body.reserve0
        pool.reserve1 = body.reserve1
        return undefined
      }
      case 'poolCreated':
        return createPool(event as ChainEvent<PoolCreated>)
      case 'initialize': {
        const pool = changePool(address, block)
        pool.sqrtPriceX96 = body.sqrtPriceX96
        pool.tick = body.tick
        pool.liquidity ??= 0n
        return undefined
      }
      case 'flash':
        return moveReserves(changePool(address, block), body.paid0, body.paid1)
      case 'collectProtocol':
        return moveReserves(changePool(address, block), -body.amount0, -body.amount1)
      case 'mint':
      case 'burn':
      case 'collect':
        return changeLiquidity(event as ChainEvent<LiquidityChange>)
      case 'transfer':
        return transfer(event as ChainEvent<Transfer>)
      default:
        body satisfies never
    }
  }

  return {
    apply,
    finish() {
      for (const slots of pools.values()) closeMinute(slots)
    },
  }
}

const quietMinute = (pool: Address, start: number, price: bigint): Mutable<TradedMinute> => ({
  pool,
  start,
  open: price,
  high: price,
  low: price,
  close: price,
  amount0: 0n,
  amount1: 0n,
  fees0: 0n,
  fees1: 0n,
  trades: 0,
})

function addTrade(minute: Mutable<TradedMinute>, swap: Swap, price: bigint, feePips: bigint): void {
  const { amount0, amount1 } = netAmounts(swap)
  if (price > minute.high) minute.high = price
  if (price < minute.low) minute.low = price
  minute.close = price
  minute.amount0 += absolute(amount0)
  minute.amount1 += absolute(amount1)
  minute.fees0 += (amountIn(swap, 0) * feePips) / PIPS
  minute.fees1 += (amountIn(swap, 1) * feePips) / PIPS
  minute.trades++
}

const absolute = (amount: bigint): bigint => (amount < 0n ? -amount : amount)

/** What came in of token 0 or 1, raw units, flash loans included. */
function amountIn(swap: Swap, token: 0 | 1): bigint {
  if (swap.protocol === 'uniswap-v2') return token === 0 ? swap.amount0In : swap.amount1In
  const amount = token === 0 ? swap.amount0 : swap.amount1
  return amount > 0n ? amount : 0n
}

/** The price before a pool's first trade: V2's reserves are already those after it. */
function priceFoundBy(pool: Pool, swap: Swap): bigint | null {
  if (swap.protocol === 'uniswap-v3') return poolPriceX192(pool)
  if (pool.reserve0 === null || pool.reserve1 === null) return null
  const net = netAmounts(swap)
  const reserve0 = pool.reserve0 - net.amount0
  const reserve1 = pool.reserve1 - net.amount1
  return reserve0 > 0n && reserve1 >= 0n ? priceOfReserves(reserve0, reserve1) : null
}

/** V3 reserves are sums over the pool's whole life: known only where its creation was seen. */
function moveReserves(pool: Mutable<Pool>, amount0: bigint, amount1: bigint): void {
  if (pool.reserve0 === null || pool.reserve1 === null) return
  pool.reserve0 = atLeastZero(pool.reserve0 + amount0)
  pool.reserve1 = atLeastZero(pool.reserve1 + amount1)
}

/** What entered without an event (a donation, a rebase) leaves with one; a sum below zero is such a case. */
const atLeastZero = (amount: bigint): bigint => (amount < 0n ? 0n : amount)

/** A position counts towards the liquidity in range while the tick lies in [lower, upper). */
function moveLiquidity(pool: Mutable<Pool>, position: PositionRange, delta: bigint): void {
  if (pool.liquidity === null || pool.tick === null) return
  if (position.tickLower <= pool.tick && pool.tick < position.tickUpper)
    pool.liquidity = atLeastZero(pool.liquidity + delta)
}
