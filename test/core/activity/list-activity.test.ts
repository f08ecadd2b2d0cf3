import { describe, expect, test } from 'vitest'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import {
  blocksOfPage,
  emptyActivityPage,
  onlyOfKind,
  placeInPage,
} from '#core/activity/activity-page.ts'
import {
  type ActivityPlace,
  listActivity,
  type PlacedActivity,
} from '#core/activity/list-activity.ts'
import {
  activityKinds,
  type ChainActivity,
  listChainActivity,
} from '#core/activity/list-chain-activity.ts'
import type { Source } from '#core/catalogue.ts'
import type { Address, Hash } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import type { EventPlace } from '#core/history/ports.ts'
import { createViews } from '#core/history/view.ts'
import type { RoleChange, RoleState } from '#core/guild/ports.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation } from '#core/ledger/operation.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { addressOf, dataOf, topicOf } from '../../fakes/encode.ts'
import { hashOfBlock, provenBlock } from '../../fakes/proven-block.ts'
import { createMemoryLedgerStore } from '../../fakes/ledger-store.ts'
import { createMemoryRoleStore } from '../../fakes/role-store.ts'
import { type Act, type Draft, draftOf } from '../../oracle/acts.ts'

const CHAIN_ID = 1
const [ANN, BEN, ROUTER] = [addressOf(0xa), addressOf(0xb), addressOf(0xcc)]
const [POOL, ART, MANAGER, NOBODY] = [
  addressOf(0x22),
  addressOf(0x721),
  addressOf(0x3a),
  addressOf(0),
]
const INCREASE: Hash = '0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f'
const COLLECT: Hash = '0x40d0efd1a53d60ecbf40971b9daf7dc90178c3aadc7aab1765632738fa8b8f01'
const TRANSFER: Hash = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

const sources: readonly Source[] = [
  {
    kind: 'pool',
    protocol: 'uniswap-v3',
    address: POOL,
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 3_000,
    startBlock: null,
  },
  { kind: 'erc721', address: ART, startBlock: null },
  { kind: 'uniswap-v3-positions', address: MANAGER, startBlock: null },
]

const swap = (sender: Address, recipient: Address): Act => ({
  act: 'swapV3',
  pool: POOL,
  sender,
  recipient,
  moved: [10n, -9n],
  price: { sqrtPriceX96: 1n << 96n, tick: 0 },
  liquidity: 5n,
})
const send = (from: Address, to: Address, tokenId = 1n): Act => ({
  act: 'transfer721',
  collection: ART,
  from,
  to,
  tokenId,
})
const mint: Act = {
  act: 'mintV3',
  pool: POOL,
  owner: MANAGER,
  range: { lower: -10, upper: 10 },
  liquidity: 7n,
  amounts: [3n, 4n],
}
const ofManager = (topics: readonly Hash[], data = '0x' as Draft['data']): Draft => ({
  address: MANAGER,
  topics,
  data,
})
const hand = (from: Address, to: Address): Draft =>
  ofManager([TRANSFER, topicOf(from), topicOf(to), topicOf(7n)])
const increase = ofManager([INCREASE, topicOf(7n)], dataOf(7n, 3n, 4n))
const collect = (recipient: Address): Draft =>
  ofManager([COLLECT, topicOf(7n)], dataOf(recipient, 1n, 2n))

type Log = Act | Draft

/**
 * A history whose blocks have these logs, each block one transaction; the numbers may have gaps.
 *
 * @param isSparse whether there are no blocks in the gaps
 */
async function historyOf(blocks: readonly (readonly [number, ...Log[]])[], isSparse = false) {
  const store = createMemoryChainStore(createMemoryTables())
  const ports = { ...commitPorts(store, systemClock, CHAIN_ID), sha256, newId }
  const appender = createChainAppender(ports, CHAIN_ID, sources)
  await appender.open()
  const filled = new Map(blocks.map(([number, ...logs]) => [number, logs]))
  const last = Math.max(...filled.keys())
  const provenAt = (number: number) => {
    const logs = filled.get(number) ?? []
    return provenBlock(
      number,
      logs.map((log) => ('act' in log ? draftOf(log) : log)),
    )
  }
  const append = async (...numbers: number[]) => {
    await appender.take(numbers.map(provenAt))
    const final = numbers.at(-1) ?? 0
    await appender.commit({ number: final, hash: hashOfBlock(final) })
  }
  if (isSparse) for (const number of filled.keys()) await append(number)
  else await append(...Array.from({ length: last + 1 }, (_, number) => number))
  const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
  const view = appender.view() as View
  return {
    ports: history,
    view,
    list: (accounts: readonly Address[], limit = 100, after?: EventPlace) =>
      listChainActivity(history, view, { accounts, limit, ...(after && { after }) }),
  }
}

const placesOf = (rows: readonly ChainActivity[]): string[] =>
  rows.map((row) => `${row.kind} ${row.event.block.number}.${row.event.logIndex}`)

test('a swap is of who asked for it and of who was paid, and of nobody else', async () => {
  const { list } = await historyOf([[1, swap(ROUTER, ANN), swap(BEN, BEN)]])
  expect(placesOf((await list([ANN])).items)).toEqual(['swap 1.0'])
  expect(placesOf((await list([ROUTER])).items)).toEqual(['swap 1.0'])
  expect(placesOf((await list([BEN])).items)).toEqual(['swap 1.1'])
  expect((await list([POOL])).items).toEqual([])
  expect((await list([NOBODY])).items).toEqual([])
})

test('what is done with a position is its owner’s at that time, though the event does not name it', async () => {
  const { list } = await historyOf([
    [1, mint, hand(NOBODY, ANN), increase],
    [2, mint, increase],
    [3, hand(ANN, BEN)],
    [4, mint, increase, collect(ROUTER)],
  ])
  const [ann, ben] = [(await list([ANN])).items, (await list([BEN])).items]
  expect(placesOf(ann)).toEqual(['position 3.0', 'position 2.1', 'position 1.2', 'position 1.1'])
  expect(placesOf(ben)).toEqual(['position 4.2', 'position 4.1', 'position 3.0'])
  expect(placesOf((await list([ROUTER])).items)).toEqual(['position 4.2'])
  for (const row of ann) expect(row).toMatchObject({ pool: POOL, accounts: [ANN] })
})

test('who gets a position at the end of a page of the index did what the next block says of it', async () => {
  const { list } = await historyOf([
    [255, mint, hand(NOBODY, ANN), increase, hand(ANN, BEN)],
    [256, mint, increase],
  ])
  const { items } = await list([BEN])
  expect(placesOf(items)).toEqual(['position 256.1', 'position 255.3'])
})

test('an event that several wallets took part in is listed once, with all of them', async () => {
  const { list } = await historyOf([
    [1, send(NOBODY, ANN)],
    [2, swap(BEN, BEN), send(ANN, BEN)],
    [3, send(BEN, ROUTER)],
  ])
  const { items } = await list([ANN, BEN])
  expect(placesOf(items)).toEqual([
    'nft-transfer 3.0',
    'nft-transfer 2.1',
    'swap 2.0',
    'nft-transfer 1.0',
  ])
  expect(items.map(({ accounts }) => accounts)).toEqual([[BEN], [ANN, BEN], [BEN], [ANN]])
})

test('of one kind are the rows that a list of all kinds has of it, and no events of others are read', async () => {
  const { ports, view } = await historyOf([
    [1, swap(ANN, ROUTER), mint, send(NOBODY, ANN)],
    [2, hand(NOBODY, ANN), increase],
    [3, { ...mint, owner: ANN }],
    [300, send(ANN, BEN), swap(BEN, ANN), collect(BEN), { ...mint, owner: ANN }],
    [301, swap(ANN, ANN)],
  ])
  const families = new Set<string>()
  const counting: typeof ports = {
    ...ports,
    events: {
      ...ports.events,
      list(chainId, query) {
        families.add(query.family)
        return ports.events.list(chainId, query)
      },
    },
  }
  const all = await listChainActivity(ports, view, { accounts: [ANN], limit: 100 })
  const familyOf = {
    swap: 'swap',
    liquidity: 'liquidity',
    position: 'position',
    'nft-transfer': 'transfer',
  }
  for (const kind of activityKinds) {
    families.clear()
    const rows: ChainActivity[] = []
    for (let after: EventPlace | undefined, isOver = false; !isOver;) {
      const query = { accounts: [ANN], kind, limit: 1, ...(after && { after }) }
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page = await listChainActivity(counting, view, query)
      rows.push(...page.items)
      after = page.next
      isOver = !after
    }
    expect(placesOf(rows)).toEqual(placesOf(all.items.filter((row) => row.kind === kind)))
    expect([...families]).toEqual([familyOf[kind]])
  }
  expect(new Set(all.items.map(({ kind }) => kind)).size).toBe(activityKinds.length)
})

test('blocks in which an account did something else are left out before any is looked at', () => {
  const page = { ...emptyActivityPage(ANN, 2), swaps: (1n << 256n) - 1n, nfts: 0b100n }
  const numbersOf = (kind: ChainActivity['kind']) =>
    blocksOfPage(onlyOfKind(page, kind)).map(({ number }) => number)
  expect(numbersOf('swap')).toHaveLength(256)
  expect(numbersOf('nft-transfer')).toEqual([514])
  expect([...numbersOf('position'), ...numbersOf('liquidity')]).toEqual([])
  const placed = { ...page, positions: [placeInPage(515, 7)] }
  expect(blocksOfPage(onlyOfKind(placed, 'position'))).toMatchObject([
    { number: 515, hasSwaps: false, hasNfts: false, positionLogs: [7] },
  ])
})

test('a page ends where it has looked at as much as it may, and goes on below', async () => {
  const at = (page: number): number => page * 256 + (page % 2 === 0 ? 0 : 255)
  const busy = Array.from({ length: 90 }, (_, page) => {
    const others = [3, 40, 85].includes(page) ? [send(NOBODY, ANN, BigInt(page))] : []
    return [
      at(page),
      swap(ANN, ROUTER),
      ...others,
      ...(page === 60 ? [send(NOBODY, BEN)] : []),
    ] as const
  })
  const { ports, view } = await historyOf(busy, true)
  const walk = async (limit: number, pagesMax: number) => {
    const pages: string[][] = []
    const query = { accounts: [ANN, BEN], kind: 'nft-transfer', limit, pagesMax } as const
    for (let after: EventPlace | undefined, isOver = false; !isOver; isOver = !after) {
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page = await listChainActivity(ports, view, { ...query, ...(after && { after }) })
      pages.push(placesOf(page.items))
      after = page.next
    }
    return pages
  }
  const all = [85, 60, 40, 3].map((page) => `nft-transfer ${at(page)}.1`)
  expect(await walk(5, 1_000)).toEqual([all])
  for (const pagesMax of [1, 4, 30, 36]) {
    const pages = await walk(5, pagesMax)
    expect(pages.flat()).toEqual(all)
    expect(pages.length).toBeGreaterThan(2)
    expect((await walk(1, pagesMax)).flat()).toEqual(all)
  }
  expect((await walk(5, 4))[0]).toEqual([])
})

test('pages of any size give every row once, also within a block and across pages of the index', async () => {
  const crowd = Array.from({ length: 25 }, (_, index) => swap(index % 2 ? ANN : BEN, ROUTER))
  const { list } = await historyOf([
    [0, send(NOBODY, ANN)],
    [255, ...crowd],
    [256, swap(ANN, BEN)],
    [257, mint, hand(NOBODY, ANN), increase],
    [600, ...crowd],
  ])
  const all = (await list([ANN, BEN])).items
  expect(all).toHaveLength(1 + 25 + 1 + 2 + 25)
  for (const limit of [1, 3, 24, 25, 26, 54]) {
    const paged: ChainActivity[] = []
    for (let after: EventPlace | undefined, isOver = false; !isOver;) {
      const { items, next } = await list([ANN, BEN], limit, after)
      paged.push(...items)
      after = next
      isOver = !after
    }
    expect(placesOf(paged)).toEqual(placesOf(all))
  }
})

/** A person with two wallets, whose points and roles can be given at times of the chain. */
async function personOf(history: Awaited<ReturnType<typeof historyOf>>) {
  let nowMs = 0
  const ports = {
    store: createMemoryLedgerStore(),
    sha256,
    clock: { nowMs: () => nowMs, sleep: systemClock.sleep },
  }
  const clerk = createLedgerClerk(ports, 'points')
  const store = createMemoryRoleStore()
  let count = 0
  const at = (number: number): number => (1_000 + number) * 1_000
  return {
    async points(number: number, operation: Operation) {
      nowMs = at(number)
      await clerk.submit({ scope: 'test', key: `k${(count += 1)}`, actor: 'test', operation })
    },
    async role(number: number) {
      const id = `1.2.3.${(count += 1)}`
      const change = { id, account: '9', change: 'granted', atMs: at(number) }
      const state = { guild: '1', role: `${count}`, account: '9', version: 1 }
      await store.putState(state as RoleState, change as RoleChange)
    },
    list: (limit: number, after?: ActivityPlace) =>
      listActivity(
        {
          chain: { ...history, wallets: [ANN, BEN] },
          points: { ports, ledger: 'points', asset: 'points', accounts: ['person:ann', ANN, BEN] },
          roles: { store, account: '9' },
        },
        { limit, ...(after && { after }) },
      ),
  }
}

const asset: Operation = {
  kind: 'set-asset',
  asset: 'points',
  name: 'Points',
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: null,
  supplyMaxRaw: null,
  expiresAfterMs: null,
}
const grant = (account: string): Operation => ({
  kind: 'grant',
  asset: 'points',
  account,
  amountRaw: 5n,
  memo: '',
})

const nameOf = (row: PlacedActivity): string =>
  row.kind === 'chain'
    ? `chain ${row.row.event.block.number}.${row.row.event.logIndex}`
    : row.kind === 'points'
      ? `points ${row.row.account}`
      : `role ${row.row.id}`

describe('a person', () => {
  test('has one list of what is on the chain, points and roles, by time, whatever the size of its pages', async () => {
    const history = await historyOf([
      [1, send(NOBODY, ANN), send(NOBODY, BEN, 2n)],
      [5, swap(ANN, BEN)],
      [9, send(ANN, BEN)],
    ])
    const person = await personOf(history)
    await person.points(0, asset)
    await person.points(2, grant('person:ann'))
    // One operation that is of several accounts of the person.
    await person.points(5, {
      kind: 'grant-many',
      asset: 'points',
      grants: [ANN, BEN, 'person:ann'].map((account) => ({ account, amountRaw: 1n })),
      memo: '',
    })
    await person.role(5)
    await person.role(5)
    await person.role(12)
    const { items: all } = await person.list(100)
    expect(all.map(nameOf)).toEqual([
      'role 1.2.3.6',
      'chain 9.0',
      'chain 5.0',
      ...[ANN, BEN, 'person:ann'].map((account) => `points ${account}`),
      'role 1.2.3.5',
      'role 1.2.3.4',
      'points person:ann',
      'chain 1.1',
      'chain 1.0',
    ])
    for (let limit = 1; limit <= all.length; limit++) {
      const paged: PlacedActivity[] = []
      for (let after: ActivityPlace | undefined, more = true; more;) {
        const { items, hasMore } = await person.list(limit, after)
        paged.push(...items)
        after = items.at(-1)?.place
        more = hasMore
      }
      expect(paged.map(nameOf)).toEqual(all.map(nameOf))
    }
  })

  test('who gets points or a role between two pages finds neither in the second, and misses nothing', async () => {
    const person = await personOf(
      await historyOf([
        [1, send(NOBODY, ANN)],
        [9, swap(ANN, ANN)],
      ]),
    )
    await person.points(0, asset)
    await person.points(2, grant(ANN))
    const first = await person.list(1)
    await person.role(20)
    await person.points(20, grant(BEN))
    const { items } = await person.list(100, first.items.at(-1)?.place)
    expect([...first.items, ...items].map(nameOf)).toEqual([
      'chain 9.0',
      `points ${ANN}`,
      'chain 1.0',
    ])
  })
})
