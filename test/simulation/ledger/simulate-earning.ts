import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { earnPoints } from '#core/earning/earn-points.ts'
import type { EarningRule } from '#core/earning/rule.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import type { Waypoint } from '#core/history/window.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { valueOf } from '#core/ledger/document.ts'
import { toText } from '#core/ledger/text.ts'
import {
  createFakeChain,
  type FakeBlock,
  fakeErc721,
  fakeListedPool,
  fakeSources,
  provenOf,
  refAt,
} from '../../fakes/fake-chain.ts'
import { createMemoryLedgerStore, type MemoryLedgers } from '../../fakes/ledger-store.ts'
import { createRandom } from '../../fakes/random.ts'
import { naiveHeldPoints, naiveSwapPoints } from '../../oracle/naive-earnings.ts'
import { type Faults, faultyStore, type Process, ticks } from './faulty-store.ts'

const CHAIN_ID = 31_337
const LEDGER = 'points'
const FINALITY = 4
const ROUNDS = 14
const PERIOD = 60
const PER = 1n << 48n
const CAP = 150_000n
const HELD = 7n

const common = { version: 1, startsAt: 1_699_999_980, periodSeconds: PERIOD, exclude: [] } as const

/** Each kind of points is an asset of its own, so that sums can be compared. */
const rules: readonly EarningRule[] = [
  {
    ...common,
    kind: 'swap-volume',
    name: 'swaps',
    asset: 'swapped',
    capRaw: CAP,
    pool: fakeListedPool,
    side: 0,
    rate: { pointsRaw: 1n, perRaw: PER },
  },
  {
    ...common,
    kind: 'nft-held',
    name: 'held',
    asset: 'held',
    capRaw: null,
    collection: fakeErc721,
    pointsRaw: HELD,
  },
]

/**
 * One run: a chain grows and is reorganised above its final block, while processes that bring earnings into the ledger die at
 * any call, come back, run two at once and have views of before. Whenever one of them came to its end undisturbed, the
 * ledger must have what a slow count over the chain's blocks comes to.
 *
 * @returns how often what came about
 * @throws Error naming the seed
 */
export async function simulateEarning(seed: number): Promise<Readonly<Record<string, number>>> {
  const random = createRandom(seed)
  const tally: Record<string, number> = {}
  const count = (what: string, more = 1): void => void (tally[what] = (tally[what] ?? 0) + more)
  const chain = createFakeChain(seed, { maxLogs: 16 })
  const tables = createMemoryTables()
  const store = createMemoryChainStore(tables)
  const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: () => ticks(1) }
  const appender = createChainAppender(
    { ...commitPorts(store, clock as never, CHAIN_ID), sha256, newId },
    CHAIN_ID,
    fakeSources,
  )
  await appender.open()

  async function commit(block: FakeBlock): Promise<void> {
    await appender.take([provenOf(block)])
    await appender.commit(refAt(chain, Math.max(block.header.number - FINALITY, -1)))
  }
  async function grow(blocks: number): Promise<void> {
    const from = chain.blocks.length
    await chain.mine(blocks)
    for (const block of chain.blocks.slice(from)) await commit(block)
  }
  async function reorganise(): Promise<void> {
    const depth = 1 + random.int(FINALITY - 1)
    if (chain.blocks.length <= depth + FINALITY) return
    const ancestor = chain.blocks.length - depth - 1
    await chain.fork(depth, depth + random.int(2))
    const to = waypointsOf(appender.view() as View).find(({ number }) => number === ancestor)
    await appender.moveBack(to as Waypoint)
    for (const block of chain.blocks.slice(ancestor + 1)) await commit(block)
    count('reorgs')
  }

  /** The head goes back, which may be seen, and comes again over the very same blocks. */
  async function comeBack(): Promise<void> {
    const depth = 1 + random.int(FINALITY - 1)
    if (chain.blocks.length <= depth + FINALITY) return
    const ancestor = chain.blocks.length - depth - 1
    const to = waypointsOf(appender.view() as View).find(({ number }) => number === ancestor)
    await appender.moveBack(to as Waypoint)
    if (random.chance(0.7)) await earn()
    for (const block of chain.blocks.slice(ancestor + 1)) await commit(block)
    count('came back')
  }

  const ledgers = createMemoryLedgerStore(new Map() as MemoryLedgers)
  const faults: Faults = { random, isOn: false, chance: random.pick([0.01, 0.05]), late: [], tally }
  let nowMs = 1_700_000_000_000
  const ledgerClock = { nowMs: () => (nowMs += 1), sleep: () => ticks(3) }
  const policy = { name: '', decimals: 0, spendMaxRaw: null, spendPerDayMaxRaw: null } as const
  const sound = createLedgerClerk({ store: ledgers, clock: ledgerClock, sha256 }, LEDGER)
  for (const asset of ['swapped', 'held'])
    await sound.submit({
      scope: 'tests',
      key: asset,
      actor: 'tester',
      operation: {
        kind: 'set-asset',
        asset,
        ...policy,
        balanceMaxRaw: null,
        supplyMaxRaw: null,
        expiresAfterMs: null,
      },
    })

  /** A process of its own: it knows nothing of what others have done. */
  async function earn(): Promise<boolean> {
    const process: Process = { isDead: false }
    const own = faultyStore(ledgers, process, faults)
    const views = createViews(store.heads, CHAIN_ID)
    const ports = {
      store: own,
      sha256,
      clerk: createLedgerClerk({ store: own, clock: ledgerClock, sha256 }, LEDGER),
      history: { events: store.events, views },
    }
    try {
      const input = { ledger: LEDGER, chainId: CHAIN_ID, rules, actor: 'earner' }
      for (const report of await earnPoints(ports, input)) {
        for (const what of ['earned', 'confirmed', 'retracted', 'closedPeriods'] as const)
          count(what, report[what])
        if (report.astray.length > 0)
          throw new Error(`seed ${seed}: astray ${report.astray.join()}`)
      }
      return true
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('seed')) throw error
      count('ended early')
      return false
    }
  }

  async function compare(): Promise<void> {
    const blocks = chain.blocks.map(({ header, acts }) => ({ timestamp: header.timestamp, acts }))
    const final = blocks.slice(0, Math.max(0, blocks.length - FINALITY))
    const swaps = { pool: fakeListedPool, period: PERIOD, per: PER, cap: CAP }
    const until = final.at(-1)?.timestamp ?? 0
    const held = naiveHeldPoints(final, {
      collection: fakeErc721,
      period: PERIOD,
      points: HELD,
      until,
    })
    const [confirmed, all] = [naiveSwapPoints(final, swaps), naiveSwapPoints(blocks, swaps)]
    const expected: Record<string, string> = {}
    const add = (name: string, available: bigint, provisional: bigint): void => {
      if (available > 0n || provisional > 0n) expected[name] = `${available}/${provisional}`
    }
    for (const [account, total] of all) {
      const available = confirmed.get(account) ?? 0n
      add(`swapped/${account}`, available, total - available)
    }
    for (const [account, available] of held) add(`held/${account}`, available, 0n)
    const found: Record<string, string> = {}
    for (const document of await ledgers.walkDocuments(LEDGER, 'account', undefined, 1_000)) {
      const { availableRaw, provisionalRaw } = valueOf('account', document)
      if (availableRaw > 0n || provisionalRaw > 0n)
        found[document.id] = `${availableRaw}/${provisionalRaw}`
    }
    const texts = [found, expected].map((each) =>
      toText(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    )
    if (texts[0] !== texts[1])
      throw new Error(`seed ${seed}: the ledger has ${texts[0]}, and the chain gives ${texts[1]}`)
    count('compared')
  }

  await grow(2)
  for (let round = 0; round < ROUNDS; round++) {
    faults.isOn = random.chance(0.7)
    // Some run while the chain goes on, so that they see a head of before.
    const running = [earn(), ...(random.chance(0.4) ? [earn()] : [])]
    if (random.chance(0.5)) await reorganise()
    else if (random.chance(0.4)) await comeBack()
    else await grow(1 + random.int(3))
    await Promise.all(running)
    if (random.chance(0.5)) {
      faults.isOn = false
      // What is left of late writers may come first.
      await Promise.all(faults.late.splice(0))
      if (await earn()) await compare()
      else throw new Error(`seed ${seed}: undisturbed, and not done`)
    }
  }
  faults.isOn = false
  await Promise.all(faults.late.splice(0))
  await grow(FINALITY)
  if (!(await earn())) throw new Error(`seed ${seed}: undisturbed, and not done`)
  await compare()
  const before = (await ledgers.newest(LEDGER))?.sequence
  await earn()
  if ((await ledgers.newest(LEDGER))?.sequence !== before)
    throw new Error(`seed ${seed}: something is done again`)
  const { breaches } = await auditLedger({ store: ledgers, sha256 }, LEDGER)
  if (breaches.length > 0) throw new Error(`seed ${seed}: the audit finds ${toText(breaches)}`)
  return tally
}
