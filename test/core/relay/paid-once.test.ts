import { describe, expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk, type LedgerClerk } from '#core/ledger/clerk.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import type { AssetPolicy, Operation } from '#core/ledger/operation.ts'
import { lateKey } from '#core/relay/ask-ledger.ts'
import { type Intent, moved, RELAY_SCOPE } from '#core/relay/intent.ts'
import type { OnChainStatus, PointsEvent, RelayChain } from '#core/relay/ports.ts'
import { reconcile } from '#core/relay/reconcile.ts'
import type { RelayPolicy } from '#core/relay/relay-ports.ts'
import { resolveIntent } from '#core/relay/resolve-intent.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { createMemoryIntentStore } from '../../fakes/intent-store.ts'
import { asset, createLedgerApp, grant, LEDGER, spend } from '../ledger/ledger-app.ts'

const wallet: Address = `0x${'a1'.repeat(20)}`
const hash = `0x${'b1'.repeat(32)}` as const
const policy: RelayPolicy = {
  chainId: 1,
  contract: `0x${'c0'.repeat(20)}`,
  startBlock: 0,
  ledger: LEDGER,
  asset,
  leaseMs: 3_600_000,
  deadlineS: 3_600,
  feeMaxRaw: 100n,
  balanceMinRaw: 1n,
  bumpAfterMs: 60_000,
}

/**
 * A spend that the chain has, whose client repeats it after its records were lost, while an operator repairs. What is done
 * in the middle of the two is done before a request of this key reaches the ledger.
 */
async function openWorld(
  before: string,
  inTheMiddle: (world: World) => Promise<unknown>,
  grantedRaw = 100n,
) {
  const ledger = await createLedgerApp()
  const clock = { ...ledger.ports.clock, monotonicMs: () => 0 }
  const plain = createLedgerClerk({ ...ledger.ports, clock }, LEDGER)
  let isMet = false
  const clerk: LedgerClerk = {
    ...plain,
    async submit(request) {
      if (request.key.startsWith(before) && !isMet) {
        isMet = true
        await inTheMiddle(world)
      }
      return plain.submit(request)
    },
  }
  const base = {
    intents: createMemoryIntentStore(),
    store: ledger.ports.store,
    sha256: ledger.ports.sha256,
    clock,
    clerk,
    warn: () => undefined,
  }
  const give = (amountRaw: bigint) => ledger.submit(grant(wallet, amountRaw))
  if (grantedRaw > 0n) await give(grantedRaw)
  const repeat = async (): Promise<Intent> => {
    const outcome = await spendPoints(base, policy, {
      scope: 'tests',
      key: 'a',
      actor: 'tester',
      account: wallet,
      wallet,
      amountRaw: 10n,
      memo: '',
      way: 'relayed',
    })
    if (outcome.status !== 'accepted') throw new Error(outcome.status)
    return outcome.intent
  }
  const evidence = { blockNumber: 5, blockHash: hash, transaction: hash, account: wallet }
  const settle = async (intent: Intent): Promise<Intent> => {
    const verdict = { kind: 'spent', evidence: { ...evidence, amountRaw: 10n } } as const
    const found = moved(intent, 0, { state: 'settling', verdict })
    await base.intents.replaceIntent(found)
    return resolveIntent(base, found)
  }
  const repair = async (operation: Intent['operation'], isWriteOff = false) => {
    const event: PointsEvent = { kind: 'spent', operation, amountRaw: 10n, ...evidence }
    const block = { number: 10, timestamp: 1_000 }
    const chain = {
      nodeCount: 1,
      look: async () => [{ latest: block, final: block, operations: [], senders: [] }],
      events: async () => [[event]],
    } as unknown as RelayChain
    const how = { actor: 'operator', isRepair: true, isWriteOff }
    const { differences } = await reconcile({ ...base, chain }, policy, how)
    return differences.map(({ cause, repair: became }) => `${cause}: ${became}`)
  }
  /** As a repair does that has looked before the spend was repeated. */
  const payLate = (operation: Intent['operation']) =>
    plain.submit({
      scope: RELAY_SCOPE,
      key: lateKey(operation),
      actor: 'operator',
      operation: { kind: 'spend', asset, account: wallet, amountRaw: 10n, feeRaw: 0n, memo: '' },
    })
  const left = async (): Promise<bigint> => {
    const { value } = await readBalance(base, LEDGER, { asset, account: wallet })
    expect(value.heldRaw).toBe(0n)
    return value.availableRaw
  }
  const lost = async (): Promise<string | undefined> => {
    const id = `${asset}/losses`
    const [losses] = await base.store.documents(LEDGER, [{ kind: 'system', id }])
    return losses?.body
  }
  /** Has all the account's points spent on something else. */
  const useUp = async (): Promise<void> => void (await ledger.submit(spend(wallet, 10n)))
  /** Gives the points back, and has them spent on something else. */
  const endByHand = async ({ id }: Intent): Promise<void> => {
    await ledger.submit({ kind: 'void', hold: id, memo: '' })
    await useUp()
  }
  const world: World = { repeat, settle, repair, payLate, left, lost, give, useUp, endByHand }
  return world
}

type World = {
  readonly repeat: () => Promise<Intent>
  readonly settle: (intent: Intent) => Promise<Intent>
  readonly repair: (operation: Intent['operation'], isWriteOff?: boolean) => Promise<string[]>
  readonly payLate: (operation: Intent['operation']) => Promise<unknown>
  readonly left: () => Promise<bigint>
  readonly lost: () => Promise<string | undefined>
  readonly give: (amountRaw: bigint) => Promise<unknown>
  readonly useUp: () => Promise<void>
  readonly endByHand: (intent: Intent) => Promise<void>
}

const nothing = async (): Promise<void> => undefined
const NONE = '{"balanceRaw":"0"}'

/** The name of the spend in the contract, as another installation would find it. */
async function nameOf(): Promise<Intent['operation']> {
  const { repeat } = await openWorld('none', nothing)
  return (await repeat()).operation
}

test('a spend that is repeated while a repair pays it is paid once, whichever was first', async () => {
  const operation = await nameOf()
  const first = await openWorld('late:', async (world) => world.settle(await world.repeat()))
  await first.repair(operation)
  expect(await first.left()).toBe(90n)

  const second = await openWorld('hold-is-made-first', nothing)
  await second.repair(operation)
  expect((await second.settle(await second.repeat())).state).toBe('settled')
  expect(await second.left()).toBe(90n)
})

test('one whose hold is settled in the same moment as a repair pays it is paid once', async () => {
  const operation = await nameOf()
  let isRepaired = false
  const world = await openWorld('settle:', async ({ payLate }) => {
    isRepaired = true
    await payLate(operation)
  })
  const intent = await world.repeat()
  expect((await world.settle(intent)).state).toBe('settled')
  expect(isRepaired).toBe(true)
  expect(await world.left()).toBe(90n)
})

/** A spend that the ledger has settled, and a chain that says whatever is set. */
async function openSettled(limits: Partial<AssetPolicy> = {}) {
  const ledger = await createLedgerApp(limits)
  const clock = { ...ledger.ports.clock, monotonicMs: () => 0 }
  const plain = createLedgerClerk({ ...ledger.ports, clock }, LEDGER)
  const meanwhile: Operation[] = []
  const clerk: LedgerClerk = {
    ...plain,
    async submit(sent) {
      if (sent.key.startsWith('unspent:'))
        for (const operation of meanwhile.splice(0)) await ledger.submit(operation)
      return plain.submit(sent)
    },
  }
  const { store, sha256 } = ledger.ports
  const says: { status: OnChainStatus; timestamp: number } = { status: 'none', timestamp: 1_000 }
  const ports = { intents: createMemoryIntentStore(), store, sha256, clock, clerk }
  await ledger.submit(grant(wallet, 100n))
  const input = { scope: 'tests', key: 'a', actor: 'tester', account: wallet, wallet, memo: '' }
  const outcome = await spendPoints(ports, policy, { ...input, amountRaw: 10n, way: 'relayed' })
  if (outcome.status !== 'accepted') throw new Error(outcome.status)
  const { intent } = outcome
  const { operation } = intent
  await clerk.submit({
    scope: RELAY_SCOPE,
    key: `settle:${operation}`,
    actor: 'relay',
    operation: { kind: 'settle', hold: intent.id, amountRaw: 10n, feeRaw: 0n, memo: '' },
  })
  const evidence = { blockNumber: 5, blockHash: hash, transaction: hash, account: wallet }
  const chain = {
    nodeCount: 1,
    look: async (asks: readonly object[]) => {
      const block = { number: 10, timestamp: says.timestamp }
      const { status } = says
      const event = status === 'spent' ? { ...evidence, amountRaw: 10n } : null
      const sight = { latest: status, final: status, event, isReverted: false }
      return [{ latest: block, final: block, operations: asks.map(() => sight), senders: [] }]
    },
    events: async (): Promise<PointsEvent[][]> => {
      if (says.status === 'none') return [[]]
      if (says.status === 'cancelled') return [[{ kind: 'cancelled', operation, blockNumber: 5 }]]
      return [[{ kind: 'spent', operation, amountRaw: 10n, ...evidence }]]
    },
  } as unknown as RelayChain
  return {
    says,
    /** What others do in the moment in which points are given back. */
    meanwhile,
    submit: ledger.submit,
    /** The nodes may take it up to this time, in seconds since 1970. */
    fixDeadline: (deadlineS: number) =>
      ports.intents.replaceIntent(moved(intent, 0, { deadlineS, state: 'sent' })),
    /** As where records of the relay are restored to before the spend. */
    forget: () => Object.assign(ports, { intents: createMemoryIntentStore() }),
    compare: async (isRepair: boolean) =>
      (await reconcile({ ...ports, chain }, policy, { actor: 'operator', isRepair })).differences,
    available: async () => (await ledger.balance(wallet)).available,
    audit: () => auditLedger(ports, LEDGER),
  }
}

test('what was settled and never spent is given back once nobody can spend it any more, once', async () => {
  const world = await openSettled()
  const unspent = { cause: 'settled-and-unspent', repair: 'none' }
  expect(await world.compare(true)).toMatchObject([
    { ...unspent, why: expect.stringMatching(/nobody knows until when/) },
  ])
  await world.fixDeadline(2_000)
  world.says.timestamp = 2_000
  expect(await world.compare(true)).toMatchObject([
    { ...unspent, why: expect.stringMatching(/until its deadline/) },
  ])
  expect(await world.available()).toBe(90n)
  world.says.timestamp = 2_001
  expect(await world.compare(false)).toMatchObject([{ ...unspent, repair: 'possible' }])
  expect(await world.compare(true)).toMatchObject([{ ...unspent, repair: 'done' }])
  expect(await world.compare(true)).toEqual([])
  // What the ledger has given back is no difference, whatever the relay remembers of it.
  world.forget()
  expect(await world.compare(true)).toEqual([])
  expect(await world.available()).toBe(100n)
  expect(await world.audit()).toMatchObject({ breaches: [] })
})

test('what was settled and is cancelled on the chain is given back, whatever its deadline', async () => {
  const world = await openSettled()
  world.says.status = 'cancelled'
  expect(await world.compare(true)).toMatchObject([
    { cause: 'cancelled-and-settled', repair: 'done' },
  ])
  expect(await world.compare(true)).toEqual([])
  expect(await world.available()).toBe(100n)
})

test('what a limit refuses to give back in the moment of a repair is given back by a later one, once', async () => {
  const world = await openSettled({ balanceMaxRaw: 100n })
  world.says.status = 'cancelled'
  world.meanwhile.push(grant(wallet, 10n))
  const refused = { cause: 'cancelled-and-settled', repair: 'none' }
  expect(await world.compare(true)).toMatchObject([refused])
  expect(await world.compare(true)).toMatchObject([{ ...refused, why: 'balance-limit' }])
  await world.submit(spend(wallet, 30n))
  expect(await world.compare(true)).toMatchObject([{ ...refused, repair: 'done' }])
  expect(await world.compare(true)).toEqual([])
  expect(await world.available()).toBe(80n)
  world.says.status = 'spent'
  expect(await world.compare(true)).toMatchObject([{ cause: 'spent-and-returned', repair: 'done' }])
  expect(await world.compare(true)).toEqual([])
  expect(await world.available()).toBe(70n)
  expect(await world.audit()).toMatchObject({ breaches: [] })
})

test('what was given back and is spent after all, since final blocks were taken back, is paid again', async () => {
  const world = await openSettled()
  world.says.status = 'cancelled'
  await world.compare(true)
  world.says.status = 'spent'
  expect(await world.compare(true)).toMatchObject([{ cause: 'spent-and-returned', repair: 'done' }])
  expect(await world.compare(true)).toEqual([])
  expect(await world.available()).toBe(90n)
  expect(await world.audit()).toMatchObject({ breaches: [] })
})

test('one that a repair has paid and whose hold another repair settles is paid once', async () => {
  const operation = await nameOf()
  const world = await openWorld('none', nothing)
  expect(await world.repair(operation)).toEqual(['unknown-spend: done'])
  const intent = await world.repeat()
  expect(await world.repair(operation)).toEqual(['spent-and-open: done'])
  expect(await world.left()).toBe(90n)
  expect((await world.settle(intent)).state).toBe('settled')
  expect(await world.left()).toBe(90n)
  expect(await world.repair(operation)).toEqual([])
})

test('one that its account could not pay in the moment of a repair is paid by another one, once', async () => {
  const operation = await nameOf()
  for (const isWriteOff of [false, true]) {
    const poor = async ({ useUp }: World): Promise<void> => useUp()
    const world = await openWorld('late:', poor, 10n)
    expect(await world.repair(operation)).toEqual(['unknown-spend: none'])
    expect(await world.repair(operation)).toEqual(['unknown-spend: none'])
    if (!isWriteOff) await world.give(100n)
    expect(await world.repair(operation, isWriteOff)).toEqual(['unknown-spend: done'])
    expect(await world.repair(operation, isWriteOff)).toEqual([])
    expect(await world.left()).toBe(isWriteOff ? 0n : 90n)
    // A client that repeats it pays once, whoever has paid before.
    if (isWriteOff) await world.give(100n)
    expect((await world.settle(await world.repeat())).state).toBe('settled')
    expect([await world.left(), (await world.lost()) ?? NONE]).toEqual([90n, NONE])
  }
})

describe('one that was written off', () => {
  test('is paid by its account where the client repeats it, whoever settles it', async () => {
    const operation = await nameOf()
    for (const isByRepair of [false, true]) {
      const world = await openWorld('none', nothing, 0n)
      expect(await world.repair(operation)).toEqual(['unknown-spend: none'])
      expect(await world.repair(operation, true)).toEqual(['unknown-spend: done'])
      expect(await world.lost()).toBe('{"balanceRaw":"-10"}')
      await world.give(100n)
      const intent = await world.repeat()
      if (isByRepair) expect(await world.repair(operation)).toEqual(['spent-and-open: done'])
      expect((await world.settle(intent)).state).toBe('settled')
      expect([await world.left(), await world.lost()]).toEqual([90n, NONE])
    }
  })

  test('in the moment in which its hold is settled is no loss', async () => {
    const operation = await nameOf()
    const settled = async (world: World): Promise<void> => {
      await world.give(100n)
      await world.settle(await world.repeat())
    }
    const world = await openWorld('late:', settled, 0n)
    expect(await world.repair(operation, true)).toEqual(['unknown-spend: done'])
    expect([await world.left(), await world.lost()]).toEqual([90n, NONE])
  })

  test('stays a loss where nothing is held for it any more', async () => {
    const operation = await nameOf()
    const world = await openWorld('none', nothing, 10n)
    const intent = await world.repeat()
    await world.endByHand(intent)
    expect(await world.repair(operation, true)).toEqual(['spent-and-returned: done'])
    expect((await world.settle(intent)).state).toBe('settled')
    expect([await world.left(), await world.lost()]).toEqual([0n, '{"balanceRaw":"-10"}'])
  })
})
