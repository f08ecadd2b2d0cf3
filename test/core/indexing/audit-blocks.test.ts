import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { catalogue, type Source } from '#core/catalogue.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import {
  type Audited,
  createAuditor,
  type Mismatch,
  mismatchText,
} from '#core/indexing/audit-blocks.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { finalBlocks, sampleBlock } from '#core/indexing/sample-block.ts'
import {
  type VerifiedBlocks,
  verifyBlocks,
  type VerifyBlocksInput,
} from '#core/indexing/verify-blocks.ts'
import { editStoredEvents, withBody } from '../../fakes/edit-events.ts'
import { createFakeChain, type FakeChain, fakeSources } from '../../fakes/fake-chain.ts'
import { createFakeSource } from '../../fakes/fake-source.ts'
import { createFakeClock, fakeIndexPorts } from '../../fakes/index-app.ts'
import { createRandom } from '../../fakes/random.ts'

const CHAIN_ID = 31_337
const LAST = 59
const FINAL = LAST - 3

let folder: string
let path: string
let chain: FakeChain

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-audit-'))
  path = join(folder, 'history.db')
  chain = createFakeChain(43, { maxLogs: 6 })
  await chain.mine(LAST + 1)
  const source = createFakeSource({ blocks: () => chain.blocks })
  const store = openSqliteChainStore(path)
  const fake = fakeIndexPorts(createMemoryTables(), source)
  const ports = { ...fake, ...commitPorts(store, createFakeClock(), CHAIN_ID) }
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const
  const steps = backfill(ports, input, { aborted: false })
  while (!(await steps.next()).done);
  store.close()
})
afterEach(() => rmSync(folder, { recursive: true }))

function edit(sql: string): void {
  const db = new DatabaseSync(path)
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0)
  db.close()
}

const nodes = () => createFakeSource({ blocks: () => chain.blocks })

async function withStore<T>(
  source: ReturnType<typeof nodes>,
  use: (auditor: ReturnType<typeof createAuditor>, view: View) => Promise<T>,
  sources: readonly Source[] = fakeSources,
): Promise<T> {
  const store = openSqliteChainStore(path)
  try {
    const views = createViews(store.heads, CHAIN_ID)
    const fake = fakeIndexPorts(createMemoryTables(), source)
    const auditor = createAuditor(
      { ...fake, ...store, views, catalogue },
      { chainId: CHAIN_ID, sources },
    )
    return await use(auditor, (await views.current()) as View)
  } finally {
    store.close()
  }
}

const audited = (source = nodes()): Promise<Audited> =>
  withStore(source, (auditor, view) => auditor.audit(view, { from: 0, to: FINAL }))

describe('an audit of stored blocks against the chain', () => {
  test('finds nothing where all is as the chain proves it, and says how well that is proven', async () => {
    const rows = chain.blocks.slice(0, FINAL + 1).flatMap(({ logs }) => logs).length
    const found = await audited()
    expect(found).toMatchObject({ blocks: FINAL + 1, level: 'receipts', mismatches: [] })
    expect(found.rows).toBeGreaterThan(100)
    expect(found.rows).toBeLessThanOrEqual(rows)
  })

  test('finds an event that was edited, one that was removed and one that was made up', async () => {
    const seen: Row[] = []
    editStoredEvents(path, 'swap', { from: 0, to: 50 }, (row) => {
      if (seen.length === 3 || seen.at(-1)?.number === row.number) return row.line
      if (!row.line.includes('1', row.line.indexOf('["'))) return row.line
      seen.push(row)
      if (seen.length === 1) return withBody(row.line, (body) => body.replaceAll('1', '2'))
      return seen.length === 2 ? null : row.line.replace(/^\d+/, '900')
    })
    const [one, two, three] = seen as [Row, Row, Row]
    const { mismatches } = await audited()
    expect(
      mismatches.map((each) => each.of === 'row' && [each.block, each.logIndex, each.what]),
    ).toEqual([
      [one.number, one.logIndex, 'changed'],
      [two.number, two.logIndex, 'added'],
      [three.number, three.logIndex, 'added'],
      [three.number, 900, 'removed'],
    ])
    expect(mismatches.map(mismatchText)).toEqual([
      expect.stringMatching(/^block \d+, log \d+: stored swap.* 0x.*; the chain proves swap.* 0x/),
      expect.stringMatching(/: stored nothing; the chain proves swap/),
      expect.stringMatching(/: stored nothing; the chain proves swap/),
      expect.stringMatching(/, log 900: stored swap.*; the chain proves nothing$/),
    ])
  })

  test('finds a log that was set apart and is gone, a block of another hash, and a row that cannot be read', async () => {
    const number = chain.blocks.findIndex(({ acts }) => acts.some(({ act }) => act === 'malformed'))
    edit(`DELETE FROM quarantine WHERE number = ${number}`)
    edit(`UPDATE block SET hash = replace(hash, 'a', 'b') WHERE number = ${number + 1}`)
    edit(`UPDATE event_swap SET rows = substr(rows, 1, 9) WHERE number BETWEEN 40 AND 44`)
    const { mismatches } = await audited()
    const aside = mismatches.filter(({ block }) => block === number)
    expect(aside.length).toBeGreaterThan(0)
    for (const each of aside)
      expect(each).toMatchObject({ of: 'row', what: 'added', chain: { kind: 'quarantined' } })
    const other = mismatches.find(({ block }) => block === number + 1)
    expect(other).toEqual({
      of: 'block',
      block: number + 1,
      stored: expect.stringMatching(/^0x/),
      chain: chain.blocks[number + 1]?.header.hash,
    })
    expect(mismatchText(other as Mismatch)).toMatch(/^block \d+: stored as 0x.*, the chain has 0x/)
    const damaged = mismatches.filter(({ block }) => block >= 40)
    expect(damaged.length).toBeGreaterThan(0)
    for (const each of damaged) expect(each).toMatchObject({ of: 'block', stored: 'damaged' })
  })

  test('finds a log that was set apart and says something else', async () => {
    edit(
      `UPDATE quarantine SET log = replace(log, '"data":"0x', '"data":"0xab')
       WHERE number = (SELECT min(number) FROM quarantine)`,
    )
    const { mismatches } = await audited()
    expect(mismatches.length).toBeGreaterThan(0)
    for (const each of mismatches) {
      expect(each).toMatchObject({ of: 'row', what: 'changed', stored: { kind: 'quarantined' } })
      expect(mismatchText(each)).toMatch(
        /: stored quarantined 0x.* 0xab.*; the chain proves quarantined 0x/,
      )
    }
  })

  test('asks of a block without a log that counts its header alone', async () => {
    const source = nodes()
    const quiet = await withStore(source, async (auditor, view) => {
      const found: number[] = []
      for (let number = 0; number <= FINAL; number++) {
        const before = source.requests.receipts ?? 0
        await auditor.audit(view, { from: number, to: number })
        if ((source.requests.receipts ?? 0) === before) found.push(number)
      }
      return found
    })
    expect(quiet.length).toBeGreaterThan(0)
    expect(source.requests.headers).toBe(FINAL + 1)
    expect(source.requests.receipts).toBe(FINAL + 1 - quiet.length)
    expect(source.requests.logs ?? 0).toBe(0)
  })

  test('is refused where the store was made of other sources', async () => {
    const other = fakeSources.slice(1)
    await expect(
      withStore(nodes(), (auditor, view) => auditor.audit(view, { from: 0, to: 9 }), other),
    ).rejects.toMatchObject({ kind: 'conflict', details: { field: 'sources' } })
  })
})

type Row = { readonly number: number; readonly logIndex: number }

describe('verifying blocks', () => {
  const verified = (input: Omit<VerifyBlocksInput, 'random'>): Promise<VerifiedBlocks> =>
    withStore(nodes(), async (auditor, view) => {
      const random = createRandom(7)
      const steps = verifyBlocks(
        auditor,
        view,
        { ...input, random: () => random.int(1_000_000) / 1_000_000 },
        { aborted: false },
      )
      let step = await steps.next()
      while (!step.done) step = await steps.next()
      return step.value
    })

  test('looks at all that are final, at some ranges, or at a sample', async () => {
    expect(await verified({})).toMatchObject({ blocks: FINAL + 1, level: 'receipts' })
    const ranges = [
      { from: 5, to: 9 },
      { from: 50, to: 99 },
    ]
    expect((await verified({ ranges })).blocks).toBe(5 + FINAL - 49)
    expect((await verified({ sample: 10 })).blocks).toBe(10)
    expect((await verified({ ranges, sample: 3 })).blocks).toBe(3)
    expect((await verified({ sample: 1_000 })).blocks).toBe(FINAL + 1)
    expect(await verified({ ranges: [{ from: 900, to: 999 }] })).toEqual({
      blocks: 0,
      rows: 0,
      level: null,
      mismatches: [],
      mismatchCount: 0,
    })
  })

  test('tells every mismatch', async () => {
    const edited = editStoredEvents(path, 'swap', { from: 0, to: FINAL }, ({ line }) =>
      withBody(line, (body) => body.replaceAll('1', '2')),
    )
    const { mismatches, mismatchCount } = await verified({})
    expect(mismatchCount).toBe(edited.length)
    expect(mismatches).toHaveLength(edited.length)
  })
})

test('every final block of a history has its turn in a sample, and no other', async () => {
  await withStore(nodes(), async (_, view) => {
    const final = finalBlocks(view)
    expect(final).toEqual([{ from: 0, to: FINAL }])
    const gaps = [
      { from: 3, to: 4 },
      { from: 9, to: 9 },
    ]
    const seen = new Set(
      Array.from({ length: 100 }, (_each, share) => sampleBlock(gaps, share / 100)),
    )
    expect(seen).toEqual(new Set([3, 4, 9]))
    expect(sampleBlock([], 0.5)).toBeUndefined()
  })
})
