import { expect, test } from 'vitest'
import { newPool, type Pool, protocolOf } from '#core/dex/pool.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import { readHistoricalStates, readIndexedStates } from '#core/dex/quoting/stored-states.ts'
import type { Address } from '#core/chain.ts'
import type { LiquidityChange } from '#core/dex/events.ts'
import { tickPagesProjection } from '#core/dex/project-tick-pages.ts'
import { pageOfTick, SPAN_EVENTS_MAX } from '#core/dex/tick-page.ts'
import { type DocumentSet, type Key, keyText, type Version } from '#core/history/document.ts'
import type { EventQuery, Scan } from '#core/history/ports.ts'
import type { DocumentsAtHand, Slot, Wanted } from '#core/history/projection.ts'
import type { View } from '#core/history/head.ts'
import { emptyWindow } from '#core/history/window.ts'
import { addressOf } from '../../../fakes/encode.ts'
import { ownIds } from '../../../fakes/own-ids.ts'
import { createRandom } from '../../../fakes/random.ts'
import { naiveTickPages } from '../../../oracle/naive-tick-pages.ts'
import { documentLine } from '../../../oracle/text.ts'

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
    place: { number: 1, logIndex: 0 },
    value: {
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
const EVENTS_A_BLOCK = 4

type Change = { readonly number: number; readonly logIndex: number; readonly body: LiquidityBody }
type LiquidityBody = {
  readonly type: 'mint' | 'burn' | 'collect'
  readonly protocol: 'uniswap-v3'
  readonly tickLower: number
  readonly tickUpper: number
  readonly liquidity: bigint
}

const rowOf = ({ number, logIndex, body }: Change) => ({
  place: { number, logIndex },
  value: {
    block: { number, hash, timestamp: number },
    transactionHash: hash,
    logIndex,
    address: pool.address,
    body: body as unknown as LiquidityChange,
  },
  commit: hash,
})

/** Positions that come and go in a pool's long life, some events a block. */
function longLife(seed: number, count = CHANGES): Change[] {
  const random = createRandom(seed)
  const open: Omit<LiquidityBody, 'type'>[] = []
  return Array.from({ length: count }, (_, index) => {
    const place = { number: 2 + Math.floor(index / EVENTS_A_BLOCK), logIndex: index }
    if (open.length > 0 && random.chance(0.1))
      return { ...place, body: { type: 'collect', ...(open[0] as (typeof open)[number]) } }
    if (open.length > 0 && random.chance(0.5)) {
      const [gone] = open.splice(random.int(open.length), 1)
      return { ...place, body: { type: 'burn', ...(gone as (typeof open)[number]) } }
    }
    const tickLower = (random.int(200) - 100) * 60
    const tickUpper = tickLower + (1 + random.int(50)) * 60
    const protocol = 'uniswap-v3' as const
    const position = {
      protocol,
      tickLower,
      tickUpper,
      liquidity: BigInt(1 + random.int(1_000_000)),
    }
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
    if (body.type === 'collect') continue
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

/** Everything that the projection makes of the changes, folded in batches of the given size. */
function pagesOf(changes: readonly Change[], batch: number): Map<string, Version> {
  const stored = new Map<string, Version>()
  const start: Version = { value: pool, number: 1, commit: hash, move: 1 }
  stored.set(keyText('pool', [pool.address]), start)
  for (let from = 0; from < changes.length; from += batch) {
    const events = changes.slice(from, from + batch).map((change) => rowOf(change).value)
    const wanted = new Map<string, Slot>()
    const want = (all: readonly Wanted[]): void => {
      for (const { spec, key } of all) {
        const text = keyText(spec.kind, key)
        wanted.set(text, { value: stored.get(text)?.value, changedAt: undefined })
      }
    }
    const documents: DocumentsAtHand = {
      slot({ kind }, key) {
        const slot = wanted.get(keyText(kind, key))
        if (!slot) throw new Error(`not wanted: ${keyText(kind, key)}`)
        return slot as never
      },
    }
    want(tickPagesProjection.wants(events))
    want(tickPagesProjection.wantsThen?.(events, documents) ?? [])
    const fold = tickPagesProjection.begin({ documents, sources: [] })
    for (const event of events) fold.apply(event)
    fold.finish()
    for (const [text, { value, changedAt }] of wanted)
      if (value && changedAt)
        stored.set(text, { value, number: changedAt.number, commit: hash, move: 1 })
  }
  return stored
}

test('pages of ticks are the same however changes are grouped into batches, and what a slow model says', () => {
  const changes = longLife(5)
  const stored = pagesOf(changes, 700)
  const lines = (all: readonly { readonly kind: string; readonly value: object }[]) =>
    all.map(({ kind, value }) => documentLine(kind, value)).toSorted()
  const made = (from: ReadonlyMap<string, Version>) =>
    lines(
      [...from]
        .filter(([text]) => text.startsWith('tick'))
        .map(([text, { value }]) => ({ kind: text.slice(0, text.indexOf(':')), value })),
    )
  const told = changes.map(({ number, body }) => ({
    number,
    lower: body.tickLower,
    upper: body.tickUpper,
    more: body.type === 'collect' ? 0n : body.type === 'mint' ? body.liquidity : -body.liquidity,
  }))
  expect(made(stored)).toEqual(lines(naiveTickPages(pool.address, told)))
  for (const batch of [1, 37, changes.length])
    expect(made(pagesOf(changes, batch))).toEqual(made(stored))
})

test('a past state costs as much to read in a life of twenty thousand events as in one of two thousand, and is what they come to', async () => {
  const most = async (count: number, seed: number): Promise<number> => {
    const changes = longLife(seed, count)
    const last = (changes.at(-1)?.number ?? 0) + 1
    const head = { ...view.head, number: last, coverage: [{ from: 0, to: last }] }
    const now = { ...view, head } as unknown as View
    const stored = pagesOf(changes, 5_000)
    const rows = { read: 0, calls: 0 }
    const counted = <T>(page: T[]): T[] => {
      rows.read += page.length
      rows.calls++
      return page
    }
    const base = indexOf({ ...pool, swapCount: 1 })
    const ports = {
      ...base,
      tree: {
        ...base.tree,
        read: async ({ kind }: DocumentSet, keys: readonly Key[]) =>
          kind === 'pool'
            ? base.tree.read({ kind, tree: '' }, keys)
            : counted(keys.map((key) => stored.get(keyText(kind, key)))),
        scan: async ({ kind }: DocumentSet, { to: [at] = [], limit }: Scan) =>
          counted(
            [...stored]
              .filter(([text, { value }]) => {
                const { number } = value as { number: number }
                return text.startsWith(`${kind}:`) && number <= Number(at)
              })
              .map(([, version]) => version)
              .toSorted((a, b) => b.number - a.number)
              .slice(0, limit),
          ),
      },
      events: {
        list: async (chain: number, query: EventQuery) => {
          if (query.family !== 'liquidity') return base.events.list(chain, query)
          const { from = 0, to = last, after, limit } = query
          return counted(
            changes
              .filter(
                ({ number, logIndex }) =>
                  number >= from && number <= to && (!after || logIndex > after.logIndex),
              )
              .slice(0, limit)
              .map(rowOf),
          )
        },
      },
    } as unknown as Parameters<typeof readHistoricalStates>[0]
    const random = createRandom(3)
    let highest = 0
    for (const at of [2, 40, ...Array.from({ length: 12 }, () => 2 + random.int(last)), last]) {
      rows.read = rows.calls = 0
      // oxlint-disable-next-line no-await-in-loop -- rows are counted for each
      const [state] = await readHistoricalStates(ports, now, at, [terms])
      const { liquidity, ticks } = foldAll(changes.filter(({ number }) => number <= at))
      const known = ticks.filter(({ liquidityGross }) => liquidityGross > 0n)
      expect(state).toMatchObject({
        liquidity,
        ticks: {
          indexes: Int32Array.from(known, ({ index }) => index),
          nets: known.map(({ liquidityNet }) => liquidityNet),
        },
      })
      expect(rows.calls).toBeLessThanOrEqual(3)
      highest = Math.max(highest, rows.read)
    }
    return highest
  }
  const pages = pageOfTick(100 * 60) - pageOfTick(-100 * 60) + 2
  const bound = SPAN_EVENTS_MAX + EVENTS_A_BLOCK + pages + 1
  expect(await most(2_000, 7)).toBeLessThanOrEqual(bound)
  expect(await most(CHANGES, 8)).toBeLessThanOrEqual(bound)
})
