import { expect, test } from 'vitest'
import { newPool, type Pool, protocolOf } from '#core/dex/pool.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import { readHistoricalStates, readIndexedStates } from '#core/dex/quoting/stored-states.ts'
import type { View } from '#core/history/head.ts'
import { emptyWindow } from '#core/history/window.ts'
import { addressOf } from '../../../fakes/encode.ts'
import { ownIds } from '../../../fakes/own-ids.ts'

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
