import { describe, expect, test } from 'vitest'
import { createMemoryTables, type MemoryTables } from '#adapters/memory/chain-store.ts'
import { catalogue, catalogueOf } from '#core/catalogue.ts'
import { refuseLeftView } from '#core/history/at-head.ts'
import { createHistoryFeed, type FeedCursor, type FeedItem } from '#core/history/feed.ts'
import type { HeadEntry, View } from '#core/history/head.ts'
import { isStaleView, createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { rebuildHistory } from '#core/indexing/rebuild/rebuild-history.ts'
import { fakeSources } from '../../../fakes/fake-chain.ts'
import {
  CHAIN_ID,
  chainOf,
  drained,
  FINALITY,
  followed,
  GO_ON,
  INPUT,
  portsOver,
  rebuilt,
  verified,
} from '../../../fakes/rebuild-app.ts'

const treesOf = ({ documents }: MemoryTables): Set<string> =>
  new Set([...documents.values()].map(({ tree }) => tree))

describe('projections are derived anew beside those that are read', () => {
  test.for(['pools', 'trades', 'ticks', 'holdings'])('%s', async (name) => {
    const chain = await chainOf(61, 60)
    const tables = createMemoryTables()
    const ports = portsOver(tables, chain)
    const before = await followed(ports)
    // Others have no document of these blocks.
    const kept = Object.keys(before.projections).filter((each) =>
      treesOf(tables).has(before.projections[each] as string),
    )
    expect(kept).toContain(name)

    const report = await rebuilt(ports, { projections: [name] })

    expect(report.isChanged).toBe(true)
    expect(report.projections).toContain(name)
    expect(report.events).toBeGreaterThan(0)
    const placed = (await ports.heads.latest(CHAIN_ID)) as HeadEntry
    expect(placed).toMatchObject({ reason: 'rebuild', number: before.finalized.number })
    for (const each of report.projections)
      expect(placed.projections[each]).not.toBe(before.projections[each])
    expect(treesOf(tables)).toEqual(new Set(kept.map((each) => placed.projections[each])))
    expect(await verified(ports)).toEqual([])

    const after = await followed(ports)
    expect(after.digest).toEqual(before.digest)
    expect(after).toMatchObject({ number: before.number, projections: placed.projections })
    expect(await verified(ports)).toEqual([])
  })

  test('a history that is followed goes on growing meanwhile, and what becomes final is made first', async () => {
    const chain = await chainOf(62, 50)
    const tables = createMemoryTables()
    const ports = portsOver(tables, chain)
    await followed(ports)
    const steps = rebuildHistory(ports, { ...INPUT, projections: ['pools'] }, GO_ON)
    expect((await steps.next()).done).toBe(false)
    const follower = portsOver(tables, chain)
    await chain.mine(9)
    await chain.fork(3, 8)
    await followed(follower)

    await drained(steps)

    expect(await verified(ports)).toEqual([])
    const after = await followed(follower)
    const clean = portsOver(createMemoryTables(), chain)
    expect(after.digest).toEqual((await followed(clean)).digest)
  })

  test('a writer that was at work when they took their place goes on from there', async () => {
    const chain = await chainOf(63, 40)
    const tables = createMemoryTables()
    const ports = portsOver(tables, chain)
    let isDone = false
    const cancel = { aborted: false }
    const follower = followHead(portsOver(tables, chain), { ...INPUT, pollMs: 10 }, cancel)
    for await (const event of follower) {
      if (event.status !== 'idle') continue
      if (isDone && chain.blocks.length > 50) cancel.aborted = true
      if (!isDone) await rebuilt(ports, { projections: ['holdings'] })
      isDone = true
      await chain.mine(4)
    }
    const after = (await ports.heads.latest(CHAIN_ID)) as HeadEntry
    const clean = portsOver(createMemoryTables(), chain)
    await drained(backfill(clean, { ...INPUT, to: after.number }, GO_ON))
    expect(after.digest).toEqual((await clean.heads.latest(CHAIN_ID))?.digest)
    expect(await verified(ports)).toEqual([])
  })

  test('an answer that was being read begins again', async () => {
    const chain = await chainOf(64, 30)
    const ports = portsOver(createMemoryTables(), chain)
    await followed(ports)
    const views = createViews(ports.heads, CHAIN_ID)
    const view = (await views.current()) as View
    await rebuilt(ports, { projections: ['pools'] })
    const refused = await refuseLeftView(views, view).catch((error: unknown) => error)
    expect(isStaleView(refused)).toBe(true)
    // A view of the settled block itself has lost its documents too.
    const final = { ...view, head: { ...view.head, ...view.floor } } as View
    const refusedToo = await refuseLeftView(views, final).catch((error: unknown) => error)
    expect(isStaleView(refusedToo)).toBe(true)
  })

  test('nothing is done where all is as it should be, and a wrong name is told', async () => {
    const chain = await chainOf(65, 20)
    const ports = portsOver(createMemoryTables(), chain)
    const before = await followed(ports)
    expect((await rebuilt(ports)).isChanged).toBe(false)
    expect(await ports.heads.latest(CHAIN_ID)).toEqual(before)
    const wrong = rebuilt(ports, { projections: ['pool'] })
    await expect(wrong).rejects.toThrow(/--projection: there is none of the name "pool".*pools/)
    const empty = rebuilt(portsOver(createMemoryTables(), chain))
    await expect(empty).rejects.toThrow(/nothing is indexed yet/)
  })
})

test('a projection that is left out is dropped and made again, and no writer mixes the two', async () => {
  const chain = await chainOf(67, 40)
  const tables = createMemoryTables()
  const all = portsOver(tables, chain)
  const few = { ...all, catalogue: catalogueOf({ keepsActivity: false }) }
  const before = await followed(all)
  await expect(followed(few)).rejects.toThrow(
    /activity: stored, and left out here\); `halyard derive` brings it/,
  )
  expect(await rebuilt(few)).toMatchObject({ projections: [], dropped: ['activity'], events: 0 })
  expect(treesOf(tables)).not.toContain(before.projections.activity)
  await expect(followed(all)).rejects.toThrow(/activity: none stored, version 1 here\)/)
  expect(await verified(few)).toEqual([])
  expect((await rebuilt(few)).isChanged).toBe(false)
  const without = await followed(few)
  expect(await verified(few)).toEqual([])
  const clean = { ...portsOver(createMemoryTables(), chain), catalogue: few.catalogue }
  expect(without.digest).toEqual((await followed(clean)).digest)

  expect(await rebuilt(all)).toMatchObject({ dropped: [] })
  const after = await followed(all)
  expect(after.digest).toEqual(before.digest)
  expect(await verified(all)).toEqual([])
})

describe('rows are made anew where sources changed', () => {
  test('a history gets the logs of sources that were added, as if it had always had them', async () => {
    const chain = await chainOf(66, 20)
    const tables = createMemoryTables()
    const ports = portsOver(tables, chain)
    const few = fakeSources.filter(({ kind }) => kind !== 'erc721' && kind !== 'uniswap-v3')
    await followed(ports, few)
    // In several commits: each of them has left a digest of rows that are replaced.
    await chain.mine(30)
    await followed(ports, few)

    const report = await rebuilt(ports)

    expect(report.rewritten).toBe(50 - FINALITY)
    expect(await verified(ports)).toEqual([])
    const after = await followed(ports)
    expect(await verified(ports)).toEqual([])
    expect(after.digest).toEqual((await followed(portsOver(createMemoryTables(), chain))).digest)
    // Of each block at or below the floor there is one row, and of each event.
    const settled = [...tables.blocks.values()].filter(({ number }) => number < 50 - FINALITY)
    expect(settled.length).toBe(50 - FINALITY)
  })

  test('blocks below the first one, and holes, come in where a source starts there', async () => {
    const chain = await chainOf(67, 40)
    const ports = portsOver(createMemoryTables(), chain)
    const ranges = [
      { from: 12, to: 20 },
      { from: 24, to: 33 },
    ]
    const late = fakeSources.filter(({ kind }) => kind !== 'erc721')
    await drained(backfill(ports, { ...INPUT, sources: late, ranges }, GO_ON))
    await rebuilt(ports)
    const clean = portsOver(createMemoryTables(), chain)
    await drained(backfill(clean, { ...INPUT, to: 33 }, GO_ON))
    const [made, right] = [ports, clean].map(({ heads }) => heads.latest(CHAIN_ID))
    expect((await made)?.coverage).toEqual([{ from: 0, to: 33 }])
    expect((await made)?.proof).toEqual([{ from: 0, to: 33, level: 'receipts' }])
    expect((await made)?.digest).toEqual((await right)?.digest)
  })
})

describe('rows of a range are made anew', () => {
  const RANGE = { from: 14, to: 21 }

  async function damagedStore(seed: number) {
    const chain = await chainOf(seed, 50)
    const tables = createMemoryTables()
    const ports = portsOver(tables, chain)
    const before = await followed(ports)
    const inRange = [...tables.events].filter(
      ([, { event }]) => event.block.number >= 14 && event.block.number <= 21,
    )
    for (const [key] of inRange.slice(0, 3)) tables.events.delete(key)
    expect(await verified(ports)).not.toEqual([])
    return { chain, tables, ports, before }
  }
  const changed = { ranges: [RANGE], families: catalogue.families }

  test('what was lost is there again, and the digest as before', async () => {
    const { ports, before, chain, tables } = await damagedStore(70)
    const report = await rebuilt(ports, { changed })
    expect(report.rewritten).toBe(8)
    expect(await verified(ports)).toEqual([])
    // Again, over a part of it and beyond, so that one run stands in another.
    await rebuilt(ports, { changed: { ...changed, ranges: [{ from: 18, to: 25 }] } })
    expect(await verified(ports)).toEqual([])
    const placed = (await ports.heads.latest(CHAIN_ID)) as HeadEntry
    expect(placed.rewrites?.map(({ from, to }) => [from, to])).toEqual([
      [14, 17],
      [18, 25],
    ])
    const after = await followed(ports)
    expect(after.digest).toEqual(before.digest)
    await chain.mine(20)
    await chain.fork(4, 9)
    const later = await followed(ports)
    expect(await verified(ports)).toEqual([])
    expect(later.digest).toEqual((await followed(portsOver(createMemoryTables(), chain))).digest)
    const rows = [...tables.blocks.values()].filter(({ number }) => number === 16)
    expect(rows.length).toBe(1)
  })

  test('who follows the feed is told to take back what it was told of the range, and hears it anew', async () => {
    const { ports } = await damagedStore(71)
    const views = createViews(ports.heads, CHAIN_ID)
    const feed = createHistoryFeed({ ...ports, views })
    const heard: FeedItem[] = []
    let cursor: FeedCursor | undefined
    const hear = async (): Promise<FeedItem[]> => {
      const fresh: FeedItem[] = []
      for (;;) {
        const items = await feed.read(cursor, { families: catalogue.families, limit: 7 })
        if (items.length === 0) break
        fresh.push(...items)
        cursor = items.at(-1)?.cursor
      }
      heard.push(...fresh)
      return fresh
    }
    await hear()
    await rebuilt(ports, { changed })
    const fresh = await hear()
    expect(fresh[0]).toMatchObject({ type: 'retracted', to: { number: 13 } })
    const told = fresh.flatMap((item) => (item.type === 'appended' ? item.events : []))
    expect(told[0]?.block.number).toBe(14)
    expect(fresh.at(-1)?.type).toBe('finalized')
    await followed(ports)
    await hear()
    // What was heard and not taken back is what is stored.
    const standing: string[] = []
    for (const item of heard) {
      if (item.type === 'retracted')
        while (Number(standing.at(-1)?.split(':')[0] ?? -1) > item.to.number) standing.pop()
      if (item.type === 'appended')
        for (const { block, logIndex } of item.events) standing.push(`${block.number}:${logIndex}`)
    }
    const clean = createHistoryFeed({ ...ports, views: createViews(ports.heads, CHAIN_ID) })
    const all = await clean.read(undefined, { families: catalogue.families, limit: 10_000 })
    expect(standing).toEqual(
      all.flatMap((item) =>
        item.type === 'appended'
          ? item.events.map(({ block, logIndex }) => `${block.number}:${logIndex}`)
          : [],
      ),
    )
  })

  test('another chain changes nothing', async () => {
    const { ports, tables } = await damagedStore(72)
    const other = await chainOf(99, 50)
    const before = await ports.heads.latest(CHAIN_ID)
    const refused = rebuilt(portsOver(tables, other), { changed })
    await expect(refused).rejects.toThrow(/block 21 of the chain is 0x.*is stored/)
    expect(await ports.heads.latest(CHAIN_ID)).toEqual(before)
    expect([...tables.blocks.values()].some(({ commit }) => commit.startsWith('rebuild'))).toBe(
      false,
    )
  })
})
