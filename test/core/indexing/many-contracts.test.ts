import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import type { Source } from '#core/catalogue.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import type { DocumentSpec } from '#core/history/document.ts'
import { listDocuments } from '#core/history/list-documents.ts'
import { endOf } from '#core/page.ts'
import { scanDocuments } from '#core/history/resolve.ts'
import { createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import type { BlockSource, LogFilter } from '#core/indexing/ports.ts'
import { balanceDocuments } from '#core/tokens/balance.ts'
import { listHoldings } from '#core/nft/list-holdings.ts'
import {
  type Holding,
  holderDocuments,
  holdingDocuments,
  ownershipDocuments,
} from '#core/nft/holding.ts'
import { addressOf } from '../../fakes/encode.ts'
import { actedOf, type FakeBlock, seal } from '../../fakes/fake-chain.ts'
import { createFakeSource } from '../../fakes/fake-source.ts'
import { fakeIndexPorts } from '../../fakes/index-app.ts'
import { createRandom } from '../../fakes/random.ts'
import type { Act } from '../../oracle/acts.ts'
import { naiveModel } from '../../oracle/naive-model.ts'

const FACTORY = addressOf(0xfac)
const [SINGLE, SEVERAL] = [addressOf(0x721), addressOf(0x1155)]
const [ANN, BOB] = [addressOf(0xa1), addressOf(0xb1)]
const NOBODY = addressOf(0)

const sources: readonly Source[] = [
  { kind: 'uniswap-v2', factory: FACTORY, feePips: 3_000, startBlock: 0 },
  { kind: 'erc721', address: SINGLE, startBlock: 0 },
  { kind: 'erc1155', address: SEVERAL, startBlock: 0 },
]

async function chainOf(contents: readonly (readonly Act[])[]): Promise<FakeBlock[]> {
  const random = createRandom(9)
  const blocks: FakeBlock[] = []
  for (const [number, acts] of contents.entries())
    blocks.push(await seal(random, { number }, blocks.at(-1), acts))
  return blocks
}

/** Indexes a chain from its first block to its last, and tells what a node was asked. */
async function indexAll(blocks: readonly FakeBlock[], of = sources) {
  const filters: LogFilter[] = []
  const fake = createFakeSource({ blocks: () => blocks, finality: 0 })
  const source: BlockSource = {
    ...fake,
    logs(range, filter) {
      filters.push(filter)
      return fake.logs(range, filter)
    },
  }
  const ports = fakeIndexPorts(createMemoryTables(), source)
  const steps = backfill(ports, { chainId: 31_337, sources: of, proof: 'auto' }, { aborted: false })
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  const history = { ...ports, views: createViews(ports.heads, 31_337) }
  const view = await history.views.current()
  if (!view) throw new Error('something is indexed')
  const all = { order: 'identity', prefix: [], limit: 100_000 }
  return { filters, requests: fake.requests, history, view, all }
}

const pairOf = (number: number) => addressOf(0x10_0000 + number)

const create = (number: number): Act => ({
  act: 'create',
  factory: FACTORY,
  pool: pairOf(number),
  token0: addressOf(1),
  token1: addressOf(2),
  terms: null,
})
const swap = (number: number): Act[] => [
  { act: 'sync', pool: pairOf(number), reserves: [1_000n + BigInt(number), 2_000n] },
  {
    act: 'swapV2',
    pool: pairOf(number),
    sender: ANN,
    recipient: ANN,
    came: [10n, 0n],
    went: [0n, 19n],
  },
]

/** Blocks in which so many pairs are made and traded at once, and then blocks of trades among those of others. */
async function pairsChain(count: number): Promise<FakeBlock[]> {
  const BLOCKS = 10
  const random = createRandom(count)
  const made = Array.from({ length: BLOCKS }, (_, block) =>
    Array.from({ length: count / BLOCKS }, (__, index) => block * (count / BLOCKS) + index).flatMap(
      (number): Act[] => [create(number), ...swap(number)],
    ),
  )
  const traded = Array.from({ length: BLOCKS }, () =>
    Array.from({ length: 20 }, () => random.int(2 * count)).flatMap(swap),
  )
  return chainOf([[], ...made, ...traded])
}

test('a factory with 5,000 pairs costs a node no more requests than one with 50, and no filter names them', async () => {
  const [few, many] = [await pairsChain(50), await pairsChain(5_000)]
  const small = await indexAll(few)
  const large = await indexAll(many)
  expect(large.requests).toEqual(small.requests)
  expect(Math.max(...large.filters.map(({ addresses }) => addresses?.length ?? 0))).toBeLessThan(
    510,
  )
  // Every pair was traded in the block that made it; pairs that the factory did not make count for nothing.
  const pools = await scanDocuments(large.history, large.view, poolDocuments, large.all)
  const swaps = new Map<string, number>()
  for (const act of many.flatMap(({ acts }) => acts))
    if (act.act === 'swapV2') swaps.set(act.pool, (swaps.get(act.pool) ?? 0) + 1)
  expect(pools).toHaveLength(5_000)
  for (const { address, swapCount } of pools) expect(swapCount).toBe(swaps.get(address))
}, 120_000)

test('batches of hundreds of ERC-1155 tokens, and 10,000 mints in one block, are held to the last one', async () => {
  const tokens = Array.from({ length: 400 }, (_, index) => ({
    tokenId: BigInt(index % 390),
    amount: BigInt(1 + index),
  }))
  const batch = (from: typeof ANN, to: typeof ANN): Act => ({
    act: 'transfer1155',
    collection: SEVERAL,
    operator: ANN,
    from,
    to,
    isBatch: true,
    tokens,
  })
  const mints = Array.from({ length: 10_000 }, (_, index): Act => ({
    act: 'transfer721',
    collection: SINGLE,
    from: NOBODY,
    to: index % 3 === 0 ? ANN : BOB,
    tokenId: BigInt(index),
  }))
  const blocks = await chainOf([[], [batch(NOBODY, ANN)], mints, [batch(ANN, BOB)]])
  const { history, view, all } = await indexAll(blocks)
  const model = naiveModel(blocks.map(actedOf), sources)
  for (const spec of [holdingDocuments, ownershipDocuments, holderDocuments] as DocumentSpec[]) {
    const found = await scanDocuments(history, view, spec, all)
    const expected = model.values.filter(({ kind }) => kind === spec.kind)
    expect(found).toHaveLength(expected.length)
  }
  const holders = await scanDocuments(history, view, holderDocuments, all)
  expect(holders).toEqual(
    expect.arrayContaining(
      model.values.filter(({ kind }) => kind === 'holder').map(({ value }) => value),
    ),
  )
  expect(await scanDocuments(history, view, ownershipDocuments, all)).toHaveLength(10_000)

  // What has gone through hands is passed over in few reads, however few are listed.
  let scans = 0
  const scan: typeof history.tree.scan = (set, query) => {
    scans++
    return history.tree.scan(set, query)
  }
  const counting = { ...history, tree: { ...history.tree, scan } }
  const held = { owner: ANN, collection: SEVERAL, limit: 1 }
  expect(await listHoldings(counting, view, held)).toEqual({ items: [], hasMore: false })
  expect(scans).toBeLessThan(10)
  for (const limit of [1, 3, 400]) {
    const { items, hasMore } = await listHoldings(history, view, {
      owner: BOB,
      collection: SEVERAL,
      limit,
    })
    expect([items.length, hasMore]).toEqual([Math.min(limit, 390), limit < 390])
  }
  // Where few of many are listed, a page ends before it is full and goes on behind what was looked at.
  const some = ({ tokenId }: Holding): boolean => tokenId % 97n === 5n
  const walk = async (limit: number, lookedAtMax: number) => {
    const pages: bigint[][] = []
    const asked = { order: 'byOwner', prefix: [BOB, SEVERAL], limit }
    for (let end: Holding | undefined, isOver = false; !isOver; isOver = !end) {
      const after = end && [BOB, SEVERAL, end.tokenId]
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page = await listDocuments(
        history,
        view,
        holdingDocuments,
        { ...asked, ...(after && { after }) },
        some,
        lookedAtMax,
      )
      pages.push(page.items.map(({ tokenId }) => tokenId))
      end = endOf(page)
    }
    return pages
  }
  expect(await walk(9, 1_000)).toEqual([[5n, 102n, 199n, 296n]])
  for (const lookedAtMax of [1, 7, 50, 103])
    for (const limit of [1, 3]) {
      const pages = await walk(limit, lookedAtMax)
      expect(pages.flat()).toEqual([5n, 102n, 199n, 296n])
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(limit)
    }
  expect((await walk(1, 50)).length).toBeGreaterThan(4)
}, 120_000)

test('a pair whose shares are indexed as a token is a pair all the same', async () => {
  const shares: Act = {
    act: 'transfer20',
    token: pairOf(1),
    from: NOBODY,
    to: ANN,
    amount: 7n,
    indexed: 2,
  }
  const blocks = await chainOf([[], [create(1), shares, ...swap(1)], [], swap(1)])
  const token: Source = { kind: 'erc20', address: pairOf(1), wrapsNative: false, startBlock: 0 }
  const { history, view, all } = await indexAll(blocks, [...sources, token])
  expect(await scanDocuments(history, view, poolDocuments, all)).toMatchObject([
    { address: pairOf(1), swapCount: 2, reserve0: 1_001n },
  ])
  expect(await scanDocuments(history, view, balanceDocuments, all)).toMatchObject([
    { account: ANN, balance: 7n },
  ])
})
