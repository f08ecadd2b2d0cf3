import type { BlockRange } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import type { Version } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { poolFamily, type Swap, swapFamily, tellsPrice } from '#core/dex/events.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { resolveDocuments } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import { type Pool, poolDocuments } from '#core/dex/pool.ts'
import { quotableFrom, runUpTo } from '#core/dex/quotable.ts'
import { readTicks } from '#core/dex/read-ticks.ts'
import type { TickSums } from '#core/dex/tick-page.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import type { ConcentratedState, PoolState, TickWindow } from '#core/dex/protocols/state.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'
import { ticksAt } from './past-ticks.ts'

type StatePorts = HistoryPorts & { readonly views: Views }

const POOLS_AT_ONCE = 8

/**
 * States as the projections have them at the view's head. Undefined where the history does not determine one: a pool
 * without a price, a V3 pool that no swap was seen of, one whose life began before the blocks that are indexed without a
 * gap, a V4 pool that has hooks or is not indexed, a pair of Solidly's design, whose fee is its factory's to change, or a pool of Algebra, whose fee
 * changes with time.
 */
export async function readIndexedStates(
  ports: StatePorts,
  view: View,
  pools: readonly PoolTerms[],
): Promise<(PoolState | undefined)[]> {
  const run = runUpTo(view, view.head.number)
  const documents = await resolveDocuments(
    ports,
    view,
    poolDocuments,
    pools.map(({ id }) => [id]),
  )
  return mapConcurrent(documents, POOLS_AT_ONCE, async ({ visible }) => {
    if (!visible || quotableFrom(run, visible, view.head.number).status !== 'yes') return undefined
    const { value: pool } = visible
    if (pool.protocol === 'uniswap-v2') return constantProduct(pool)
    if (pool.sqrtPriceX96 === null || pool.tick === null) return undefined
    const ticks = await readTicks(ports, view, pool.address)
    return concentrated(pool, pool.sqrtPriceX96, pool.tick, pool.liquidity ?? 0n, ticks)
  })
}

/** States as of a past block of the view, from events alone. Undefined as for `readIndexedStates`. */
export async function readHistoricalStates(
  ports: StatePorts,
  view: View,
  at: number,
  pools: readonly PoolTerms[],
): Promise<(PoolState | undefined)[]> {
  const run = runUpTo(view, at)
  if (!run) return pools.map(() => undefined)
  const documents = await resolveDocuments(
    ports,
    view,
    poolDocuments,
    pools.map(({ id }) => [id]),
  )
  return mapConcurrent(documents, POOLS_AT_ONCE, ({ visible }) =>
    visible ? historicalState(ports, view, at, run, visible) : Promise.resolve(undefined),
  )
}

function constantProduct({ reserve0, reserve1, feePips }: Pool): PoolState | undefined {
  if (!reserve0 || !reserve1) return undefined
  return { kind: 'constant-product', reserve0, reserve1, feePips }
}

const concentrated = (
  pool: Pool,
  sqrtPriceX96: bigint,
  tick: number,
  liquidity: bigint,
  nets: ReadonlyMap<number, bigint>,
): ConcentratedState => ({
  kind: 'concentrated',
  sqrtPriceX96,
  tick,
  liquidity,
  feePips: pool.feePips,
  protocolFeePips:
    pool.protocol === 'uniswap-v4' ? [pool.protocolParts0 ?? 0, pool.protocolParts1 ?? 0] : [0, 0],
  tickSpacing: pool.tickSpacing ?? 1,
  ticks: wholeWindow(pool.tickSpacing ?? 1, nets),
})

/** All the ticks that there are, so that no search leaves them. */
function wholeWindow(spacing: number, nets: ReadonlyMap<number, bigint>): TickWindow {
  const indexes = Int32Array.from(nets.keys()).toSorted()
  return {
    ...wordsOfSpacing(spacing),
    indexes,
    nets: Array.from(indexes, (index) => nets.get(index) as bigint),
  }
}

/** What each initialised tick adds to the liquidity in range. */
function netsOf(ticks: ReadonlyMap<number, TickSums>): Map<number, bigint> {
  const nets = new Map<number, bigint>()
  for (const [index, { gross, net }] of ticks) if (gross !== 0n) nets.set(index, net)
  return nets
}

async function historicalState(
  ports: StatePorts,
  view: View,
  at: number,
  run: BlockRange,
  version: Version<Pool>,
): Promise<PoolState | undefined> {
  const pool = version.value
  if (pool.protocol === 'uniswap-v2') {
    const [event] = await listEvents(ports, view, poolFamily, {
      address: pool.address,
      from: run.from,
      to: at,
      descending: true,
      limit: 1,
    })
    if (event?.body.type !== 'sync') return undefined
    const { reserve0, reserve1 } = event.body
    return constantProduct({ ...pool, reserve0, reserve1 })
  }
  if (quotableFrom(run, version, at).status !== 'yes') return undefined
  const price = await priceAt(ports, view, at, run, pool)
  if (!price) return undefined
  const nets = netsOf(await ticksAt(ports, view, at, pool))
  // A swap tells it too, but positions may have changed since.
  let liquidity = 0n
  for (const [index, net] of nets) if (index <= price.tick) liquidity += net
  const then = pool.protocol === 'uniswap-v4' ? await withPastFee(ports, view, at, pool) : pool
  return concentrated(then, price.sqrtPriceX96, price.tick, liquidity, nets)
}

type Price = Pick<ConcentratedState, 'sqrtPriceX96' | 'tick'>

/** As the last event that tells it left it. */
async function priceAt(
  ports: StatePorts,
  view: View,
  at: number,
  run: BlockRange,
  { address }: Pool,
): Promise<Price | undefined> {
  const query = { address, from: run.from, to: at }
  const [swap]: ChainEvent<Swap>[] = await listEvents(ports, view, swapFamily, {
    ...query,
    descending: true,
    limit: 1,
  })
  if (swap && tellsPrice(swap.body)) return swap.body
  // The pool's first event, but for none.
  const [first] = await listEvents(ports, view, poolFamily, { ...query, limit: 1 })
  return first && 'sqrtPriceX96' in first.body ? first.body : undefined
}

/** A V4 pool with what the protocol took of its swaps at a past block. */
async function withPastFee(ports: StatePorts, view: View, at: number, pool: Pool): Promise<Pool> {
  const query = { address: pool.address, to: at, descending: true, limit: 1 }
  const [last] = await listEvents(ports, view, poolFamily, query)
  const told = last?.body.type === 'setProtocolFee' ? last.body : undefined
  return {
    ...pool,
    protocolParts0: told?.protocolFeePips0 ?? 0,
    protocolParts1: told?.protocolFeePips1 ?? 0,
  }
}
