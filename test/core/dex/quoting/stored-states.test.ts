import { expect, test } from 'vitest'
import { newPool, type Pool, protocolOf } from '#core/dex/pool.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import { readHistoricalStates, readIndexedStates } from '#core/dex/quoting/stored-states.ts'
import type { Address } from '#core/chain.ts'
import type { EventQuery } from '#core/history/ports.ts'
import type { View } from '#core/history/head.ts'
import { emptyWindow } from '#core/history/window.ts'
import { addressOf } from '../../../fakes/encode.ts'
import { ownIds } from '../../../fakes/own-ids.ts'
import { createRandom } from '../../../fakes/random.ts'

const hash = `0x${'1'.repeat(64)}` as const
const view = {
  chainId: 1,
  head: {
    number: 50,
    hash,
    commit: hash,
    chainId: 1,
    move: 1,
    projections: ownIds(1),
    coverage: [{ from: 0, to: 50 }],
  },
  floor: { number: 50, hash },
  window: emptyWindow(),
} as unknown as View

const pool: Pool = {
  ...newPool({
    address: addressOf(0x33),
    protocol: 'uniswap-v3',
    factory: addressOf(0xf3),
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 3_000,
    tickSpacing: 60,
    createdBlock: 1,
    createdAt: 1_000,
  }),
  sqrtPriceX96: 1n << 96n,
  tick: 0,
  liquidity: 10n ** 18n,
}
const terms: PoolTerms = {
  ...pool,
  protocol: protocolOf(pool),
  id: pool.address,
  origin: pool.factory,
}

/** An index of one pool, whose events are those of its first price and its first liquidity. */
const indexOf = (stored: Pool) => {
  const version = { number: 50, commit: hash, move: 1 }
  const first = {
    event: {
      block: { number: 1, hash, timestamp: 1_000 },
      logIndex: 0,
      address: stored.address,
      body: { ...stored, type: 'initialize' },
    },
    commit: hash,
  }
  return {
    views: { canonical: async () => () => true },
    heads: { upkeep: async () => ({ settledTo: 0, sweptTo: 0, cleanTo: 0 }) },
    tree: {
      read: async () => [{ value: stored, ...version }],
      scan: async () => [],
      versions: async () => [],
    },
    events: {
      list: async (_chain: unknown, { family }: { family: string }) =>
        family === 'pool' ? [first] : [],
    },
  } as unknown as Parameters<typeof readIndexedStates>[0]
}

test('a V3 pool of which no swap was ever seen is not quoted from the index: its swaps may be events that are not read', async () => {
  expect(await readIndexedStates(indexOf(pool), view, [terms])).toEqual([undefined])
  expect(await readHistoricalStates(indexOf(pool), view, 40, [terms])).toEqual([undefined])
})

test('a V3 pool that has told a swap is quoted from the index, at past blocks before that swap too', async () => {
  const traded = indexOf({ ...pool, swapCount: 1 })
  const known = [expect.objectContaining({ kind: 'concentrated', sqrtPriceX96: 1n << 96n })]
  expect(await readIndexedStates(traded, view, [terms])).toEqual(known)
  expect(await readHistoricalStates(traded, view, 40, [terms])).toEqual(known)
})

const CHANGES = 20_000
const BLOCKS = 5_000
const PAGE_ROWS = 1_000

type Change = { readonly number: number; readonly logIndex: number; readonly body: LiquidityBody }
type LiquidityBody = {
  readonly type: 'mint' | 'burn'
  readonly tickLower: number
  readonly tickUpper: number
  readonly liquidity: bigint
}

/** Positions that come and go in a pool's long life, four changes a block. */
function longLife(seed: number): Change[] {
  const random = createRandom(seed)
  const open: Omit<LiquidityBody, 'type'>[] = []
  return Array.from({ length: CHANGES }, (_, index) => {
    const place = { number: 2 + Math.floor((index * BLOCKS) / CHANGES), logIndex: index }
    if (open.length > 0 && random.chance(0.5)) {
      const [gone] = open.splice(random.int(open.length), 1)
      return { ...place, body: { type: 'burn', ...(gone as (typeof open)[number]) } }
    }
    const tickLower = (random.int(200) - 100) * 60
    const tickUpper = tickLower + (1 + random.int(50)) * 60
    const position = { tickLower, tickUpper, liquidity: BigInt(1 + random.int(1_000_000)) }
    open.push(position)
    return { ...place, body: { type: 'mint', ...position } }
  })
}

/** Every tick from the first change on, and the liquidity at tick 0. */
function foldAll(changes: readonly Change[]) {
  const ticks = new Map<
    number,
    { pool: Address; index: number; liquidityGross: bigint; liquidityNet: bigint }
  >()
  let liquidity = 0n
  for (const { body } of changes) {
    const delta = body.type === 'mint' ? body.liquidity : -body.liquidity
    for (const [index, net] of [
      [body.tickLower, delta],
      [body.tickUpper, -delta],
    ] as const) {
      const before = ticks.get(index) ?? { liquidityGross: 0n, liquidityNet: 0n }
      ticks.set(index, {
        pool: pool.address,
        index,
        liquidityGross: before.liquidityGross + delta,
        liquidityNet: before.liquidityNet + net,
      })
    }
    if (body.tickLower <= 0 && 0 < body.tickUpper) liquidity += delta
  }
  const known = [...ticks.values()].toSorted((a, b) => a.index - b.index)
  return { liquidity, ticks: known }
}

test('a past state is folded from its nearer end, and is what all events from the first on come to', async () => {
  const changes = longLife(7)
  const last = BLOCKS + 1
  const head = { ...view.head, number: last, coverage: [{ from: 0, to: last }] }
  const now = { ...view, head } as unknown as View
  const version = { number: last, commit: hash, move: 1 }
  const rows = { events: 0, ticks: 0 }
  const base = indexOf({ ...pool, swapCount: 1 })
  const rowOf = ({ number, logIndex, body }: Change) => ({
    event: { block: { number, hash, timestamp: number }, logIndex, address: pool.address, body },
    commit: hash,
  })
  const ports = {
    ...base,
    tree: {
      ...base.tree,
      scan: async (
        _set: unknown,
        { after, limit }: { after?: [string, number]; limit: number },
      ) => {
        const page = foldAll(changes)
          .ticks.filter(({ index }) => !after || index > after[1])
          .slice(0, limit)
        rows.ticks += page.length
        return page.map((value) => ({ value, ...version }))
      },
    },
    events: {
      list: async (chain: number, query: EventQuery) => {
        if (query.family !== 'liquidity') return base.events.list(chain, query)
        const { from = 0, to = last, after, limit } = query
        const page = changes
          .filter(
            ({ number, logIndex }) =>
              number >= from && number <= to && (!after || logIndex > after.logIndex),
          )
          .slice(0, limit)
        rows.events += page.length
        return page.map(rowOf)
      },
    },
  } as unknown as Parameters<typeof readHistoricalStates>[0]

  const random = createRandom(3)
  const some = Array.from({ length: 12 }, () => 2 + random.int(BLOCKS))
  for (const at of [2, 40, ...some, last - 40, last]) {
    rows.events = rows.ticks = 0
    // oxlint-disable-next-line no-await-in-loop -- rows are counted for each
    const [state] = await readHistoricalStates(ports, now, at, [terms])
    const until = changes.filter(({ number }) => number <= at)
    const { liquidity, ticks } = foldAll(until)
    const known = ticks.filter(({ liquidityGross }) => liquidityGross > 0n)
    expect(state).toMatchObject({
      liquidity,
      ticks: {
        indexes: Int32Array.from(known, ({ index }) => index),
        nets: known.map(({ liquidityNet }) => liquidityNet),
      },
    })
    const nearer = Math.min(until.length, CHANGES - until.length)
    expect(rows.events).toBeLessThanOrEqual(2 * nearer + 2 * PAGE_ROWS)
  }
})
