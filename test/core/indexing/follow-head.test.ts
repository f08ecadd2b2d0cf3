import { describe, expect, test } from 'vitest'
import {
  createMemoryTables,
  type MemoryTables,
  type WriteStep,
} from '#adapters/memory/chain-store.ts'
import type { Clock } from '#core/clock.ts'
import { createViews } from '#core/history/view.ts'
import type { Address } from '#core/chain.ts'
import { chainProfiles } from '#core/indexing/chain-profiles.ts'
import { followHead, type FollowEvent, type FollowInput } from '#core/indexing/follow-head.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { modelOf, readEverything } from '../../contracts/everything.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createFakeChain, type FakeBlock, fakeSources, seal } from '../../fakes/fake-chain.ts'
import { createFakeSource } from '../../fakes/fake-source.ts'
import { createFakeClock, fakeIndexPorts } from '../../fakes/index-app.ts'
import { createRandom } from '../../fakes/random.ts'

const CHAIN_ID = 31_337
const EVENTS_MAX = 500

/** Follows until `isDone`, which may do things to the chain meanwhile. */
async function follow(
  tables: MemoryTables,
  source: BlockSource,
  isDone: (event: FollowEvent) => boolean | Promise<boolean>,
  more: Partial<FollowInput> = {},
): Promise<FollowEvent[]> {
  const cancel = { aborted: false }
  const events: FollowEvent[] = []
  const input = {
    chainId: CHAIN_ID,
    sources: fakeSources,
    proof: 'auto',
    pollMs: 10,
    ...more,
  } as const
  for await (const event of followHead(fakeIndexPorts(tables, source), input, cancel)) {
    events.push(event)
    if ((await isDone(event)) || events.length === EVENTS_MAX) cancel.aborted = true
  }
  return events
}

async function seen(tables: MemoryTables, source: BlockSource) {
  const ports = fakeIndexPorts(tables, source)
  const view = await createViews(ports.heads, CHAIN_ID).current()
  if (!view) throw new Error('nothing is there')
  return readEverything(ports, view)
}

describe('a follower', () => {
  test('that has one node believes in another branch only when that has advanced', async () => {
    const chain = createFakeChain(52, { maxLogs: 3 })
    await chain.mine(12)
    const source = createFakeSource({ blocks: () => chain.blocks })
    let quiet = 0
    const tables = createMemoryTables()
    const events = await follow(tables, source, async (event) => {
      if (event.status !== 'idle') return false
      quiet++
      if (quiet === 1) await chain.fork(2, 2)
      if (quiet === 6) await chain.mine(1)
      return quiet > 7
    })
    const statuses = events.map(({ status }) => status)
    const reorg = statuses.indexOf('reorg')
    // Six looks at a branch of the same height, and not one step back.
    expect(statuses.slice(0, reorg).filter((status) => status === 'idle')).toHaveLength(6)
    expect(await seen(tables, source)).toEqual(modelOf(chain.blocks))
  })

  test('asks once for what is in a block, and a second time only for contracts that it creates', async () => {
    const chain = createFakeChain(57, { maxLogs: 8 })
    await chain.mine(12)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const asked = new Map<number, number>()
    const counting: BlockSource = {
      ...source,
      headers(range) {
        asked.set(range.to, (asked.get(range.to) ?? 0) + 1)
        return source.headers(range)
      },
    }
    const tables = createMemoryTables()
    let logsAsked: number | undefined
    await follow(tables, counting, async (event) => {
      if (event.status !== 'idle') return false
      logsAsked ??= source.requests['logs']
      if (chain.blocks.length === 60) return true
      await chain.mine(1)
      return false
    })
    expect(await seen(tables, source)).toEqual(modelOf(chain.blocks))
    // The beginning was asked for creations first.
    expect([logsAsked, source.requests['logs']]).toEqual([1, 1])
    const followed = [...asked].filter(([number]) => number >= 13)
    const creations = [...tables.events.values()].filter(
      ({ event }) => event.body.type === 'poolCreated' && event.block.number >= 13,
    )
    const creating = new Set(creations.map(({ event }) => event.block.number))
    expect(creating.size).toBeGreaterThan(0)
    for (const [number, times] of followed)
      expect(times, `block ${number}`).toBe(creating.has(number) ? 2 : 1)
  })

  describe('that asks a second time for what a block creates', () => {
    /** A chain of two blocks; the second creates a pool, and the pool has a log, each in a transaction of its own. */
    async function creating(seed: number): Promise<readonly [FakeBlock, FakeBlock]> {
      const random = { ...createRandom(seed), chance: () => false }
      const pool = addressOf(0x77 + seed)
      const [token0, token1] = [addressOf(3), addressOf(9)]
      const { factory } = fakeSources[0] as { readonly factory: Address }
      const first = await seal(createRandom(1), { number: 0 }, undefined, [])
      const second = await seal(random, { number: 1 }, first, [
        { act: 'create', factory, pool, token0, token1, terms: null },
        { act: 'sync', pool, reserves: [5n, 6n] },
      ])
      return [first, second]
    }

    test.each([
      ['not final', 3],
      ['final, and a node leaves out its creations when it is asked for those first', 0],
    ])(
      'takes no log for another where nodes count them in each transaction anew, and the block is %s',
      async (_what, finality) => {
        const blocks = await creating(1)
        const whole = createFakeSource({
          blocks: () => blocks,
          finality,
          // Of a single log nothing shows it.
          faults: [{ logs: (logs) => logs.map((log) => ({ ...log, logIndex: 0 })) }],
        })
        let asked = 0
        const source: BlockSource = {
          ...whole,
          async logs(range, filter) {
            const answer = await whole.logs(range, filter)
            return finality === 0 && ++asked === 1 ? { ...answer, value: [] } : answer
          },
        }
        const tables = createMemoryTables()
        const commits = chainProfiles.zksync
        const isOver = ({ status }: FollowEvent): boolean => status !== 'appended'
        const events = await follow(tables, source, isOver, { commits })
        const reasons = events.flatMap((event) =>
          event.status === 'degraded' ? [event.error.message] : [],
        )
        expect(reasons).toEqual([expect.stringContaining('cannot be proven: logs are counted in')])
        expect(tables.events.size).toBe(0)
      },
    )

    test('takes the block that has come in its place meanwhile', async () => {
      const [before, after] = [await creating(1), await creating(2)]
      let blocks = before
      let asked = 0
      const source = createFakeSource({
        blocks: () => blocks,
        faults: [
          {
            request(method) {
              if (method === 'headers' && ++asked === 2) blocks = after
            },
          },
        ],
      })
      const tables = createMemoryTables()
      const events = await follow(tables, source, ({ status }) => status === 'idle')
      expect(events.map(({ status }) => status)).toEqual(['appended', 'appended', 'idle'])
      expect(await seen(tables, source)).toEqual(modelOf(after))
    })
  })

  test('that read the beginning of a stretch before a reorg and its end after it reads it again', async () => {
    const old = createFakeChain(51, { maxLogs: 5 })
    await old.mine(16)
    const chain = createFakeChain(51, { maxLogs: 5 })
    await chain.mine(16)
    await chain.fork(6, 30)
    const before = createFakeSource({ blocks: () => old.blocks })
    const after = createFakeSource({ blocks: () => chain.blocks })
    let isTorn = true
    const at = (number: number): BlockSource => (isTorn && number < 16 ? before : after)
    const torn: BlockSource = {
      ...after,
      headers: (range) => at(range.from).headers(range),
      logs: (range, filter) => at(range.from).logs(range, filter),
      receipts: (block) => at(block.number).receipts(block),
    }
    const tables = createMemoryTables()
    const events = await follow(tables, torn, (event) => {
      isTorn = false
      return event.status === 'appended' && event.head.number === chain.blocks.length - 1
    })
    expect(events.length).toBeLessThan(EVENTS_MAX)
    expect(await seen(tables, after)).toEqual(modelOf(chain.blocks))
  })

  test('whose commits fail over and over pauses longer and longer, and says why', async () => {
    const chain = createFakeChain(53, { maxLogs: 5 })
    await chain.mine(3)
    const source = createFakeSource({ blocks: () => chain.blocks })
    const tables = createMemoryTables()
    // Whatever is to be committed, somebody else has taken that move.
    const step: WriteStep = async (name, moment) => {
      const latest = [...tables.heads.values()].at(-1)
      if (moment === 'after' || name !== 'head' || !latest) return
      const move = latest.move + 1
      tables.heads.set(`${CHAIN_ID} ${move}`, { ...latest, move, reason: 'fence', blocks: 0 })
    }
    const clock = createFakeClock()
    const pauses: number[] = []
    const counting: Clock = {
      ...clock,
      sleep: (ms, cancel) => {
        pauses.push(ms)
        return clock.sleep(ms, cancel)
      },
    }
    const isTried = { aborted: false }
    const reasons: string[] = []
    const ports = fakeIndexPorts(tables, source, { step, clock: counting })
    const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto', pollMs: 10 } as const
    for await (const event of followHead(ports, input, isTried)) {
      if (event.status === 'degraded') reasons.push(event.error.message)
      isTried.aborted = reasons.length === 15 || event.status === 'idle'
    }
    expect(new Set(reasons)).toEqual(
      new Set(['store: another writer moved the head first; it is tried again from the head']),
    )
    const [first, last] = [pauses[0] as number, pauses.at(-1) as number]
    expect(first).toBeLessThanOrEqual(15)
    expect(last).toBeGreaterThanOrEqual(15_000)
    expect(last).toBeLessThanOrEqual(45_000)
    // Each try asks for what it commits, and for nothing twice.
    expect(source.requests.head).toBeLessThanOrEqual(reasons.length)
  })

  test('tells of every block how it was proven, cut at a reorg and told anew of the new branch', async () => {
    const chain = createFakeChain(57, { maxLogs: 5 })
    await chain.mine(30)
    const source = createFakeSource({ blocks: () => chain.blocks })
    let isHashed = true
    // The headers of one branch are of a form that cannot be hashed here.
    const odd: BlockSource = {
      ...source,
      async headers(range) {
        const { value, provider } = await source.headers(range)
        const hidden = value.map((header) =>
          isHashed || header.number < 27 ? header : { ...header, hashProven: null },
        )
        return { value: hidden, provider }
      },
    }
    const tables = createMemoryTables()
    const proofs: unknown[] = []
    const views = createViews(fakeIndexPorts(tables, odd).heads, CHAIN_ID)
    const proofNow = async () => (await views.current())?.head.proof
    let idle = 0
    await follow(tables, odd, async (event) => {
      if (event.status === 'reorg') proofs.push(await proofNow())
      if (event.status !== 'idle') return false
      idle++
      if (idle === 1) {
        proofs.push(await proofNow())
        isHashed = false
        await chain.fork(2, 4)
      }
      // The one node is believed when its branch has advanced.
      if (idle === 2) await chain.mine(1)
      return idle > 2 && (await views.current())?.head.number === chain.blocks.length - 1
    })
    const receipts = (to: number) => ({ from: 0, to, level: 'receipts' })
    proofs.push(await proofNow())
    expect(proofs).toEqual([
      [receipts(29)],
      [receipts(27)],
      [receipts(27), { from: 28, to: 32, level: 'unverified' }],
    ])
  })

  test('that begins at the head begins below what a reorg may take back', async () => {
    const chain = createFakeChain(52, { maxLogs: 5 })
    await chain.mine(20)
    const source = createFakeSource({ blocks: () => chain.blocks, finality: 3 })
    const sources = fakeSources.map((each) => ({ ...each, startBlock: null }))
    let hasForked = false
    const tables = createMemoryTables()
    const events = await follow(
      tables,
      source,
      async (event) => {
        if (event.status !== 'idle') return false
        const { length } = chain.blocks
        if (!hasForked) await chain.fork(3, 5)
        else if (event.stored === length - 1) return true
        // A reorg is believed when the head advances on it.
        else await chain.mine(1)
        hasForked = true
        return false
      },
      { sources },
    )
    expect(events.some(({ status }) => status === 'reorg')).toBe(true)
    expect(events.at(-1)).toMatchObject({ status: 'idle', stored: chain.blocks.length - 1 })
  })
})
