import { describe, expect, test } from 'vitest'
import { createMemoryTables, type MemoryTables } from '#adapters/memory/chain-store.ts'
import type { BlockRange } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { createViews } from '#core/history/view.ts'
import { backfill, type BackfillInput, type BackfillReport } from '#core/indexing/backfill.ts'
import type { ProofMode } from '#core/indexing/proof-policy.ts'
import type { BlockSource, RawLog } from '#core/indexing/ports.ts'
import { modelOf, readEverything } from '../../contracts/everything.ts'
import { createFakeChain, type FakeChain, fakeSources } from '../../fakes/fake-chain.ts'
import { createFakeSource, type FakeFaults } from '../../fakes/fake-source.ts'
import { hexOf } from '#core/indexing/log-data.ts'
import { fakeIndexPorts } from '../../fakes/index-app.ts'

async function chainOf(seed: number, count: number): Promise<FakeChain> {
  const chain = createFakeChain(seed, { maxLogs: 6 })
  await chain.mine(count)
  return chain
}

type Run = Partial<BackfillInput> & { readonly abortAfter?: number }

async function run(
  tables: MemoryTables,
  source: BlockSource,
  { abortAfter = Number.POSITIVE_INFINITY, ...input }: Run = {},
): Promise<BackfillReport> {
  const cancel = { aborted: false }
  const steps = backfill(
    fakeIndexPorts(tables, source),
    { chainId: 31_337, sources: fakeSources, proof: 'auto', ...input },
    cancel,
  )
  let commits = 0
  let step = await steps.next()
  while (!step.done) {
    if (++commits >= abortAfter) cancel.aborted = true
    step = await steps.next()
  }
  return step.value
}

async function seen(tables: MemoryTables, source: BlockSource) {
  const ports = fakeIndexPorts(tables, source)
  const view = await createViews(ports.heads, 31_337).current()
  if (!view) throw new Error('nothing is there')
  return readEverything(ports, view)
}

describe('backfill', () => {
  test('indexes from the first start to the head, once: again changes nothing', async () => {
    const chain = await chainOf(31, 40)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const tables = createMemoryTables()
    const first = await run(tables, source)
    const head = chain.blocks.at(-1)?.header
    expect(first.watermark).toEqual({ number: head?.number, hash: head?.hash })
    expect(first.blocks).toBe(40)
    expect(await seen(tables, source)).toEqual(modelOf(chain.blocks))
    const again = await run(tables, source)
    expect(again).toEqual({
      ...first,
      blocks: 0,
      logs: 0,
      events: {},
      quarantined: 0,
      quarantineReasons: {},
    })
  })

  test('ends with the same digest however its ranges were cut and however often it was stopped', async () => {
    const chain = await chainOf(32, 60)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const whole = await run(createMemoryTables(), source)
    const cuts: BlockRange[][] = [
      [{ from: 0, to: 59 }],
      [
        { from: 0, to: 9 },
        { from: 10, to: 10 },
        { from: 11, to: 59 },
      ],
    ]
    for (const cut of cuts) {
      const tables = createMemoryTables()
      for (const range of cut) await run(tables, source, { ranges: [range] })
      expect((await run(tables, source)).digest).toBe(whole.digest)
    }
    const stopped = createMemoryTables()
    for (let times = 0; times < 80; times++) await run(stopped, source, { abortAfter: 1 })
    expect((await run(stopped, source)).digest).toBe(whole.digest)
    expect(await seen(stopped, source)).toEqual(modelOf(chain.blocks))
  })

  test('of blocks whose timestamps go back, or stand still, is what the blocks say in their order', async () => {
    // Days to and fro, over the ends of hours and days.
    const timeOf = (number: number): number => 1_700_000_000 + ((number * 7_919) % 13) * 40_000
    const chain = createFakeChain(35, { maxLogs: 6, timeOf })
    await chain.mine(80)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const tables = createMemoryTables()
    const whole = await run(tables, source)
    expect(await seen(tables, source)).toEqual(modelOf(chain.blocks))
    const stopped = createMemoryTables()
    for (let times = 0; times < 90; times++) await run(stopped, source, { abortAfter: 1 })
    expect((await run(stopped, source)).digest).toBe(whole.digest)
  })

  test('leaves the gaps between its ranges, and says where it stands', async () => {
    const chain = await chainOf(33, 30)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const tables = createMemoryTables()
    const ranges = [
      { from: 3, to: 5 },
      { from: 9, to: 9 },
      { from: 28, to: 29 },
    ]
    const report = await run(tables, source, { ranges })
    expect(report).toMatchObject({ blocks: 6, watermark: { number: 29 } })
    const covered = chain.blocks.filter(({ header: { number } }) =>
      ranges.some(({ from, to }) => from <= number && number <= to),
    )
    // Pools that were created outside of the ranges are not known: only the listed contracts are.
    const { events } = await seen(tables, source)
    expect(events.length).toBeGreaterThan(0)
    expect(events.every((line) => covered.some(({ header }) => line.includes(header.hash)))).toBe(
      true,
    )
    await expect(run(tables, source, { ranges: [{ from: 6, to: 8 }] })).rejects.toSatisfy((error) =>
      isAppError(error, 'conflict'),
    )
  })

  test('reads receipts where a log may be, of every block, or only where the bloom leaves a doubt', async () => {
    const chain = await chainOf(34, 20)
    const countOf = async (proof: ProofMode) => {
      const source = createFakeSource({ blocks: () => chain.blocks })
      await run(createMemoryTables(), source, { proof })
      return source.requests.receipts ?? 0
    }
    const auto = await countOf('auto')
    const withLogs = chain.blocks.filter(({ logs }) => logs.length > 0).length
    expect(await countOf('receipts')).toBeGreaterThanOrEqual(20)
    expect(auto).toBeGreaterThan(withLogs / 2)
    expect(auto).toBeLessThanOrEqual(await countOf('receipts'))
    expect(await countOf('bloom')).toBeLessThan(auto)
  })

  test('a node that lies in eth_getLogs and in receipts gets nothing stored by default, in any order', async () => {
    const chain = await chainOf(39, 60)
    const lies: Record<string, (logs: RawLog[]) => RawLog[]> = {
      drops: (logs) => logs.slice(1),
      invents: (logs) => [...logs, ...logs.slice(-1)],
      alters: (logs) => logs.map((log) => ({ ...log, data: `${hexOf(log.data)}00` as const })),
    }
    for (const [name, lie] of Object.entries(lies)) {
      const tables = createMemoryTables()
      const fault: FakeFaults = {
        logs: lie,
        receipts: (receipts) =>
          receipts.map((receipt) => ({ ...receipt, logs: lie([...receipt.logs]) })),
      }
      const liar = createFakeSource({ blocks: () => chain.blocks, faults: [fault] })
      await expect(run(tables, liar), name).rejects.toThrow(/cannot be proven/)
      const honest = createFakeSource({ blocks: () => chain.blocks })
      await run(tables, honest)
      expect(await seen(tables, honest), name).toEqual(modelOf(chain.blocks))
    }
  })

  const faults: [string, FakeFaults, RegExp][] = [
    [
      'a missing log',
      { logs: (logs) => logs.filter((log) => log.blockNumber !== 12) },
      /block .*12.*is missing/,
    ],
    [
      'a log with a wrong blockHash',
      {
        logs: (logs) =>
          logs.map((log) =>
            log.blockNumber === 12 ? { ...log, blockHash: `0x${'1'.repeat(64)}` as const } : log,
          ),
      },
      /block 12.* is not the header's/,
    ],
  ]
  test.each(faults)(
    '%s stops it, nothing of that block is there, and the next run goes on',
    async (_, fault, reason) => {
      const chain = await chainOf(35, 24)
      expect(chain.blocks[12]?.logs.length).toBeGreaterThan(0)
      const tables = createMemoryTables()
      const liar = createFakeSource({ blocks: () => chain.blocks, faults: [fault] })
      await expect(run(tables, liar, { proof: 'bloom' })).rejects.toThrow(reason)
      const honest = createFakeSource({ blocks: () => chain.blocks })
      const stored = [...tables.heads.values()].at(-1)
      if (stored) expect(stored.number).toBeLessThan(12)
      await run(tables, honest)
      expect(await seen(tables, honest)).toEqual(modelOf(chain.blocks))
    },
  )

  test('a pool that trades in the block that creates it is indexed, even if its creation was hidden at first', async () => {
    const chain = await chainOf(36, 50)
    // Answers to the question for creations alone are empty; the proven answer brings them to light.
    let hidden = 0
    const source = createFakeSource({ blocks: () => chain.blocks })
    const hiding: BlockSource = {
      ...source,
      async logs(range, filter) {
        const answer = await source.logs(range, filter)
        if (filter.addresses?.length !== 2) return answer
        hidden++
        return { ...answer, value: [] }
      },
    }
    const tables = createMemoryTables()
    await run(tables, hiding)
    expect(hidden).toBeGreaterThan(0)
    expect(await seen(tables, source)).toEqual(modelOf(chain.blocks))
  })

  test('a chain with another id is refused before anything is written', async () => {
    const chain = await chainOf(37, 5)
    const tables = createMemoryTables()
    const source = createFakeSource({ blocks: () => chain.blocks, chainId: 5 })
    await expect(run(tables, source)).rejects.toThrow(/chain.id: .* 31337.* serves chain 5/)
    expect(tables.heads.size).toBe(0)
  })

  test('a run that never got to commit leaves no beginning behind: the next may begin below it', async () => {
    const chain = await chainOf(39, 30)
    const honest = createFakeSource({ blocks: () => chain.blocks })
    const broken = createFakeSource({
      blocks: () => chain.blocks,
      faults: [{ headers: (headers) => headers.filter(({ number }) => number < 27) }],
    })
    const tables = createMemoryTables()
    const tooHigh = [{ from: 10, to: 29 }]
    await expect(run(tables, broken, { ranges: tooHigh })).rejects.toThrow(/headers/)
    const report = await run(tables, honest, { ranges: [{ from: 0, to: 29 }] })
    expect(report.blocks).toBe(30)
    expect(await seen(tables, honest)).toEqual(modelOf(chain.blocks))
  })

  test('two backfills at once on one store end with the same history as one', async () => {
    const chain = await chainOf(38, 40)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const alone = await run(createMemoryTables(), source)
    const tables = createMemoryTables()
    const both = await Promise.allSettled([run(tables, source), run(tables, source)])
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true)
    for (const outcome of both)
      if (outcome.status === 'rejected')
        expect(outcome.reason).toSatisfy((error) => isAppError(error, 'conflict'))
    expect((await run(tables, source)).digest).toBe(alone.digest)
    expect(await seen(tables, source)).toEqual(modelOf(chain.blocks))
  })
})
