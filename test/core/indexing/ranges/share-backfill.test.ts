import { describe, expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { createMemoryRangeQueue } from '#adapters/memory/range-queue.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newStopper } from '#adapters/node/stopper.ts'
import { zstdSegments } from '#adapters/node/zstd-segments.ts'
import type { Clock } from '#core/clock.ts'
import { AppError } from '#core/errors.ts'
import { backfill, type BackfillReport } from '#core/indexing/backfill.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { planOf } from '#core/indexing/ranges/plan-of.ts'
import type { LeaseTable, RangeQueue } from '#core/indexing/ranges/ports.ts'
import { RANGE_TRIES_MAX } from '#core/indexing/ranges/run-worker.ts'
import { shareBackfill } from '#core/indexing/ranges/share-backfill.ts'
import { workRangesIn } from '#core/indexing/ranges/work-ranges.ts'
import { createFakeChain, type FakeChain, fakeSources } from '../../../fakes/fake-chain.ts'
import { createFakeSource } from '../../../fakes/fake-source.ts'
import { fakeIndexPorts } from '../../../fakes/index-app.ts'
import { createMemoryRangeTable } from '../../../fakes/range-table.ts'
import { createMemoryRawStore } from '../../../fakes/raw-store.ts'

const CHAIN_ID = 31_337
const RANGE_BLOCKS = 10
const INPUT = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const

async function chainOf(seed: number, count: number): Promise<FakeChain> {
  const chain = createFakeChain(seed, { maxLogs: 6 })
  await chain.mine(count)
  return chain
}

/** A thousand times as fast as the system's. */
const fastClock: Clock = {
  ...systemClock,
  nowMs: () => performance.now() * 1_000,
  sleep: (ms, cancel) => systemClock.sleep(Math.max(1, ms / 1_000), cancel),
}

/** What all processes of a deployment share. */
const deployment = () => ({
  tables: createMemoryTables(),
  raw: { store: createMemoryRawStore(), packing: zstdSegments },
  queue: createMemoryRangeQueue(),
  ...createMemoryRangeTable(),
})

type Deployment = ReturnType<typeof deployment>

type Process = {
  readonly owner: string
  readonly source: BlockSource
  readonly cancel?: { aborted: boolean }
  /** The system's, run fast, unless given. */
  readonly clock?: Clock
  readonly queue?: RangeQueue
  readonly onStep?: () => void
  readonly roles?: string[]
}

async function run(shared: Deployment, process: Process): Promise<BackfillReport> {
  const { ranges, leases, raw } = shared
  const ports = {
    ...fakeIndexPorts(shared.tables, process.source, { clock: process.clock ?? fastClock }),
    raw,
    ranges,
    leases,
    queue: process.queue ?? shared.queue,
    newStopper,
  }
  const input = {
    ...INPUT,
    owner: process.owner,
    history: 'own',
    rangeBlocks: RANGE_BLOCKS,
    concurrency: 2,
    onRole: ({ isWriter }: { isWriter: boolean }) =>
      void process.roles?.push(`${process.owner} ${isWriter ? 'writes' : 'helps'}`),
  }
  const steps = shareBackfill(ports, input, process.cancel ?? { aborted: false })
  let step = await steps.next()
  while (!step.done) {
    process.onStep?.()
    step = await steps.next()
  }
  return step.value
}

async function alone(chain: FakeChain): Promise<BackfillReport> {
  const source = createFakeSource({ blocks: () => chain.blocks })
  const steps = backfill(fakeIndexPorts(createMemoryTables(), source), INPUT, { aborted: false })
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value
}

describe('a backfill that is shared', () => {
  test('ends with the digest of one process alone, and each range is collected once', async () => {
    const chain = await chainOf(51, 120)
    const shared = deployment()
    const sources = [0, 1, 2].map(() => createFakeSource({ blocks: () => chain.blocks }))
    const roles: string[] = []
    const reports = await Promise.all(
      sources.map((source, index) => run(shared, { owner: `p${index}`, source, roles })),
    )
    const { digest, watermark } = await alone(chain)
    for (const report of reports) expect(report).toMatchObject({ digest, watermark })
    expect(reports.reduce((sum, { blocks }) => sum + blocks, 0)).toBe(120)
    expect(roles.filter((role) => role.endsWith('writes')).length).toBeGreaterThanOrEqual(1)
    const heads = await shared.raw.store.list(CHAIN_ID, { from: 0, to: 120 })
    const blocks = heads.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    // A contract that was created meanwhile may bring a few more.
    expect(blocks).toBeGreaterThanOrEqual(117)
    expect(
      await shared.ranges.list(
        planOf(fakeIndexPorts(shared.tables, sources[0] as BlockSource).sha256, {
          ...INPUT,
          rangeBlocks: RANGE_BLOCKS,
        }),
      ),
    ).toEqual([])
  })

  test('goes on where its writer is stopped in the middle, and where helpers are', async () => {
    const chain = await chainOf(52, 160)
    const shared = deployment()
    const source = () => createFakeSource({ blocks: () => chain.blocks })
    const [writer, helper] = [{ aborted: false }, { aborted: false }]
    let steps = 0
    const first = run(shared, {
      owner: 'first',
      source: source(),
      cancel: writer,
      onStep: () => void (writer.aborted = ++steps >= 2),
    })
    const second = run(shared, { owner: 'second', source: source(), cancel: helper })
    const third = run(shared, { owner: 'third', source: source() })
    await first
    helper.aborted = true
    await second
    const { digest, watermark } = await alone(chain)
    expect(await third).toMatchObject({ digest, watermark })
  })

  test('ends for those who help when the history is whole, whoever has the right to make it', async () => {
    const chain = await chainOf(57, 40)
    const shared = deployment()
    const source = createFakeSource({ blocks: () => chain.blocks })
    const { digest } = await run(shared, { owner: 'a', source })
    const forGood = { now: fastClock.nowMs(), leaseMs: 1e12 }
    await shared.leases.take('history:own', { owner: 'still at its end', ...forGood })
    expect(await run(shared, { owner: 'b', source })).toMatchObject({ digest, blocks: 0 })
    // Nor does one that has helped make it once more, where its writer has just ended.
    let looks = 0
    const leases: LeaseTable = {
      ...shared.leases,
      take: async (_, { owner }) => ({ owner: looks++ === 0 ? 'about to end' : owner, until: 0 }),
    }
    const roles: string[] = []
    const late = await run({ ...shared, leases }, { owner: 'c', source, roles })
    expect([late.digest, roles]).toEqual([digest, ['c helps']])
  })

  test('is the same where the clocks of its processes are hours apart, and jump', async () => {
    const chain = await chainOf(56, 120)
    const shared = deployment()
    const HOUR_MS = 3_600_000
    /** Each look at the time of day is off by another amount: to one process every lease is over, to another none. */
    const jumping = (offsets: readonly number[]): Clock => {
      let looks = 0
      return {
        ...fastClock,
        nowMs: () =>
          1e12 + fastClock.nowMs() + (offsets[looks++ % offsets.length] as number) * HOUR_MS,
      }
    }
    const reports = await Promise.all(
      [[0], [-6, 6], [9, 0, -9, 3]].map((offsets, index) =>
        run(shared, {
          owner: `p${index}`,
          source: createFakeSource({ blocks: () => chain.blocks }),
          clock: jumping(offsets),
        }),
      ),
    )
    const { digest, watermark } = await alone(chain)
    for (const report of reports) expect(report).toMatchObject({ digest, watermark })
  })

  test('does without its queue, whatever that loses or invents', async () => {
    const chain = await chainOf(53, 100)
    const shared = deployment()
    const source = createFakeSource({ blocks: () => chain.blocks })
    const forgetful: RangeQueue = {
      async announce() {},
      work: (_plan, _concurrency, work) => {
        // Twice, of nothing, and of what is not due.
        const invented = [0, 0, 10, 7, 99_990].map((from) => work(from).catch(() => undefined))
        return { close: async () => void (await Promise.all(invented)) }
      },
    }
    const { digest } = await alone(chain)
    expect((await run(shared, { owner: 'a', source, queue: forgetful })).digest).toBe(digest)
  })

  test('a holder that falls silent loses its range to another, and what it brings late changes nothing', async () => {
    const chain = await chainOf(54, 80)
    const shared = deployment()
    const source = createFakeSource({ blocks: () => chain.blocks })
    const plan = planOf(fakeIndexPorts(shared.tables, source).sha256, {
      ...INPUT,
      rangeBlocks: RANGE_BLOCKS,
    })
    await shared.ranges.plan(plan, workRangesIn([{ from: 0, to: 79 }], RANGE_BLOCKS))
    await shared.ranges.claim(plan, { owner: 'silent', now: fastClock.nowMs(), leaseMs: 5_000 })
    const { digest } = await alone(chain)
    expect((await run(shared, { owner: 'a', source })).digest).toBe(digest)
    await shared.ranges.finish(plan, 0, 'silent')
    expect((await run(shared, { owner: 'b', source })).digest).toBe(digest)
  })

  test('a range that cannot be collected is told with its reason and the command that helps', async () => {
    const chain = await chainOf(55, 60)
    const shared = deployment()
    const good = createFakeSource({ blocks: () => chain.blocks })
    const bad: BlockSource = {
      ...good,
      headers(range) {
        if (range.from <= 25 && range.to >= 20)
          throw new AppError('unavailable', 'chain.rpc: the node has lost block 25')
        return good.headers(range)
      },
    }
    await expect(run(shared, { owner: 'a', source: bad })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(
        new RegExp(
          `^ranges: blocks 20-29 could not be collected in ${RANGE_TRIES_MAX} tries \\(.*lost block 25\\); .*ranges reopen`,
        ),
      ),
    })
    const [plan = ''] = await shared.ranges.plans()
    expect(await shared.ranges.reopen(plan)).toBeGreaterThanOrEqual(1)
    expect((await run(shared, { owner: 'b', source: good })).digest).toBe(
      (await alone(chain)).digest,
    )
  })
})

test('work ranges begin at multiples of their size, and edges are left out', () => {
  expect(workRangesIn([{ from: 0, to: 29 }], 10)).toEqual([
    { from: 0, to: 9 },
    { from: 10, to: 19 },
    { from: 20, to: 29 },
  ])
  expect(workRangesIn([{ from: 5, to: 28 }], 10)).toEqual([{ from: 10, to: 19 }])
  expect(workRangesIn([{ from: 5, to: 14 }], 10)).toEqual([])
  expect(
    workRangesIn(
      [
        { from: 3, to: 4 },
        { from: 8, to: 9 },
      ],
      1,
    ).map(({ from }) => from),
  ).toEqual([3, 4, 8, 9])
})
