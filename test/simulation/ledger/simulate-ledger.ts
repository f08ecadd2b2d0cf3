import { sha256 } from '#adapters/node/sha256.ts'
import type { Receipt } from '#core/ledger/append.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk, type LedgerClerk } from '#core/ledger/clerk.ts'
import { type Entry, openEntry } from '#core/ledger/entry.ts'
import { operationId, type OperationRequest } from '#core/ledger/operation.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import { type Balance, readBalance } from '#core/ledger/read-balance.ts'
import { toText } from '#core/ledger/text.ts'
import { createMemoryLedgerStore, type MemoryLedgers } from '../../fakes/ledger-store.ts'
import { createRandom } from '../../fakes/random.ts'
import { type Faults, faultyStore, type Process, ticks } from './faulty-store.ts'
import { createNaiveLedger } from './naive-ledger.ts'
import { ACCOUNTS, requestsOf } from './operations.ts'

const LEDGER = 'points'
const REQUESTS = 12
const PROCESSES = 2
/** How often a client sends a request while things go wrong. */
const SENDS_MAX = 3
const JUMP_MS = 86_400_000

/** `head`: the newest entry all the time while it was read, where that is known. */
type Seen = { readonly balance: Balance; readonly atLeast: number; readonly head?: number }

/**
 * One run: processes that write one ledger die and come back, their calls fail, come late or are answered with nothing, and
 * clients send again. Then nothing goes wrong any more, and everything must come to its end. A second ledger, which is
 * simple, says what each operation had to come to.
 *
 * @returns how often what came about
 * @throws Error naming the seed
 */
export async function simulateLedger(seed: number): Promise<Readonly<Record<string, number>>> {
  const random = createRandom(seed)
  const tally: Record<string, number> = {}
  const count = (what: string): void => void (tally[what] = (tally[what] ?? 0) + 1)
  const check = (condition: boolean, what: string): void => {
    if (!condition) throw new Error(`seed ${seed}: ${what}`)
  }
  const faults: Faults = {
    random,
    isOn: true,
    chance: random.pick([0.02, 0.1, 0.3]),
    late: [],
    tally,
  }
  const store = createMemoryLedgerStore(new Map() as MemoryLedgers)
  let now = 20_000 * JUMP_MS
  const clock = {
    nowMs: () => {
      if (faults.isOn && random.chance(0.03)) now += random.pick([-JUMP_MS, JUMP_MS, 7_000])
      return (now += random.int(4))
    },
    sleep: () => ticks(random.int(10)),
  }

  type Live = { process: Process; store: LedgerStore; clerk: LedgerClerk }
  function start(): Live {
    const process: Process = { isDead: false }
    const own = faultyStore(store, process, faults)
    return { process, store: own, clerk: createLedgerClerk({ store: own, clock, sha256 }, LEDGER) }
  }
  const live: Live[] = Array.from({ length: PROCESSES }, start)
  function anyProcess(): Live {
    const index = random.int(live.length)
    if (live[index]?.process.isDead) {
      count('restarts')
      live[index] = start()
    }
    return live[index] as Live
  }

  const requests = requestsOf(random, REQUESTS)
  const receipts = new Map<OperationRequest, Receipt[]>(requests.map((each) => [each, []]))
  /** The newest entry that a client knows to have touched an account. */
  const acknowledged = new Map<string, number>()
  const seen: Seen[] = []

  async function send(request: OperationRequest): Promise<boolean> {
    const { clerk } = anyProcess()
    try {
      const receipt = await clerk.submit(request)
      receipts.get(request)?.push(receipt)
      acknowledge(receipt)
      return true
    } catch {
      count('unknown')
      return false
    }
  }
  function acknowledge(receipt: Receipt): void {
    if (receipt.status !== 'recorded' || receipt.outcome.status === 'refused') return
    for (const { from, to } of receipt.outcome.postings)
      for (const place of [from, to]) {
        const account = place.split('/')[0] as string
        const known = acknowledged.get(account) ?? 0
        acknowledged.set(account, Math.max(known, receipt.at.sequence))
      }
  }
  async function client(request: OperationRequest): Promise<void> {
    await ticks(random.int(150))
    for (let sends = 0; sends < SENDS_MAX; sends++) {
      // Impatient ones send the same again before they have heard anything.
      const twice = random.chance(0.1)
      const results = await Promise.all(twice ? [send(request), send(request)] : [send(request)])
      if (results.includes(true)) return
      await ticks(random.int(60))
    }
  }
  async function reader(): Promise<void> {
    for (let reads = 0; reads < 3; reads++) {
      await ticks(random.int(60))
      const account = random.pick(ACCOUNTS)
      const atLeast = acknowledged.get(account) ?? 0
      try {
        const ports = { store: anyProcess().store, sha256 }
        seen.push({
          balance: await readBalance(ports, LEDGER, { asset: 'gems', account }),
          atLeast,
        })
        count('reads')
      } catch {
        count('reads failed')
      }
    }
  }

  // The policy comes first; what comes before it is refused, which is fine as well.
  if (random.chance(0.9)) await send(requests[0] as OperationRequest)
  await Promise.all([...requests.map(client), reader(), reader()])

  faults.isOn = false
  live.splice(0, live.length, start(), start())
  // Whatever the dead have left, a reader is shown what the newest entry says.
  for (const account of ACCOUNTS) {
    const ports = { store: anyProcess().store, sha256 }
    const head = (await store.newest(LEDGER))?.sequence ?? 0
    const balance = await readBalance(ports, LEDGER, { asset: 'gems', account })
    const isSame = ((await store.newest(LEDGER))?.sequence ?? 0) === head
    seen.push({ balance, atLeast: 0, ...(isSame && { head }) })
  }
  async function expectEnds(): Promise<void> {
    const ends = await Promise.all(requests.map(send))
    for (const [index, isEnded] of ends.entries())
      check(isEnded, `${requests[index]?.key} comes to no end`)
  }
  await expectEnds()
  await Promise.all(faults.late)
  // What came late has changed nothing.
  await expectEnds()

  const stored = await store.entries(LEDGER, 1, 10_000)
  const entries = stored.map(openEntry)
  checkLog(entries, receipts, seen, check)
  const { breaches } = await auditLedger({ store, sha256 }, LEDGER)
  check(breaches.length === 0, `the audit finds ${toText(breaches)}`)
  tally.operations = entries.reduce((sum, { operations }) => sum + operations.length, 0)
  tally.entries = entries.length
  return tally
}

/** Holds what was recorded against the simple ledger, and what clients and readers were told against what was recorded. */
function checkLog(
  entries: readonly Entry[],
  receipts: ReadonlyMap<OperationRequest, readonly Receipt[]>,
  seen: readonly Seen[],
  check: (condition: boolean, what: string) => void,
): void {
  const naive = createNaiveLedger()
  const recorded = new Map<
    string,
    { readonly text: string; readonly place: string; readonly outcome: string }
  >()
  /** What accounts had behind each entry that touched them. */
  const purses = new Map<string, string>()
  let then = 0
  for (const { sequence, hash, atMs, operations } of entries) {
    check(atMs >= then, `entry ${sequence} is before the one before it`)
    then = atMs
    for (const [position, { scope, key, operation, outcome }] of operations.entries()) {
      const id = operationId(scope, key)
      check(!recorded.has(id), `${id} is recorded twice`)
      const word = naive.apply(id, operation, atMs)
      const real = outcome.status === 'done' ? 'done' : outcome.code
      check(word === real, `${id} (${operation.kind}) is ${real}, and had to be ${word}`)
      recorded.set(id, {
        text: toText(operation),
        place: `${hash}/${position}`,
        outcome: toText(outcome),
      })
    }
    for (const account of ACCOUNTS) purses.set(`${account}@${sequence}`, naive.purse(account))
  }
  for (const [{ scope, key, operation }, all] of receipts) {
    const record = recorded.get(operationId(scope, key))
    const isOwn = record?.text === toText(operation)
    for (const receipt of all)
      if (receipt.status === 'key-reused') check(!isOwn, `${key} is said to be reused`)
      else {
        const place = `${receipt.at.hash}/${receipt.position}`
        check(isOwn && record.place === place, `${key} was acknowledged, and is not in the log`)
        check(record?.outcome === toText(receipt.outcome), `${key} was answered in two ways`)
      }
  }
  for (const { balance, atLeast, head } of seen) {
    const { availableRaw, heldRaw, provisionalRaw } = balance.value
    const sequence = balance.at?.sequence ?? 0
    check(sequence >= atLeast, `${balance.account} was read at ${sequence}, below ${atLeast}`)
    const purse = purses.get(`${balance.account}@${sequence}`) ?? '0/0/0'
    const shown = `${availableRaw}/${heldRaw}/${provisionalRaw}`
    const isNewest =
      head === undefined || purse === (purses.get(`${balance.account}@${head}`) ?? purse)
    check(isNewest, `${balance.account} was shown ${shown}, behind ${head}`)
    check(purse === shown, `${balance.account} was shown ${shown} at ${sequence}, and had ${purse}`)
  }
}
