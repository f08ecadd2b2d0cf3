import { expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import { listTokens } from '#core/dex/list-tokens.ts'
import { newPool, type Pool, poolDocuments } from '#core/dex/pool.ts'
import { readPoolsBetween } from '#core/dex/quoting/pool-catalog.ts'
import { type DocumentSet, orderKey } from '#core/history/document.ts'
import type { View } from '#core/history/head.ts'
import type { Scan } from '#core/history/ports.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { addressOf } from '../../../fakes/encode.ts'
import { ownIds } from '../../../fakes/own-ids.ts'

const pool = (id: number, token0: Address, token1: Address, swapCount: number): Pool => ({
  ...newPool({
    address: addressOf(id),
    protocol: 'uniswap-v2',
    factory: null,
    token0,
    token1,
    feePips: 3_000,
  }),
  swapCount,
})

/** A tree that walks the orders of these pools as stores do. */
function treeOf(pools: readonly Pool[]): ResolvePorts {
  const at = { number: 1, hash: '0x01' }
  const scan = async (_set: DocumentSet, { order, prefix, limit, after }: Scan) =>
    pools
      .map((value) => ({ value, at, move: 1, key: orderKey(poolDocuments, order, value) }))
      .filter(({ key }) => prefix.every((part, index) => key[index] === part))
      .filter(({ key }) => !after || key.join() > after.join())
      .toSorted((a, b) => (a.key.join() < b.key.join() ? -1 : 1))
      .slice(0, limit)
  return {
    tree: { scan },
    heads: {},
    views: { canonical: async () => () => true },
  } as unknown as ResolvePorts
}

test('every token that has a pool is listed once, page by page, however many pools one has', async () => {
  const hub = addressOf(0x50)
  const others = Array.from({ length: 650 }, (_, index) => addressOf(1 + index))
  const pools = others
    .filter((other) => other !== hub)
    .map((other, index) =>
      pool(0x1000 + index, ...([other, hub].toSorted() as [Address, Address]), 1),
    )
  const listed = { token0: addressOf(0), token1: addressOf(0x2000) }
  const view = { chainId: 1, head: { number: 2, projections: ownIds(1) } } as unknown as View
  const found: Address[] = []
  for (let more = true; more;) {
    const after = found.at(-1)
    const page = await listTokens(treeOf(pools), view, [listed], {
      limit: 90,
      ...(after && { after }),
    })
    expect(page.items.length).toBeLessThanOrEqual(90)
    found.push(...page.items)
    more = page.hasMore
  }
  expect(found).toEqual([listed.token0, ...others, listed.token1])
})

test('pools between tokens that have thousands of them are found, whatever their addresses', async () => {
  const [hub, usd, eur] = [addressOf(0xe0_0000), addressOf(0xe0_0001), addressOf(0xe0_0002)]
  const crowd = [hub, usd, eur].flatMap((token, place) =>
    Array.from({ length: 1_500 }, (_, index) => {
      const other = index * 3 + place
      const id = 0x1_0000 + other * 2
      return [
        pool(id, token, addressOf(0xf0_0000 + other), 1),
        pool(id + 1, addressOf(0xd0_0000 + other), token, 1),
      ]
    }).flat(),
  )
  const busy = [
    pool(0xff_0001, hub, usd, 1_000),
    pool(0xff_0002, usd, eur, 1_000),
    pool(0xff_0003, hub, eur, 1_000),
  ]
  const view = { chainId: 1, head: { number: 2, projections: ownIds(1) } } as unknown as View
  for (const [tokenIn, tokenOut] of [
    [usd, eur],
    [eur, usd],
  ] as const) {
    const found = await readPoolsBetween(treeOf([...crowd, ...busy]), view, tokenIn, tokenOut, [
      hub,
    ])
    expect(found.map(({ id }) => id).toSorted()).toEqual(busy.map(({ address }) => address))
  }
})
