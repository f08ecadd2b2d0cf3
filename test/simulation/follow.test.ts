import { expect, test } from 'vitest'
import { createMemoryTables, type MemoryTables } from '#adapters/memory/chain-store.ts'
import type { Hash, Hex } from '#core/chain.ts'
import { AppError, isAppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { hexOf } from '#core/indexing/log-data.ts'
import type { RawLog, Receipt } from '#core/indexing/ports.ts'
import { digestAt, modelOf, readEverything } from '../contracts/everything.ts'
import {
  createFakeChain,
  type FakeBlock,
  type FakeChain,
  fakeSources,
} from '../fakes/fake-chain.ts'
import { createFakeSource, type FakeFaults } from '../fakes/fake-source.ts'
import { createFakeClock, fakeIndexPorts } from '../fakes/index-app.ts'
import { createRandom, type Random } from '../fakes/random.ts'

/**
 * Whole followers on a memory store, against a chain that reorganises, nodes that fail and lie, and writers that die
 * at any write and come back while others are at work. One seed is one run. Afterwards the faults end, and one
 * follower must reach just what the chain holds.
 */
const SEEDS = Number(process.env.HALYARD_SIMULATION_SEEDS ?? 60)
const FIRST_SEED = Number(process.env.HALYARD_SIMULATION_SEED ?? 1)
const ACTIONS = 40
const FINALITY = 3
const CHAIN_ID = 31_337

type Follower = { readonly done: Promise<void>; kill(): void; stop(): void }

const turns = async (count: number): Promise<void> => {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
}

/** A receipt is missing, twice there or in another place, or says something else: a log less, or other data. */
function falsify(receipts: readonly Receipt[], random: Random): Receipt[] {
  const place = random.int(receipts.length)
  const receipt = receipts[place] as Receipt
  const log = receipt.logs[0]
  const what = random.int(5)
  if (what === 0) return receipts.toSpliced(place, 1)
  if (what === 1) return receipts.toSpliced(place, 0, receipt)
  if (what === 2 && receipts.length > 1) return receipts.toReversed()
  if (what === 3 && log) {
    const text = hexOf(log.data)
    const data = `${text.slice(0, -1)}${text.endsWith('7') ? '8' : '7'}`
    return receipts.with(place, {
      ...receipt,
      logs: receipt.logs.with(0, { ...log, data: data as Hex }),
    })
  }
  return log
    ? receipts.with(place, { ...receipt, logs: receipt.logs.slice(1) })
    : receipts.toSpliced(place, 1)
}

function startFollower(
  tables: MemoryTables,
  blocks: () => readonly FakeBlock[],
  random: Random,
  faults: () => boolean,
  lie: () => void,
): Follower {
  let isDead = false
  const cancel = { aborted: false }
  const liar: FakeFaults = {
    request: async () => {
      await turns(random.int(3))
      if (faults() && random.chance(0.06)) throw new AppError('unavailable', 'the node is away')
    },
    logs: (logs: RawLog[]) =>
      faults() && random.chance(0.2) && logs.length > 0
        ? logs.toSpliced(random.int(logs.length), 1)
        : logs,
    receipts(receipts) {
      if (!faults() || receipts.length === 0 || !random.chance(0.2)) return receipts
      lie()
      return falsify(receipts, random)
    },
  }
  const source = createFakeSource({ blocks, finality: FINALITY, faults: [liar] })
  const ports = fakeIndexPorts(tables, source, {
    clock: createFakeClock(),
    step: async () => {
      if (isDead) throw new Error('killed')
      if (random.chance(0.3)) await turns(random.int(4))
      if (isDead) throw new Error('killed')
    },
  })
  const run = async (): Promise<void> => {
    const input = {
      chainId: CHAIN_ID,
      sources: fakeSources,
      proof: 'receipts',
      pollMs: 10,
    } as const
    try {
      for await (const event of followHead(ports, input, cancel)) {
        if (isDead) return
        // A chain that is nothing but a range of numbers is never unavailable for another reason.
        if (event.status === 'degraded') expect(isAppError(event.error, 'unavailable')).toBe(true)
      }
    } catch (error) {
      if (!isDead) throw error
    }
  }
  return {
    done: run(),
    kill: () => {
      isDead = true
      cancel.aborted = true
    },
    stop: () => {
      cancel.aborted = true
    },
  }
}

async function simulate(
  seed: number,
): Promise<{ digest: Hash | undefined; reorgs: number; lies: number }> {
  const random = createRandom(seed)
  const chain: FakeChain = createFakeChain(seed, { maxLogs: 5 })
  await chain.mine(4 + random.int(6))
  const tables = createMemoryTables()
  let isFaulty = true
  let lies = 0
  const followers: Follower[] = []
  const start = (): void => {
    followers.push(
      startFollower(
        tables,
        () => chain.blocks,
        random,
        () => isFaulty,
        () => void (lies += 1),
      ),
    )
  }
  start()
  // What was final once stays: a fork never reaches below it, however low the head has become.
  let final = 0
  for (let left = ACTIONS; left > 0; left--) {
    const action = random.next()
    final = Math.max(final, chain.blocks.length - 1 - FINALITY)
    const depthMax = chain.blocks.length - 1 - final
    if (action < 0.35) await chain.mine(1 + random.int(2))
    else if (action < 0.5 && depthMax > 0)
      await chain.fork(1 + random.int(depthMax), 1 + random.int(4))
    else if (action < 0.6 && followers.length < 3) start()
    else if (action < 0.7) followers.splice(random.int(followers.length), 1)[0]?.kill()
    if (followers.length === 0) start()
    await turns(random.int(60))
  }
  isFaulty = false
  for (const follower of followers) follower.stop()
  await Promise.all(followers.map(({ done }) => done))

  // A reorg is believed when the head advances on it.
  const last = startFollower(
    tables,
    () => chain.blocks,
    random,
    () => false,
    () => undefined,
  )
  const views = createViews(
    fakeIndexPorts(tables, createFakeSource({ blocks: () => chain.blocks })).heads,
    CHAIN_ID,
  )
  for (let round = 0; round < 400; round++) {
    await turns(20)
    if (round % 40 === 20) await chain.mine(1)
    const head = (await views.current())?.head
    if (head?.hash === chain.blocks.at(-1)?.header.hash && round > 100) break
  }
  last.stop()
  await last.done
  const view = (await views.current()) as View
  const history = fakeIndexPorts(tables, createFakeSource({ blocks: () => chain.blocks }))
  expect(view.head.hash).toBe(chain.blocks.at(-1)?.header.hash)
  expect(await readEverything({ ...history, views }, view)).toEqual(modelOf(chain.blocks))
  expect(digestAt(view)).toBe(await cleanDigest(chain))
  const reorgs = [...tables.heads.values()].filter(({ reason }) => reason === 'reorg').length
  return { digest: digestAt(view), reorgs, lies }
}

/** The digest of one run without any trouble. */
async function cleanDigest(chain: FakeChain): Promise<Hash | undefined> {
  const source = createFakeSource({ blocks: () => chain.blocks, finality: FINALITY })
  const ports = fakeIndexPorts(createMemoryTables(), source)
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const
  const steps = backfill(ports, input, { aborted: false })
  let step = await steps.next()
  while (!step.done) step = await steps.next()
  return step.value.digest
}

test(
  `${SEEDS} runs with reorgs, lies and deaths end with the digest of a run without`,
  { timeout: 240_000 },
  async () => {
    let reorgs = 0
    let lies = 0
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      try {
        const run = await simulate(seed)
        reorgs += run.reorgs
        lies += run.lies
      } catch (error) {
        throw new Error(
          `seed ${seed} fails; HALYARD_SIMULATION_SEED=${seed} HALYARD_SIMULATION_SEEDS=1 replays it`,
          {
            cause: error,
          },
        )
      }
    }
    // Otherwise the runs are too tame to show anything.
    expect(reorgs).toBeGreaterThan(SEEDS / 2)
    expect(lies).toBeGreaterThan(SEEDS)
  },
)

test('one seed is one run', async () => {
  expect(await simulate(7)).toEqual(await simulate(7))
})
