import type { Address, Hash, Hex } from '#core/chain.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import { isOpen, operationOf } from '#core/relay/intent.ts'
import type { SpendCall, TransactionSigner } from '#core/relay/ports.ts'
import type { RelayPolicy, RelayPorts } from '#core/relay/relay-ports.ts'
import { reconcile } from '#core/relay/reconcile.ts'
import { createRelay, type Relay } from '#core/relay/run-relay.ts'
import { spendPoints, type SpendInput } from '#core/relay/spend-points.ts'
import { createMemoryIntentStore, newMemoryIntents } from '../../fakes/intent-store.ts'
import { createMemoryLedgerStore } from '../../fakes/ledger-store.ts'
import { createTextNames } from '../../fakes/name-texts.ts'
import { createRandom } from '../../fakes/random.ts'
import { type Faults, faultyStore, type Process, ticks } from '../ledger/faulty-store.ts'
import { faultyPort } from './faulty-port.ts'
import { BLOCK_S, createModelChain, FINAL_DEPTH } from './model-chain.ts'
import { createModelNodes, type Weather } from './model-nodes.ts'

const LEDGER = 'points'
const ASSET = 'points'
const ACCOUNTS = ['alice', 'bob']
/** Who spends when nothing goes wrong any more. */
const LAST = 'carol'
const LAST_SPENDS_MAX = 8
const GRANT = 50n
const PROCESSES = 2
const STEPS = 22
/** From this step on nobody asks for anything. */
const ASKS_END = 14
/** Far more than what is needed to bring everything to its end. */
const LAST_STEPS_MAX = 80
const senders: readonly Address[] = [`0x${'51'.repeat(20)}`, `0x${'52'.repeat(20)}`]
const walletOf = (account: string): Address =>
  `0x${account === 'alice' ? 'a1'.repeat(20) : 'b0'.repeat(20)}`

/**
 * One run of spends from the ledger to the chain and back: processes die and come back, answers are lost, calls are repeated
 * or come late, nodes are behind, silent or lie, blocks are taken back, clocks jump, keys are used elsewhere. Then nothing
 * goes wrong any more, and every spend must come to its end. What the chain has then, counted without the relay, must be
 * what the ledger says.
 *
 * @returns how often what came about
 * @throws Error naming the seed
 */
export async function simulateRelay(seed: number): Promise<Readonly<Record<string, number>>> {
  const random = createRandom(seed)
  const sha256 = createTextNames()
  const chain = createModelChain(random, sha256)
  const { tally } = chain
  const check = (condition: boolean, what: string): void => {
    if (!condition) throw new Error(`seed ${seed}: ${what}`)
  }
  const weather: Weather = { isOn: true, liar: -1 }
  const nodeCount = random.pick([1, 2, 3])
  const nodes = createModelNodes(chain, { random, sha256, nodeCount, weather })
  const faults: Faults = {
    random,
    isOn: true,
    chance: random.pick([0.005, 0.02, 0.05]),
    late: [],
    tally,
  }
  const on = { ...faults, on: () => faults.isOn }
  const tables = newMemoryIntents()
  const slotFaults = watchSlots(tables)
  const intents = createMemoryIntentStore(tables)
  const store = createMemoryLedgerStore()
  let now = chain.head().timestamp * 1_000
  const clock = {
    nowMs: () => {
      if (faults.isOn && random.chance(0.01)) now += random.pick([-3_600_000, 3_600_000])
      return (now += 1)
    },
    monotonicMs: () => now,
    sleep: () => ticks(2),
  }
  const policy: RelayPolicy = {
    chainId: 1,
    contract: `0x${'c0'.repeat(20)}`,
    startBlock: 0,
    ledger: LEDGER,
    asset: ASSET,
    leaseMs: random.pick([20_000, 3_600_000]),
    deadlineS: BLOCK_S * random.pick([3, 12]),
    feeMaxRaw: 100n,
    balanceMinRaw: 1n,
    bumpAfterMs: 2 * BLOCK_S * 1_000,
  }
  /** Bytes that any node was given. */
  const given = new Set<Hex>()
  /** Those that were not stored by then. */
  const early = new Set<Hex>()
  const vouchers = new Map<Hash, SpendCall>()
  const stored = (bytes: Hex): boolean =>
    tables.slots.values().some(({ signed }) => signed.some((each) => each.bytes === bytes))
  const signerOf = (sender: Address): TransactionSigner => ({
    sender,
    sign: async (draft) => chain.sign(sender, draft),
  })

  type Live = { process: Process; ports: RelayPorts; relay: Relay }
  function start(): Live {
    const process: Process = { isDead: false }
    const ownStore = faultyStore(store, process, faults)
    const ports: RelayPorts = {
      intents: faultyPort(intents, process, on),
      store: ownStore,
      clerk: createLedgerClerk({ store: ownStore, clock, sha256 }, LEDGER),
      sha256,
      clock,
      chain: faultyPort(
        {
          ...nodes,
          send: async (bytes: Hex) => {
            if (!stored(bytes)) early.add(bytes)
            given.add(bytes)
            return nodes.send(bytes)
          },
        },
        process,
        on,
      ),
      senders: senders.map((sender) => {
        const port = faultyPort(signerOf(sender), process, on)
        return { sender, sign: (draft) => port.sign(draft) }
      }),
      vouchers: {
        signVoucher: async (spend) => {
          vouchers.set(spend.operation, spend)
          return '0x01'
        },
      },
      warn: () => undefined,
    }
    return { process, ports, relay: createRelay(ports, policy) }
  }
  const live: Live[] = Array.from({ length: PROCESSES }, start)
  function anyProcess(): Live {
    const index = random.int(live.length)
    if (live[index]?.process.isDead) {
      tally.restarts = (tally.restarts ?? 0) + 1
      live[index] = start()
    }
    return live[index] as Live
  }

  const clerk = createLedgerClerk({ store, clock, sha256 }, LEDGER)
  const own = { scope: 'sim', actor: 'sim' }
  const limits = {
    spendMaxRaw: null,
    spendPerDayMaxRaw: null,
    balanceMaxRaw: null,
    supplyMaxRaw: null,
    expiresAfterMs: null,
  }
  const asset = { kind: 'set-asset', asset: ASSET, name: 'Points', decimals: 0, ...limits } as const
  const grant = { kind: 'grant', asset: ASSET, amountRaw: GRANT, memo: '' } as const
  await Promise.all([
    clerk.submit({ ...own, key: 'asset', operation: asset }),
    ...[...ACCOUNTS, LAST].map((account) =>
      clerk.submit({ ...own, key: account, operation: { ...grant, account } }),
    ),
  ])

  const inputs = Array.from({ length: 4 }, (_, index): SpendInput => {
    const account = random.pick(ACCOUNTS)
    return {
      scope: 'client',
      key: `k${index}`,
      actor: account,
      account,
      wallet: walletOf(account),
      amountRaw: BigInt(1 + random.int(30)),
      memo: '',
      way: random.chance(0.25) ? 'voucher' : 'relayed',
    }
  })
  const ask = async (input: SpendInput): Promise<string> => {
    try {
      return (await spendPoints(anyProcess().ports, policy, input)).status
    } catch {
      return 'unknown'
    }
  }
  const ran = async ({ relay }: Live): Promise<void> => {
    await relay.round().catch(() => undefined)
  }
  const redeemed = (): SpendCall[] =>
    tables.intents
      .values()
      .flatMap(({ voucher, operation }) => {
        const spend = voucher === null ? undefined : vouchers.get(operation)
        return spend && random.chance(0.3) ? [spend] : []
      })
      .toArray()

  const open = () => tables.intents.values().filter(isOpen).toArray()
  for (let step = 0; step < STEPS; step++) {
    // Nobody asks any more, and nothing is under way that could go wrong.
    if (step >= ASKS_END && open().length === 0) break
    now += BLOCK_S * 1_000
    const input = inputs[step % 6]
    const work: Promise<unknown>[] = [ran(anyProcess())]
    if (random.chance(0.6)) work.push(ran(anyProcess()))
    if (input && step < ASKS_END) work.push(ask(input), ...(random.chance(0.2) ? [ask(input)] : []))
    await Promise.all(work)
    if (random.chance(0.1)) chain.reorg(1 + random.int(3))
    if (random.chance(0.06)) chain.forget()
    if (random.chance(0.06)) chain.setPaused(!chain.isPaused())
    if (random.chance(0.06)) chain.setBase(random.pick([10n, 60n, 200n]))
    if (random.chance(0.02)) {
      const { key } = random.pick(inputs)
      chain.cancel(operationOf(sha256, { ...policy, id: `client/${key}` }))
    }
    weather.liar = nodeCount === 3 && random.chance(0.5) ? random.int(3) : -1
    chain.mine({ outside: random.chance(0.05) ? [random.pick(senders)] : [], redeemed: redeemed() })
  }

  faults.isOn = false
  weather.isOn = false
  weather.liar = -1
  chain.setPaused(false)
  chain.setBase(10n)
  live.splice(0, live.length, start(), start())
  await Promise.all(faults.late.map((each) => each.catch(() => undefined)))
  for (const input of inputs) check((await ask(input)) !== 'unknown', `${input.key} has no answer`)
  for (let step = 0; open().length > 0; step++) {
    const first = open()[0]
    check(step < LAST_STEPS_MAX, `${first?.id} stays ${first?.state}, ${first?.waitsFor ?? ''}`)
    now += BLOCK_S * 1_000
    await live[step % PROCESSES]?.relay.round()
    chain.mine({ redeemed: redeemed() }, 1)
  }

  if (seed % 4 === 1) for (const sender of senders) await spendAnew(sender)

  /** Whatever has happened, a sender is of use again: nothing that it left behind stands in front of a new spend. */
  async function spendAnew(sender: Address): Promise<void> {
    const [{ ports }] = live as [Live]
    const relay = createRelay({ ...ports, senders: [signerOf(sender)] }, policy)
    const input = { ...own, account: LAST, wallet: walletOf(LAST), memo: '', amountRaw: 1n }
    // One may come behind its deadline, while what stands in front of it is used up.
    for (let tries = 0; tries < LAST_SPENDS_MAX; tries++) {
      const key = `${sender}-${tries}`
      await spendPoints(ports, policy, { ...input, key, way: 'relayed' })
      for (let step = 0; open().length > 0 && step < LAST_STEPS_MAX; step++) {
        now += BLOCK_S * 1_000
        await relay.round()
        chain.mine({}, 1)
      }
      const ended = tables.intents.get(`${own.scope}/${key}`)
      check(ended !== undefined && !isOpen(ended), `${key} stays ${ended?.state}`)
      if (ended?.state === 'settled') return
      tally['spent anew again'] = (tally['spent anew again'] ?? 0) + 1
    }
    check(false, `${sender} cannot be used any more`)
  }

  // Whatever was ever sent may come back; what was given back is not spent by it.
  chain.setPaused(false)
  for (let step = 0; step < FINAL_DEPTH + 2; step++) {
    chain.submitAll(given)
    chain.mine({ redeemed: [...vouchers.values()] }, 1)
  }
  check(slotFaults.length === 0, slotFaults[0] ?? '')
  check(early.size === 0, 'bytes were sent before they were stored')
  check([...given].every(stored), 'bytes that were sent are not stored any more')
  check(
    (tally['used again'] ?? 0) === 0,
    'an operation was sent with two nonces that were both open',
  )
  const paid = new Map(ACCOUNTS.map((account) => [account, 0n]))
  for (const intent of tables.intents.values()) {
    const { state, operation, account, amountRaw, id } = intent
    const status = chain.statusIn(chain.head(), operation)
    tally[`end ${state}`] = (tally[`end ${state}`] ?? 0) + 1
    check(state === (status === 'spent' ? 'settled' : state), `${id} is ${state}, and was spent`)
    check(state !== 'settled' || status === 'spent', `${id} is settled, and was never spent`)
    check(state !== 'quarantined', `${id} is quarantined: ${intent.waitsFor ?? ''}`)
    if (status === 'spent') paid.set(account, (paid.get(account) ?? 0n) + amountRaw)
  }
  for (const account of ACCOUNTS) {
    const { value } = await readBalance({ store, sha256 }, LEDGER, { asset: ASSET, account })
    const right = GRANT - (paid.get(account) ?? 0n)
    check(
      value.availableRaw === right && value.heldRaw === 0n,
      `${account} has ${value.availableRaw} and ${value.heldRaw} held, and should have ${right}`,
    )
  }
  if (seed % 4 === 0) {
    const [{ ports }] = live as [Live]
    const { differences } = await reconcile(ports, policy, { actor: 'sim', isRepair: false })
    check(differences.length === 0, `the ledger and the chain differ: ${differences[0]?.cause}`)
  }
  const { breaches } = await auditLedger({ store, sha256 }, LEDGER)
  check(breaches.length === 0, `the audit finds ${breaches[0]?.detail}`)
  return tally
}

/** What was signed for a nonce stays, in its order; each offers a tenth more, and behind a fill are only fills. */
function watchSlots({ slots }: ReturnType<typeof newMemoryIntents>): readonly string[] {
  // A process that is told of it by an error takes it for one of its own.
  const faults: string[] = []
  const check = (condition: boolean, what: string): void => void (condition || faults.push(what))
  const put = slots.set.bind(slots)
  slots.set = (name, slot) => {
    const before = slots.get(name)?.signed ?? []
    const isLonger = before.every(({ hash }, index) => slot.signed[index]?.hash === hash)
    check(isLonger, `what was signed for ${name} is stored over`)
    for (const [index, { feeMaxRaw, tipRaw, purpose }] of slot.signed.entries()) {
      const last = slot.signed[index - 1]
      if (!last) continue
      const isMore = feeMaxRaw * 10n >= last.feeMaxRaw * 11n && tipRaw * 10n >= last.tipRaw * 11n
      check(isMore, `what is signed anew for ${name} offers too little more`)
      const isFill = last.purpose === 'fill'
      check(!isFill || purpose === 'fill', `a spend is signed behind a fill for ${name}`)
    }
    return put(name, slot)
  }
  return faults
}
