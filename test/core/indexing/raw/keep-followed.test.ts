import { expect, test } from 'vitest'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { zstdSegments } from '#adapters/node/zstd-segments.ts'
import { createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { createFollowedKeeper } from '#core/indexing/raw/keep-followed.ts'
import { scopeOf } from '#core/indexing/raw/log-scope.ts'
import { type RawLayer, readSegment } from '#core/indexing/raw/obtain-blocks.ts'
import type { SegmentHead } from '#core/indexing/raw/segment.ts'
import { createRawSource } from '#core/indexing/raw/raw-source.ts'
import { modelOf, readEverything } from '../../../contracts/everything.ts'
import { createFakeChain, fakeSources } from '../../../fakes/fake-chain.ts'
import { createFakeSource } from '../../../fakes/fake-source.ts'
import { heldBytes } from '../../../fakes/held-memory.ts'
import { fakeIndexPorts } from '../../../fakes/index-app.ts'
import { inMemoryOf, plainLog } from '../../../fakes/plain-logs.ts'
import { createMemoryRawStore } from '../../../fakes/raw-store.ts'

const CHAIN_ID = 31_337
const FINALITY = 6
const freshRaw = (): RawLayer => ({ store: createMemoryRawStore(), packing: zstdSegments })

test('what a follower proved is kept when it is final, through reorgs, and nothing of dead branches', async () => {
  for (const seed of [61, 62, 63]) {
    const chain = createFakeChain(seed, { maxLogs: 5 })
    await chain.mine(30)
    const source = createFakeSource({ blocks: () => chain.blocks, finality: FINALITY })
    const raw = freshRaw()
    const ports = fakeIndexPorts(createMemoryTables(), source, { raw })
    const cancel = { aborted: false }
    let quiet = 0
    const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto', pollMs: 10 } as const
    for await (const event of followHead(ports, input, cancel)) {
      if (event.status !== 'idle') continue
      quiet++
      if (quiet % 5 === 0) await chain.fork(1 + (quiet % 4), 3)
      else await chain.mine(1 + (quiet % 3))
      if (quiet > 60) cancel.aborted = true
    }
    const heads = await raw.store.list(CHAIN_ID, { from: 0, to: 1_000 })
    // Few at a time, so segments are worth their rows: those of the first 64 blocks, and the last ones.
    expect(heads.length).toBeLessThan(12)

    const offline = await createRawSource(raw, CHAIN_ID, 0)
    const { latest } = await offline.head()
    const canonical = chain.blocks.slice(0, latest.number + 1)
    expect(latest.hash).toBe(canonical.at(-1)?.header.hash)
    expect(latest.number).toBeGreaterThan(100)
    const derived = fakeIndexPorts(createMemoryTables(), offline, { raw })
    const steps = backfill(derived, input, { aborted: false })
    while (!(await steps.next()).done);
    const view = await createViews(derived.heads, CHAIN_ID).current()
    expect(view && (await readEverything(derived, view))).toEqual(modelOf(canonical))
  }
})

const hashOf = (number: number) => `0x${number.toString(16).padStart(64, '0')}` as const
const blockOf = (number: number, logs: readonly RawLog[] = []) => ({
  header: {
    number,
    hash: hashOf(number + 1),
    parentHash: hashOf(number),
    timestamp: number,
  },
  logs,
  level: 'receipts' as const,
})

test('what waits is bounded, however long nothing becomes final', async () => {
  const raw = freshRaw()
  const keeper = createFollowedKeeper(raw, CHAIN_ID)
  for (let number = 0; number < 25_000; number++)
    keeper.add(scopeOf([]), [blockOf(number)], 'receipts')
  await keeper.settle({ number: 24_999, hash: hashOf(25_000) })
  const heads = await raw.store.list(CHAIN_ID, { from: 0, to: 30_000 })
  expect(heads[0]?.from).toBe(5_000)
  expect(heads.at(-1)?.to).toBe(24_999)
  // All of it was let go.
  await keeper.settle({ number: 24_999, hash: hashOf(25_000) }, true)
  expect(await raw.store.list(CHAIN_ID, { from: 0, to: 30_000 })).toHaveLength(heads.length)
})

test('what waits holds its own logs alone, of answers that had far more', async () => {
  const raw = freshRaw()
  const keeper = createFollowedKeeper(raw, CHAIN_ID)
  const logOf = (number: number): RawLog => ({
    address: `0x${'a'.repeat(40)}`,
    topics: [hashOf(7)],
    data: hashOf(number),
    blockNumber: number,
    blockHash: hashOf(number + 1),
    transactionHash: hashOf(number),
    transactionIndex: 0,
    logIndex: 0,
  })
  const before = heldBytes()
  for (let number = 0; number < 100; number++)
    keeper.add(scopeOf([]), [blockOf(number, inMemoryOf(1 << 18, [logOf(number)]))], 'receipts')
  expect(heldBytes() - before).toBeLessThan(1 << 20)
  await keeper.settle({ number: 99, hash: hashOf(100) })
  const [head] = await raw.store.list(CHAIN_ID, { from: 0, to: 99 })
  const kept = await readSegment(raw, CHAIN_ID, head as SegmentHead)
  expect(kept.flatMap(({ logs }) => logs.map(plainLog))).toEqual(
    Array.from({ length: 100 }, (_, number) => logOf(number)),
  )
})
