import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { createMemoryRawStore } from '../../../fakes/raw-store.ts'
import { zstdSegments } from '#adapters/node/zstd-segments.ts'
import { catalogue, type Source } from '#core/catalogue.ts'
import type { BlockRange } from '#core/chain.ts'
import { backfill, type BackfillReport } from '#core/indexing/backfill.ts'
import type { ProofLevel } from '#core/history/proof.ts'
import { createViews } from '#core/history/view.ts'
import { collect } from '#core/indexing/collect.ts'
import type { BlockSource, RawLog } from '#core/indexing/ports.ts'
import type { ProofMode } from '#core/indexing/proof-policy.ts'
import { isInScope, type LogScope, scopeOf } from '#core/indexing/raw/log-scope.ts'
import {
  createObtainBlocks,
  keepSegment,
  mergeBlocks,
  type RawLayer,
} from '#core/indexing/raw/obtain-blocks.ts'
import { createRawSource } from '#core/indexing/raw/raw-source.ts'
import type { RawBlock } from '#core/indexing/raw/segment.ts'
import {
  createFakeChain,
  type FakeChain,
  fakeSources,
  provenOf,
} from '../../../fakes/fake-chain.ts'
import { createFakeSource } from '../../../fakes/fake-source.ts'
import { fakeIndexPorts } from '../../../fakes/index-app.ts'
import { bytesIn, hexOf } from '#core/indexing/log-data.ts'
import { createRandom } from '../../../fakes/random.ts'
import { plainLog } from '../../../fakes/plain-logs.ts'

const CHAIN_ID = 31_337
/** Blocks of the fake chain that are not final. */
const OPEN = 3

const freshRaw = (): RawLayer => ({ store: createMemoryRawStore(), packing: zstdSegments })

async function chainOf(seed: number, count: number): Promise<FakeChain> {
  const chain = createFakeChain(seed, { maxLogs: 6 })
  await chain.mine(count)
  return chain
}

async function indexed(
  source: BlockSource,
  raw: RawLayer | undefined,
  sources: readonly Source[] = fakeSources,
  to?: number,
  proof: ProofMode = 'auto',
  tables = createMemoryTables(),
): Promise<BackfillReport> {
  const ports = fakeIndexPorts(tables, source, { ...(raw && { raw }) })
  const input = {
    chainId: CHAIN_ID,
    sources,
    proof,
    ...(to !== undefined && { to }),
  } as const
  const steps = backfill(ports, input, { aborted: false })
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value
}

async function collected(
  source: BlockSource,
  raw: RawLayer,
  ranges: readonly BlockRange[],
  sources: readonly Source[] = fakeSources,
): Promise<void> {
  const ports = { ...fakeIndexPorts(createMemoryTables(), source), raw, catalogue }
  const input = { chainId: CHAIN_ID, sources, proof: 'auto', ranges } as const
  for await (const _ of collect(ports, input, { aborted: false }));
}

describe('proven logs that are kept', () => {
  test('by several processes, take few requests for what was created in the ranges of others', async () => {
    const chain = await chainOf(77, 200)
    const plain = createFakeSource({ blocks: () => chain.blocks, finality: OPEN })
    const ranges = Array.from({ length: 20 }, (_, at) => ({ from: at * 10, to: at * 10 + 4 }))
    /** Beside what is collected itself. */
    const asked: BlockRange[] = []
    const source: BlockSource = {
      ...plain,
      logs(range, filter) {
        if (!ranges.some(({ from }) => from === range.from)) asked.push(range)
        return plain.logs(range, filter)
      },
    }
    const ports = {
      ...fakeIndexPorts(createMemoryTables(), source),
      raw: freshRaw(),
      catalogue,
    }
    const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto', ranges } as const
    for await (const _ of collect(ports, input, { aborted: false }));
    expect(asked.length).toBeLessThan(8)
    const { finalized } = await plain.head()
    for (const { from, to } of asked) {
      expect(to).toBeLessThanOrEqual(finalized.number)
      // No block twice, and none that this process has collected before.
      expect(asked.filter((other) => other.from <= to && from <= other.to)).toHaveLength(1)
    }
    for (const { from } of ranges.slice(1))
      expect(asked.some((each) => each.from < from && each.to >= from - 1)).toBe(true)
  })

  test('by several processes, in any order, make the history that the chain makes, without a node', async () => {
    for (const seed of [71, 72, 73]) {
      const chain = await chainOf(seed, 120)
      const last = chain.blocks.length - 1 - OPEN
      const whole = await indexed(
        createFakeSource({ blocks: () => chain.blocks }),
        undefined,
        fakeSources,
        last,
      )
      const raw = freshRaw()
      const random = createRandom(seed)
      const cuts = [0, ...Array.from({ length: 9 }, () => random.int(last)), last + 1].toSorted(
        (a, b) => a - b,
      )
      const ranges = cuts
        .slice(1)
        .map((end, index) => ({ from: cuts[index] as number, to: end - 1 }))
        .filter(({ from, to }) => from <= to)
      // Each of three takes every third range, the last ones first.
      await Promise.all(
        [0, 1, 2].map(async (worker) => {
          const source = createFakeSource({ blocks: () => chain.blocks })
          for (const range of ranges.toReversed().filter((_, index) => index % 3 === worker))
            await collected(source, raw, [range])
        }),
      )
      const derived = await indexed(await createRawSource(raw, CHAIN_ID, 0), raw)
      expect(derived).toEqual(whole)
    }
  })

  test('are not asked for again, and what is not final is not kept', async () => {
    const chain = await chainOf(74, 80)
    const raw = freshRaw()
    const first = createFakeSource({ blocks: () => chain.blocks })
    const whole = await indexed(first, raw)
    const last = chain.blocks.length - 1
    const kept = await raw.store.list(CHAIN_ID, { from: 0, to: last })
    expect(Math.max(...kept.map(({ to }) => to))).toBe(last - OPEN)

    const asked: string[] = []
    const again = createFakeSource({
      blocks: () => chain.blocks,
      faults: [{ request: (method) => void asked.push(method) }],
    })
    expect(await indexed(again, raw)).toEqual(whole)
    // The blocks above the final one, and what they created.
    expect(asked.filter((method) => method === 'headers').length).toBeLessThanOrEqual(3)
    expect(asked.filter((method) => method === 'receipts').length).toBeLessThanOrEqual(2 * OPEN)
  })

  test('of one source are added to by another: the first one is not asked for again', async () => {
    const chain = await chainOf(75, 80)
    const last = chain.blocks.length - 1 - OPEN
    const [v2, v3] = [fakeSources.slice(0, 1), fakeSources.slice(1)]
    const raw = freshRaw()
    await indexed(createFakeSource({ blocks: () => chain.blocks }), raw, v2, last)
    const topics = new Set<string | undefined>()
    const source = createFakeSource({ blocks: () => chain.blocks })
    const counting: BlockSource = {
      ...source,
      logs(range, filter) {
        for (const topic of filter.topics) topics.add(topic)
        return source.logs(range, filter)
      },
    }
    const both = await indexed(counting, raw, [...v2, ...v3], last)
    expect(both.digest).toBe((await indexed(source, undefined, [...v2, ...v3], last)).digest)
    // The raw layer now has all of it.
    expect(await indexed(await createRawSource(raw, CHAIN_ID, 0), raw, [...v2, ...v3])).toEqual(
      both,
    )
    // And the first source alone can still be made of it.
    expect((await indexed(await createRawSource(raw, CHAIN_ID, 0), raw, v2)).digest).toBe(
      (await indexed(source, undefined, v2, last)).digest,
    )
  })

  test('by bloom are collected again by a run that demands receipts, which finds what the bloom let pass', async () => {
    const chain = await chainOf(79, 80)
    const last = chain.blocks.length - 1 - OPEN
    const proofOf = async (tables: ReturnType<typeof createMemoryTables>) => {
      const { heads } = fakeIndexPorts(tables, honest())
      return (await createViews(heads, CHAIN_ID).current())?.head.proof
    }
    const honest = () => createFakeSource({ blocks: () => chain.blocks })
    const truth = await indexed(honest(), undefined, fakeSources, last)
    // No bloom shows that an amount was changed.
    const lying = createFakeSource({
      blocks: () => chain.blocks,
      faults: [
        {
          logs: (logs) =>
            logs.map((log): RawLog =>
              bytesIn(log.data) < 64
                ? log
                : { ...log, data: `0x${hexOf(log.data).slice(2, -2)}55` },
            ),
        },
      ],
    })
    const raw = freshRaw()
    const believed = createMemoryTables()
    const byBloom = await indexed(lying, raw, fakeSources, last, 'bloom', believed)
    expect(byBloom.digest).not.toBe(truth.digest)
    expect(new Set((await proofOf(believed))?.map(({ level }) => level))).toEqual(
      new Set(['bloom', 'receipts']),
    )

    // Another run by bloom asks for nothing; one by receipts asks for all of it, and is told the truth.
    const again = honest()
    expect((await indexed(again, raw, fakeSources, last, 'bloom')).digest).toBe(byBloom.digest)
    expect(again.requests.headers ?? 0).toBe(0)
    for (const proof of ['receipts', 'auto'] as const) {
      const [strict, tables] = [honest(), createMemoryTables()]
      const report = await indexed(strict, raw, fakeSources, last, proof, tables)
      expect(report.digest).toBe(truth.digest)
      expect(await proofOf(tables)).toEqual([{ from: 0, to: last, level: 'receipts' }])
      // What the first of the two fetched is enough for the second.
      expect((strict.requests.headers ?? 0) > 0).toBe(proof === 'receipts')
    }

    // Whoever asks for less now is given the best that is kept, and so is a history that is made without a node.
    expect((await indexed(honest(), raw, fakeSources, last, 'bloom')).digest).toBe(truth.digest)
    const offline = createMemoryTables()
    const source = await createRawSource(raw, CHAIN_ID, 0)
    expect((await indexed(source, raw, fakeSources, last, 'auto', offline)).digest).toBe(
      truth.digest,
    )
    expect(await proofOf(offline)).toEqual([{ from: 0, to: last, level: 'receipts' }])
  })

  test('where one is missing, that is told with the command that adds it, and nothing else is asked', async () => {
    const chain = await chainOf(76, 60)
    const raw = freshRaw()
    const source = createFakeSource({ blocks: () => chain.blocks })
    await collected(source, raw, [{ from: 0, to: 19 }])
    await collected(source, raw, [{ from: 30, to: 39 }])
    const offline = await createRawSource(raw, CHAIN_ID, 0)
    expect((await offline.head()).latest.number).toBe(19)
    await expect(createRawSource(raw, CHAIN_ID, 25)).rejects.toThrow(
      /^raw: not all logs of blocks 25-25 .* `halyard collect --ranges 25-25`/,
    )
    await collected(source, raw, [{ from: 20, to: 29 }], fakeSources.slice(0, 1))
    await expect(indexed(await createRawSource(raw, CHAIN_ID, 0), raw)).rejects.toMatchObject({
      kind: 'unavailable',
      details: { field: 'raw', reason: 'not-kept' },
    })
  })

  test('of a chain that was begun anew are refused, not mixed with the new one', async () => {
    const [old, anew] = [await chainOf(77, 40), await chainOf(78, 60)]
    const raw = freshRaw()
    await indexed(createFakeSource({ blocks: () => old.blocks }), raw)
    await expect(
      indexed(createFakeSource({ blocks: () => anew.blocks }), raw),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^raw: block \d+ is kept as 0x.* begun anew/),
      details: { field: 'raw', reason: 'other-chain' },
    })
  })

  test('that are damaged stop a run with the remedy, and nothing is made of them', async () => {
    const chain = await chainOf(79, 40)
    const raw = freshRaw()
    const source = createFakeSource({ blocks: () => chain.blocks })
    await indexed(source, raw)
    const broken: RawLayer = {
      ...raw,
      store: { ...raw.store, body: async () => Buffer.from('damaged') },
    }
    await expect(indexed(source, broken)).rejects.toMatchObject({
      kind: 'unavailable',
      details: { field: 'raw', reason: 'damaged' },
    })
  })
})

describe('blocks with all logs of a scope', () => {
  const trim = (block: RawBlock, scope: LogScope): RawBlock => ({
    ...block,
    logs: block.logs.filter((log) => isInScope(scope, log)).map(plainLog),
  })

  test('are the same whatever of them is kept, and only what is missing is asked for', async () => {
    const chain = await chainOf(80, 40)
    const blocks: readonly RawBlock[] = chain.blocks.map(({ header, logs }) => ({
      header: {
        number: header.number,
        hash: header.hash,
        parentHash: header.parentHash,
        timestamp: header.timestamp,
      },
      logs,
      level: 'receipts',
    }))
    const seen = new Map<string, RawLog>()
    for (const log of chain.blocks.flatMap(({ logs }) => logs))
      seen.set(`${log.topics[0]} ${log.address}`, log)
    const kinds = [...seen.values()]
    const scopes = fc.subarray(kinds, { minLength: 1 }).map((some) =>
      scopeOf(
        some.map((log) => ({
          addresses: [log.address],
          topics: [log.topics[0] as `0x${string}`],
        })),
      ),
    )
    const ranges = fc
      .tuple(fc.integer({ min: 0, max: 36 }), fc.integer({ min: 0, max: 36 }))
      .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(ranges, scopes), { maxLength: 5 }),
        ranges,
        scopes,
        async (kept, range, scope) => {
          const raw = freshRaw()
          for (const [{ from, to }, held] of kept)
            await keepSegment(
              raw,
              CHAIN_ID,
              held,
              blocks.slice(from, to + 1).map((block) => trim(block, held)),
              'receipts',
            )
          const obtain = createObtainBlocks(
            {
              raw,
              fetch: async ({ from, to }, wanted) => {
                // What is kept of all these blocks is not asked for.
                for (const [at, held] of kept)
                  if (at.from <= from && to <= at.to)
                    for (const log of kinds.filter((each) => isInScope(held, each)))
                      expect(isInScope(wanted, log)).toBe(false)
                return blocks.slice(from, to + 1)
              },
              confirmFinal: async () => undefined,
            },
            CHAIN_ID,
            36,
            () => 'receipts',
          )
          const got = await obtain(range, scope)
          const truth = blocks.slice(range.from, range.to + 1).map((block) => trim(block, scope))
          expect(got.map((block) => trim(block, scope))).toEqual(truth)
          // All of it is kept now.
          const offline = createObtainBlocks(
            {
              raw,
              fetch: async () => expect.fail('nothing is missing'),
              confirmFinal: async () => undefined,
            },
            CHAIN_ID,
            36,
            () => 'receipts',
          )
          expect((await offline(range, scope)).map((block) => trim(block, scope))).toEqual(truth)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('are as well proven as the weakest of what they are put together from, each log by the best', async () => {
    const chain = await chainOf(83, 20)
    const blocks = chain.blocks.map(provenOf)
    const [one, other, third] = fakeSources.flatMap((source) =>
      'address' in source ? [source.address] : [],
    ) as [`0x${string}`, `0x${string}`, `0x${string}`]
    const topics = [
      ...new Set(chain.blocks.flatMap(({ logs }) => logs.map((log) => log.topics[0]))),
    ]
    const of = (...addresses: `0x${string}`[]): LogScope =>
      scopeOf([{ addresses, topics: topics as `0x${string}`[] }])
    const raw = freshRaw()
    const keep = (scope: LogScope, level: ProofLevel, change = (log: RawLog) => log) =>
      keepSegment(
        raw,
        CHAIN_ID,
        scope,
        blocks.map((block) => ({
          ...block,
          logs: block.logs.filter((log) => isInScope(scope, log)).map(change),
          level,
        })),
        level,
      )
    await keep(of(one), 'bloom', (log) => ({ ...log, data: '0xdead' }))
    await keep(of(other), 'receipts')
    const obtain = createObtainBlocks(
      {
        raw,
        fetch: async ({ from, to }, wanted) =>
          wanted.size > 0 && [...wanted.values()].every((set) => set !== 'all' && set.has(third))
            ? blocks.slice(from, to + 1)
            : expect.fail('only the third is missing'),
        confirmFinal: async () => undefined,
      },
      CHAIN_ID,
      19,
      () => 'bloom',
    )
    const got = async (scope: LogScope) => {
      const found = await obtain({ from: 0, to: 19 }, scope)
      const data = found.flatMap(({ logs }) => logs.map((log) => hexOf(log.data)))
      return { level: new Set(found.map(({ level }) => level)), isLie: data.includes('0xdead') }
    }
    expect(await got(of(one, other))).toEqual({ level: new Set(['bloom']), isLie: true })
    expect(await got(of(other))).toEqual({ level: new Set(['receipts']), isLie: false })
    // What is fetched for it is proven by receipts, and what is kept is not any better for that.
    expect(await got(of(one, third))).toEqual({ level: new Set(['bloom']), isLie: true })
    await keep(of(one), 'receipts')
    expect(await got(of(one, other))).toEqual({ level: new Set(['receipts']), isLie: false })
    expect(await got(of(one))).toEqual({ level: new Set(['receipts']), isLie: false })
  })

  test('two branches of one final block are told, not mixed', async () => {
    const one = (await chainOf(81, 10)).blocks.map(provenOf)
    const other = (await chainOf(82, 10)).blocks.map(provenOf)
    const range = { from: 0, to: 9 }
    expect(() => mergeBlocks(range, [one.slice(0, 6), other.slice(5)])).toThrow(
      /^raw: block 5 is kept as 0x.* several branches/,
    )
  })

  test('of two logs that are counted in their transactions alone none is taken for the other', async () => {
    const blocks = (await chainOf(81, 10)).blocks.map(provenOf)
    const full = blocks.find(({ logs }) => new Set(logs.map((log) => log.transactionHash)).size > 1)
    const { header, logs } = full as RawBlock
    const only = (log: RawLog | undefined): RawBlock[] => [
      { ...(full as RawBlock), logs: [{ ...(log as RawLog), logIndex: 0 }] },
    ]
    const range = { from: header.number, to: header.number }
    const [first, last] = [only(logs[0]), only(logs.at(-1))]
    expect(mergeBlocks(range, [first, first])).toEqual(first)
    expect(() => mergeBlocks(range, [first, last])).toThrow(/^raw: block \d+ has two logs 0, /)
  })
})
