import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { catalogue } from '#core/catalogue.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { type Damage, type VerifyPorts, verifyStore } from '#core/indexing/verify-store.ts'
import { editStoredEvents, withBody } from '../../fakes/edit-events.ts'
import { createFakeChain, type FakeChain, fakeSources } from '../../fakes/fake-chain.ts'
import { createFakeSource } from '../../fakes/fake-source.ts'
import { createFakeClock, fakeIndexPorts } from '../../fakes/index-app.ts'

const CHAIN_ID = 31_337
const INPUT = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const

async function verified(ports: Omit<VerifyPorts, 'sha256' | 'views'>): Promise<Damage[]> {
  const views = createViews(ports.heads, CHAIN_ID)
  const view = (await views.current()) as View
  const steps = verifyStore({ ...ports, views, catalogue, sha256 }, view, { aborted: false })
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value
}

test('a store that was followed through reorgs is as it was committed, while it is written and after', async () => {
  const chain = createFakeChain(41, { maxLogs: 6 })
  await chain.mine(40)
  const source = createFakeSource({ blocks: () => chain.blocks, finality: 6 })
  const ports = fakeIndexPorts(createMemoryTables(), source)
  const cancel = { aborted: false }
  let quiet = 0
  for await (const event of followHead(ports, { ...INPUT, pollMs: 10 }, cancel)) {
    if (event.status !== 'idle') continue
    expect(await verified({ ...ports, ...memoryQuarantine(ports) })).toEqual([])
    quiet++
    if (quiet % 4 === 0) await chain.fork(1 + (quiet % 5), 3)
    else await chain.mine(2)
    if (quiet > 24) cancel.aborted = true
  }
})

const memoryQuarantine = (ports: object) => ports as Pick<VerifyPorts, 'quarantine'>

describe('what was damaged in an SQLite store is found', () => {
  let folder: string
  let path: string
  let chain: FakeChain
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'halyard-verify-'))
    path = join(folder, 'history.db')
    chain = createFakeChain(42, { maxLogs: 6 })
    await chain.mine(60)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const store = openSqliteChainStore(path)
    const fake = fakeIndexPorts(createMemoryTables(), source)
    const ports = { ...fake, ...commitPorts(store, createFakeClock(), CHAIN_ID) }
    for (const to of [19, 39, 59]) {
      const steps = backfill(ports, { ...INPUT, to }, { aborted: false })
      while (!(await steps.next()).done);
    }
    store.close()
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const damage = (sql: string): void => {
    const db = new DatabaseSync(path)
    expect(db.prepare(sql).run().changes).toBeGreaterThan(0)
    db.close()
  }
  const found = async (): Promise<Damage[]> => {
    const store = openSqliteChainStore(path)
    try {
      return await verified(store)
    } finally {
      store.close()
    }
  }
  const inBlocks = (from: number, to: number) => [
    { what: 'events', range: { from, to }, reason: expect.any(String) },
  ]

  test('nothing where nothing is', async () => {
    expect(await found()).toEqual([])
  })

  test('a digit of an amount, in the commit that has it', async () => {
    const edited = editStoredEvents(path, 'swap', { from: 20, to: 30 }, ({ line }) =>
      withBody(line, (body) => body.replaceAll('1', '2')),
    )
    expect(edited.length).toBeGreaterThan(0)
    expect(await found()).toEqual(inBlocks(20, 39))
  })

  test('a row that is gone, and one too many', async () => {
    const [number] = chain.blocks.flatMap(({ header, acts }) =>
      header.number < 20 && acts.some(({ act }) => act === 'swapV2') ? [header.number] : [],
    )
    damage(`DELETE FROM event_swap WHERE number = ${number}`)
    expect(await found()).toEqual(inBlocks(0, 19))
  })

  test('text that is no event any more', async () => {
    const cut = editStoredEvents(path, 'swap', { from: 40, to: 50 }, ({ line }) =>
      withBody(line, (body) => body.slice(0, 9)),
    )
    expect(cut.length).toBeGreaterThan(0)
    expect(await found()).toMatchObject([{ what: 'events', range: { from: 40 } }])
  })

  test('a bit that flipped', async () => {
    damage(`UPDATE event_swap SET rows = CAST(substr(rows, 1, length(rows) - 1) || x'00' AS BLOB)
      WHERE number BETWEEN 40 AND 50`)
    expect(await found()).toMatchObject([{ what: 'events', range: { from: 40 } }])
  })

  test('a hash of a block', async () => {
    damage(`UPDATE block SET hash = replace(hash, 'a', 'b') WHERE number = 25`)
    expect(await found()).toEqual(inBlocks(20, 39))
  })

  test('a document that was edited or removed', async () => {
    damage(`UPDATE document_pool SET body = replace(body, '3000', '3001')`)
    expect(await found()).toEqual([
      { what: 'documents', projection: 'pools', reason: expect.any(String) },
    ])
    damage(`DELETE FROM document_pool`)
    expect(await found()).toEqual([
      { what: 'documents', projection: 'pools', reason: expect.any(String) },
    ])
  })

  test('damage in two places is told of both', async () => {
    damage(`UPDATE block SET hash = replace(hash, 'a', 'b') WHERE number = 5`)
    damage(`UPDATE block SET hash = replace(hash, 'a', 'b') WHERE number = 25`)
    expect(await found()).toEqual([...inBlocks(0, 19), ...inBlocks(20, 39)])
  })
})
