import type { BlockRange } from '#core/chain.ts'
import { mapConcurrent } from '#core/concurrent.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { liquidityFamily, poolFamily, type Swap, swapFamily, tellsPrice } from '#core/dex/events.ts'
import type { View } from '#core/history/head.ts'
import { listEvents } from '#core/history/list-events.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import { resolveDocuments, scanDocuments } from '#core/history/resolve.ts'
import type { Views } from '#core/history/view.ts'
import { type Pool, poolDocuments } from '#core/dex/pool.ts'
import { tickDocuments } from '#core/dex/tick.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import type { ConcentratedState, PoolState, TickWindow } from '#core/dex/protocols/state.ts'
import { wordsOfSpacing } from '#core/dex/protocols/tick-window.ts'

type StatePorts = HistoryPorts & { readonly views: Views }

const PAGE = 1_000
const POOLS_AT_ONCE = 8

/**
 * States as the projections have them at the view's head. Undefined where the history does not determine one: a pool
 * without a price, a V3 pool that no swap was seen of, one whose life began before the blocks that are indexed without a
 * gap, a V4 pool, a pair of Solidly's design, whose fee is its factory's to change, or a pool of Algebra, whose fee
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
    if (!visible || !run) return undefined
    const { value: pool, number } = visible
    if (pool.protocol === 'uniswap-v2') return number < run.from ? undefined : constantProduct(pool)
    if (pool.protocol !== 'uniswap-v3' || !isFollowed(pool)) return undefined
    if (!isWhole(pool, run, view.head.number)) return undefined
    if (pool.sqrtPriceX96 === null || pool.tick === null) return undefined
    const ticks = await indexedTicks(ports, view, pool)
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
    visible ? historicalState(ports, view, at, run, visible.value) : Promise.resolve(undefined),
  )
}

/** The blocks that are indexed without a gap up to this one. */
const runUpTo = (view: View, number: number): BlockRange | undefined =>
  view.head.coverage.find(({ from, to }) => from <= number && number <= to)

/**
 * Whether the pool is known to tell its swaps by an event that is read here. Forks of V3 exist whose Swap is another
 * event: what they emit otherwise looks alike, and without their swaps the price would stay at the first one for ever. A
 * pool that has told one swap tells all, for its code does not change.
 */
const isFollowed = ({ swapCount }: Pool): boolean => swapCount > 0

/** Whether every event of the pool's life is in the run. */
const isWhole = ({ createdBlock }: Pool, run: BlockRange, at: number): boolean =>
  createdBlock !== null && run.from <= createdBlock && createdBlock <= at

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
  protocolFeePips: [0, 0],
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

async function indexedTicks(
  ports: StatePorts,
  view: View,
  { address }: Pool,
): Promise<Map<number, bigint>> {
  const nets = new Map<number, bigint>()
  let after: readonly [string, number] | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await scanDocuments(
      ports,
      view,
      tickDocuments,
      {
        order: 'identity',
        prefix: [address],
        limit: PAGE,
        ...(after && { after }),
      },
      (tick) => tick.liquidityGross > 0n,
    )
    for (const { index, liquidityNet } of page) nets.set(index, liquidityNet)
    const last = page.at(-1)
    if (!last || page.length < PAGE) return nets
    after = [address, last.index]
  }
}

async function historicalState(
  ports: StatePorts,
  view: View,
  at: number,
  run: BlockRange,
  pool: Pool,
): Promise<PoolState | undefined> {
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
  if (pool.protocol !== 'uniswap-v3' || !isFollowed(pool)) return undefined
  if (!isWhole(pool, run, at)) return undefined
  const price = await priceAt(ports, view, at, run, pool)
  if (!price) return undefined
  const nets = new Map<number, bigint>()
  const grosses = new Map<number, bigint>()
  let { liquidity } = price
  const add = (sums: Map<number, bigint>, index: number, delta: bigint): void =>
    void sums.set(index, (sums.get(index) ?? 0n) + delta)
  for await (const { block, logIndex, body } of liquidityEvents(ports, view, at, pool)) {
    if (!('tickLower' in body) || body.type === 'collect') continue
    const delta = body.type === 'mint' ? body.liquidity : -body.liquidity
    const { tickLower, tickUpper } = body
    add(nets, tickLower, delta)
    add(nets, tickUpper, -delta)
    add(grosses, tickLower, delta)
    add(grosses, tickUpper, delta)
    const isLater =
      block.number > price.number || (block.number === price.number && logIndex > price.logIndex)
    // The price's own event tells the liquidity in range as it was then.
    if (isLater && tickLower <= price.tick && price.tick < tickUpper) liquidity += delta
  }
  for (const [index, gross] of grosses) if (gross === 0n) nets.delete(index)
  return concentrated(pool, price.sqrtPriceX96, price.tick, liquidity, nets)
}

/** Price and liquidity in range as the last event that tells both left them, and the place of that event. */
type PriceEvent = {
  readonly number: number
  readonly logIndex: number
  readonly sqrtPriceX96: bigint
  readonly tick: number
  readonly liquidity: bigint
}

async function priceAt(
  ports: StatePorts,
  view: View,
  at: number,
  run: BlockRange,
  { address }: Pool,
): Promise<PriceEvent | undefined> {
  const query = { address, from: run.from, to: at }
  const [swap]: ChainEvent<Swap>[] = await listEvents(ports, view, swapFamily, {
    ...query,
    descending: true,
    limit: 1,
  })
  if (swap && tellsPrice(swap.body))
    return { number: swap.block.number, logIndex: swap.logIndex, ...swap.body }
  // The pool's first event, but for none.
  const [first] = await listEvents(ports, view, poolFamily, { ...query, limit: 1 })
  if (first?.body.type !== 'initialize') return undefined
  return { number: first.block.number, logIndex: first.logIndex, ...first.body, liquidity: 0n }
}

async function* liquidityEvents(ports: StatePorts, view: View, at: number, { address }: Pool) {
  let after: { readonly number: number; readonly logIndex: number } | undefined
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the last one ended
    const page = await listEvents(ports, view, liquidityFamily, {
      address,
      to: at,
      limit: PAGE,
      ...(after && { after }),
    })
    yield* page
    const last = page.at(-1)
    if (!last || page.length < PAGE) return
    after = { number: last.block.number, logIndex: last.logIndex }
  }
}
