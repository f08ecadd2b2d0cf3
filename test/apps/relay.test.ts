import { keccak256, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import { readOperation } from '#core/relay/read-operation.ts'
import { quarantine, retryIntent } from '#core/relay/quarantine-intent.ts'
import { reconcile } from '#core/relay/reconcile.ts'
import { createRelay } from '#core/relay/run-relay.ts'
import { watchRelay } from '#cli/relay/watch-relay.ts'
import { eventually } from '../fakes/eventually.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'
import { type PointsChain, senderKeys, startLiar } from './points-chain.ts'
import {
  balance,
  FINALITY,
  fund,
  openApp,
  openRelayRig,
  spend,
  stateOf,
  wallet,
} from './relay-rig.ts'
import { reportOf, runCli } from './run-cli.ts'
import { type App, spawnNode } from './spawn-app.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const mongo = await openMongoServer()
let rig: Awaited<ReturnType<typeof openRelayRig>>
let world: PointsChain
const configOf: typeof rig.configOf = (...args) => rig.configOf(...args)
const settleAll: typeof rig.settleAll = (app) => rig.settleAll(app)

beforeAll(async () => {
  rig = await openRelayRig()
  ;({ world } = rig)
})
afterAll(async () => {
  await rig.close()
  await mongo?.stop()
})

/** What an outage may look like. */
function refuseOthers(error: unknown): void {
  if (!isAppError(error, 'unavailable')) throw error
}

describe('the relay on a chain', () => {
  test('a spend is put aside, sent, and settled when its block is final, once', async () => {
    await using app = await openApp(configOf())
    await fund(app, 'alice', 100n)
    const spent = await world.spentEvents()
    expect(await spend(app, 'one', 30n)).toMatchObject({ status: 'accepted', isReplay: false })
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('sent')
    await world.mine()
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('mined')
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await world.mine(FINALITY)
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('settled')
    expect(await balance(app)).toEqual({ available: 70n, held: 0n })
    expect(await spend(app, 'one', 30n)).toMatchObject({ status: 'accepted', isReplay: true })
    expect(await spend(app, 'one', 31n)).toEqual({ status: 'key-reused' })
    expect(await world.spentEvents()).toBe(spent + 1)
    const { ports, policy } = app
    expect(await auditLedger(ports, policy.ledger)).toMatchObject({ breaches: [] })
  })

  test('of 150 spends at once those succeed that can be paid, and one key sent 50 times is one of them', async () => {
    await using app = await openApp(
      configOf({ senders: senderKeys.map((key) => ({ keyFile: rig.keyFileOf(key) })) }),
    )
    await fund(app, 'alice', 100n)
    const before = await world.spentEvents()
    const same = Array.from({ length: 50 }, () => spend(app, 'same', 3n))
    const others = Array.from({ length: 150 }, (_, index) => spend(app, `p${index}`, 3n))
    const outcomes = await Promise.all([...same, ...others])
    const own = outcomes.slice(0, 50)
    expect(own.every(({ status }) => status === 'accepted')).toBe(true)
    const taken = outcomes.slice(50).filter(({ status }) => status === 'accepted')
    expect(taken).toHaveLength(32)
    expect(await balance(app)).toEqual({ available: 1n, held: 99n })
    // Two processes look after them at once.
    await using other = await openApp(rig.lastConfig())
    await Promise.all([app.relay.round(), other.relay.round()])
    await settleAll(app)
    expect(await balance(app)).toEqual({ available: 1n, held: 0n })
    expect(await world.spentEvents()).toBe(before + 33)
    expect(await auditLedger(app.ports, app.policy.ledger)).toMatchObject({ breaches: [] })
  })

  test('a spend whose block is taken back is sent again, with the same bytes, and settled once', async () => {
    await using app = await openApp(configOf())
    await fund(app, 'alice', 100n)
    await world.mine(FINALITY)
    const before = await world.spentEvents()
    await spend(app, 'one', 30n)
    await app.relay.round()
    await world.mine()
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('mined')
    // The new blocks are without it, and nobody has it any more.
    await world.chain.request({ method: 'anvil_reorg', params: [2, []] } as never)
    await world.chain.request({ method: 'anvil_dropAllTransactions' } as never)
    expect(await world.spentEvents()).toBe(before)
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('sent')
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    // Another process knows what was signed, and not when it was sent.
    await using next = await openApp(rig.lastConfig())
    await next.relay.round()
    await settleAll(next)
    const { slot } = await readOperation(app.ports, 31_337, 'tests/one')
    const [claimed] = slot ? await app.ports.intents.slots(31_337, slot, 1) : []
    expect(claimed?.signed).toHaveLength(1)
    expect(await world.spentEvents()).toBe(before + 1)
    expect(await balance(app)).toEqual({ available: 70n, held: 0n })
  })

  test('records that were restored from before a spend find it on the chain, and nothing is sent again', async () => {
    await using app = await openApp(configOf({ ledger: 'restored' }))
    await fund(app, 'alice', 100n)
    await spend(app, 'one', 30n)
    await app.relay.round()
    await settleAll(app)
    const before = await world.spentEvents()
    await using restored = await openApp(configOf({ ledger: 'restored' }))
    await fund(restored, 'alice', 100n)
    await spend(restored, 'one', 30n)
    await restored.relay.round()
    const found = await readOperation(restored.ports, 31_337, 'tests/one')
    expect(found).toMatchObject({ state: 'settled', slot: null })
    expect(await balance(restored)).toEqual({ available: 70n, held: 0n })
    // The same key for something else is not what the chain has.
    await using other = await openApp(configOf({ ledger: 'restored' }))
    await fund(other, 'alice', 100n)
    await spend(other, 'one', 31n)
    await other.relay.round()
    expect(await readOperation(other.ports, 31_337, 'tests/one')).toMatchObject({
      state: 'quarantined',
      waitsFor: expect.stringMatching(/30 of 0xa1/),
    })
    expect(await balance(other)).toEqual({ available: 69n, held: 31n })
    expect(await world.spentEvents()).toBe(before)
  })

  test('a process that is killed (kill -9) behind any write of a spend leaves nothing behind that the next one does not end', async () => {
    const config = configOf()
    await using app = await openApp(config)
    await fund(app, 'alice', 1_000n)
    const before = await world.spentEvents()
    const start = (write: number): App =>
      spawnNode('test/servers/relay-child.ts', config, `k${write}`, String(write), wallet)
    let kills = 0
    let next = start(1)
    for (;;) {
      const child = next
      await child.said(/ready/)
      // It starts while this one works.
      next = start(kills + 2)
      child.child.kill('SIGUSR2')
      const end = await child.end
      if (end === 0) break
      kills += 1
      expect(end, child.stderr()).toBe('SIGKILL')
      // The client does not know what became of it, and asks again.
      expect(await spend(app, `k${kills}`, 7n)).toMatchObject({ status: 'accepted' })
      await settleAll(app)
      expect(await balance(app)).toEqual({ available: 1_000n - 7n * BigInt(kills), held: 0n })
      expect(await world.spentEvents()).toBe(before + kills)
    }
    next.child.kill('SIGKILL')
    await next.end
    // The record, its hold, the nonce, the pin, the signature, what was sent, the verdict, its entry, and each step's state.
    expect(kills).toBeGreaterThanOrEqual(17)
    await settleAll(app)
    expect(await world.spentEvents()).toBe(before + kills + 1)
    expect(await auditLedger(app.ports, app.policy.ledger)).toMatchObject({ breaches: [] })
  })

  test.skipIf(!mongo?.crash)(
    'a store that is killed and started again in the middle of a spend has it once',
    async () => {
      const server = mongo as MongoServer
      // During the entry that holds the points, the claim of the nonce, the signature, the verdict, and the entry that settles.
      const outages = [2, 4, 7, 11, 12]
      let [writes, outage] = [0, 0]
      async function during<T>(work: () => Promise<T>): Promise<T> {
        writes += 1
        if (writes !== outage) return work()
        const [answer] = await Promise.all([
          work().then(
            (value) => ({ value }),
            (error: unknown) => ({ error }),
          ),
          server.crash?.().then(() => server.restart()),
        ])
        if ('error' in answer) throw answer.error
        return answer.value
      }
      const ledger = 'outages'
      const config = configOf({ ledger }, {}, server.url(freshDatabase()))
      await using app = await openApp(config, (given) => {
        const { intents, store } = given
        const failing: LedgerStore = {
          ...store,
          write: (steps) =>
            store.write((writer) =>
              steps({ ...writer, insertEntry: (entry) => during(() => writer.insertEntry(entry)) }),
            ),
        }
        return {
          store: failing,
          clerk: createLedgerClerk({ ...given, store: failing }, ledger),
          intents: {
            ...intents,
            insertIntent: (intent) => during(() => intents.insertIntent(intent)),
            replaceIntent: (intent) => during(() => intents.replaceIntent(intent)),
            insertSlot: (slot) => during(() => intents.insertSlot(slot)),
            replaceSlot: (slot) => during(() => intents.replaceSlot(slot)),
          },
        }
      })
      await fund(app, 'alice', 100n)
      const before = await world.spentEvents()
      for (const each of outages) {
        ;[writes, outage] = [0, each]
        const ask = () => spend(app, `outage-${each}`, 7n)
        await eventually(async () => expect(await ask()).toMatchObject({ status: 'accepted' }))
        for (let round = 0; round < 6; round++) {
          await app.relay.round().catch(refuseOthers)
          await world.mine(2)
        }
        expect(writes, 'the spend has as many writes').toBeGreaterThanOrEqual(each)
        outage = 0
        await eventually(() => settleAll(app))
        await eventually(async () => expect(await stateOf(app, `outage-${each}`)).toBe('settled'))
      }
      // A read that a client lost with the server is told to whoever asked, who asks again.
      await eventually(async () => expect(await balance(app)).toEqual({ available: 65n, held: 0n }))
      expect(await world.spentEvents()).toBe(before + outages.length)
      await eventually(async () =>
        expect(await auditLedger(app.ports, app.policy.ledger)).toMatchObject({ breaches: [] }),
      )
    },
  )

  test('points come back when the deadline has passed in a final block, and not before', async () => {
    await using app = await openApp(configOf({ deadlineSeconds: 60, maxFeeGwei: 5 }))
    await fund(app, 'alice', 100n)
    await world.chain.setNextBlockBaseFeePerGas({ baseFeePerGas: 1_000_000_000n })
    await world.mine()
    await spend(app, 'one', 30n)
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('sent')
    // Fees rise above the ceiling: it stays where it is.
    await world.chain.setNextBlockBaseFeePerGas({ baseFeePerGas: 100_000_000_000n })
    await world.mine(FINALITY + 1)
    await app.relay.round()
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await world.chain.increaseTime({ seconds: 120 })
    await world.mine()
    await app.relay.round()
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await world.chain.setNextBlockBaseFeePerGas({ baseFeePerGas: 1_000_000_000n })
    await world.mine(FINALITY + 1)
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('voided')
    expect(await balance(app)).toEqual({ available: 100n, held: 0n })
    const { operation } = await readOperation(app.ports, 31_337, 'tests/one')
    expect(await world.statusOf(operation)).toBe(0)
  })

  test('a nonce that was used from elsewhere costs another nonce, and the spend is done once', async () => {
    await using app = await openApp(configOf())
    await fund(app, 'alice', 100n)
    await spend(app, 'one', 30n)
    await app.relay.round()
    const first = (await readOperation(app.ports, 31_337, 'tests/one')).slot
    await world.chain.request({ method: 'anvil_dropAllTransactions' } as never)
    await world.useNonce(senderKeys[0] as Hex, first?.nonce as number)
    await world.mine(FINALITY + 1)
    await app.relay.round()
    await settleAll(app)
    const { slot, rounds, state } = await readOperation(app.ports, 31_337, 'tests/one')
    expect({ state, rounds, isNext: slot?.nonce === (first?.nonce ?? 0) + 1 }).toEqual({
      state: 'settled',
      rounds: 1,
      isNext: true,
    })
    expect(await balance(app)).toEqual({ available: 70n, held: 0n })
  })

  test('while the contract is paused nothing is signed, and points that nobody signs for come back', async () => {
    await using app = await openApp(configOf({ leaseSeconds: 10 }))
    await fund(app, 'alice', 100n)
    await world.send(world.admin, 'setPaused', [true])
    await world.mine()
    await spend(app, 'one', 30n)
    await app.relay.round()
    expect(await readOperation(app.ports, 31_337, 'tests/one')).toMatchObject({
      state: 'held',
      slot: null,
      waitsFor: expect.stringMatching(/IsPaused/),
    })
    const clock = { ...app.ports.clock, nowMs: () => Date.now() + 11_000 }
    const clerk = createLedgerClerk({ ...app.ports, clock }, app.policy.ledger)
    await createRelay({ ...app.ports, clock, clerk }, app.policy).round()
    expect(await stateOf(app, 'one')).toBe('voided')
    expect(await balance(app)).toEqual({ available: 100n, held: 0n })
    await world.send(world.admin, 'setPaused', [false])
    await world.mine()
  })

  test('an account spends with a voucher; what the contract says counts, whatever hash it came by', async () => {
    await using app = await openApp(configOf())
    await fund(app, 'alice', 100n)
    const { user } = world
    await spend(app, 'mine', 30n, 'voucher', user.toLowerCase() as Address)
    await app.relay.round()
    const intent = await readOperation(app.ports, 31_337, 'tests/mine')
    expect(intent).toMatchObject({ state: 'signed', slot: null })
    const { operation, deadlineS, voucher } = intent
    await world.send(user, 'redeem', [operation, user, 30n, deadlineS, voucher])
    await world.mine()
    await settleAll(app)
    expect(await stateOf(app, 'mine')).toBe('settled')
    expect(await balance(app)).toEqual({ available: 70n, held: 0n })
  })

  test('an operation that was cancelled on the chain gives its points back when that is final, long before its deadline', async () => {
    await using app = await openApp(configOf())
    await fund(app, 'alice', 100n)
    const { user, admin } = world
    await world.send(admin, 'setRole', [keccak256(toHex('SPENDER')), admin, true])
    await world.mine()
    await spend(app, 'mine', 30n, 'voucher', user.toLowerCase() as Address)
    await app.relay.round()
    const { operation, deadlineS, voucher } = await readOperation(app.ports, 31_337, 'tests/mine')
    await world.send(admin, 'cancel', [operation])
    await world.mine()
    await app.relay.round()
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await world.mine(FINALITY)
    await app.relay.round()
    expect(await readOperation(app.ports, 31_337, 'tests/mine')).toMatchObject({
      state: 'voided',
      verdict: { kind: 'void', cause: 'cancelled' },
    })
    expect(await balance(app)).toEqual({ available: 100n, held: 0n })
    await world.send(user, 'redeem', [operation, user, 30n, deadlineS, voucher])
    await world.mine()
    expect(await world.statusOf(operation)).toBe(2)
  })

  test('a node that lies about what is final settles nothing and gives nothing back', async () => {
    await using liar = await startLiar(world.anvil.url)
    const rpc = [world.anvil.url, liar.url]
    await using app = await openApp(configOf({}, { rpc, finality: FINALITY }))
    await fund(app, 'alice', 100n)
    await world.mine(FINALITY)
    await spend(app, 'one', 30n)
    await app.relay.round()
    await app.relay.round()
    // Of two nodes both are needed.
    expect(await readOperation(app.ports, 31_337, 'tests/one')).toMatchObject({
      state: 'held',
      waitsFor: 'nodes that say the same',
    })
    liar.stopLying()
    await app.relay.round()
    await settleAll(app)
    expect(await stateOf(app, 'one')).toBe('settled')
  })

  test('the ledger and the chain are compared both ways, and what differs is mended by entries', async () => {
    await using app = await openApp(
      configOf({
        startBlock: (await world.chain.getBlockNumber({ cacheTime: 0 }).then(Number)) + 1,
      }),
    )
    const { ports, policy } = app
    const look = (isRepair = false) => reconcile(ports, policy, { actor: 'tester', isRepair })
    await fund(app, 'alice', 100n)
    await spend(app, 'fine', 10n)
    await spend(app, 'returned', 20n)
    await spend(app, 'open', 5n)
    await app.relay.round()
    expect(await look()).toMatchObject({ holds: 3, differences: [] })
    // Somebody gives points back by hand while the transaction is out.
    const voiding = { kind: 'void', hold: 'tests/returned', memo: 'by hand' } as const
    const by = { scope: 'tests', actor: 'tester' }
    await ports.clerk.submit({ ...by, key: 'by-hand', operation: voiding })
    await world.mine(FINALITY + 1)
    const causes = async (isRepair?: boolean) =>
      (await look(isRepair)).differences.map(({ cause, hold, repair }) => ({ cause, hold, repair }))
    expect((await causes()).map(({ cause }) => cause).toSorted()).toEqual([
      'spent-and-open',
      'spent-and-open',
      'spent-and-returned',
    ])
    await app.relay.round()
    expect(await stateOf(app, 'returned')).toBe('quarantined')
    const returned = { cause: 'spent-and-returned', hold: 'tests/returned' }
    expect(await causes()).toEqual([{ ...returned, repair: 'possible' }])
    expect(await balance(app)).toEqual({ available: 85n, held: 0n })
    expect(await causes(true)).toEqual([{ ...returned, repair: 'done' }])
    expect(await balance(app)).toEqual({ available: 65n, held: 0n })
    expect(await causes(true)).toEqual([])
    const aside = await readOperation(ports, 31_337, 'tests/returned')
    await retryIntent(ports, aside, 'tester', '')
    await app.relay.round()
    expect(await stateOf(app, 'returned')).toBe('settled')
    expect(await balance(app)).toEqual({ available: 65n, held: 0n })
    // Another spender, and a ledger that was told what the chain does not have.
    const stranger = `0x${'77'.repeat(32)}`
    await world.send(world.admin, 'setRole', [keccak256(toHex('SPENDER')), world.admin, true])
    await world.mine()
    await world.send(world.admin, 'spend', [stranger, wallet, 3n, 2n ** 40n])
    await spend(app, 'told', 4n)
    const { operation, id } = await readOperation(ports, 31_337, 'tests/told')
    const settling = { kind: 'settle', hold: id, amountRaw: 4n, feeRaw: 0n, memo: '' } as const
    const key = `settle:${operation}`
    await ports.clerk.submit({ scope: 'relay', actor: 'tester', key, operation: settling })
    await world.mine(FINALITY + 1)
    expect((await look(true)).differences).toMatchObject([
      { cause: 'settled-and-unspent', hold: 'tests/told', repair: 'none' },
      { cause: 'unknown-spend', hold: null, wallet, why: 'insufficient-points' },
    ])
    // Nobody can pay it, and somebody decides that nobody has to.
    const writeOff = { actor: 'tester', isRepair: true, isWriteOff: true }
    expect((await reconcile(ports, policy, writeOff)).differences).toMatchObject([
      { cause: 'settled-and-unspent', repair: 'none' },
      { cause: 'unknown-spend', repair: 'done', why: null },
    ])
    for (const how of [writeOff, { actor: 'tester', isRepair: true }])
      expect((await reconcile(ports, policy, how)).differences).toMatchObject([
        { cause: 'settled-and-unspent' },
      ])
    const [losses] = await ports.store.documents(policy.ledger, [
      { kind: 'system', id: 'points/losses' },
    ])
    expect(losses && JSON.parse(losses.body)).toEqual({ balanceRaw: '-3' })
    expect(await auditLedger(ports, policy.ledger)).toMatchObject({ breaches: [] })
  })

  test('an operator is told what is under way, what waits for a person, and how the senders are', async () => {
    const now = Number(await world.chain.getBlockNumber({ cacheTime: 0 }))
    await using app = await openApp(
      configOf({ minBalanceWei: String(10n ** 20n), startBlock: now + 1 }),
    )
    await fund(app, 'alice', 100n)
    await spend(app, 'one', 30n)
    await spend(app, 'two', 30n)
    await app.relay.round()
    const intent = await readOperation(app.ports, 31_337, 'tests/two')
    await quarantine(app.ports, intent, 'tester', 'looked at by hand')
    const watch = watchRelay(app.ports, app.policy, 'local')
    await using listener = await watch.listen(
      { host: '127.0.0.1', port: 0, field: 'relay.metricsPort' },
      (error) => {
        throw error
      },
    )
    const asked = async (path: string) => (await fetch(`${listener.url}${path}`)).text()
    watch.roundEnded(undefined)
    watch.roundEnded('the store is away')
    const found = await reconcile(app.ports, app.policy, { actor: 'tester', isRepair: false })
    watch.compared(found)
    expect(JSON.parse(await asked('/ready')).reasons).toEqual({ rounds: 'the store is away' })
    const none = { hold: null, account: null, wallet, heldRaw: null, blockNumber: now, why: null }
    const operation: Hash = `0x${'77'.repeat(32)}`
    const difference = { cause: 'unknown-spend', operation, spentRaw: 3n, repair: 'none' } as const
    watch.compared({ ...found, differences: [{ ...none, ...difference }] })
    watch.compared(undefined)
    const stop = new AbortController()
    const watching = watch.run(stop.signal)
    await eventually(async () =>
      expect(await asked('/metrics')).toContain('halyard_relay_sender_funded{'),
    )
    stop.abort()
    await watching
    const sender = app.ports.senders[0]?.sender
    const metrics = await asked('/metrics')
    for (const line of [
      'halyard_relay_spends{chain="local",state="held"} 1',
      'halyard_relay_spends{chain="local",state="quarantined"} 1',
      'halyard_relay_rounds_total{chain="local",outcome="failed"} 1',
      'halyard_relay_comparisons_total{chain="local",outcome="failed"} 1',
      'halyard_relay_differences{chain="local",cause="spent-and-open"} 0',
      'halyard_relay_differences{chain="local",cause="unknown-spend"} 1',
      `halyard_relay_sender_funded{chain="local",sender="${sender}"} 0`,
      `halyard_relay_sender_waiting_seconds{chain="local",sender="${sender}"} 0`,
    ])
      expect(metrics.split('\n')).toContain(line)
    expect(JSON.parse(await asked('/ready'))).toEqual({
      status: 'not-ready',
      reasons: {
        rounds: 'the store is away',
        spends: '1 are quarantined; run halyard ops list',
        senders: expect.stringContaining(`${sender}: too little ether`),
        ledger: '1 differences to the chain; run halyard points reconcile',
      },
    })
  })

  test('the command line spends, relays, shows, puts aside and lets go on, with the name of whoever did it', async () => {
    const config = configOf({ ledger: 'points' })
    {
      await using app = await openApp(config)
      await fund(app, 'alice', 100n)
    }
    const run = (...args: string[]) => runCli(...args, '--config', config)
    const spending = (amount: string, key: string) =>
      run(
        ...`points spend alice ${amount} --on-chain --wallet ${wallet}`.split(' '),
        ...`--key ${key} --yes --json`.split(' '),
      )
    const spent = await spending('30', 'k1')
    expect(reportOf(spent)).toMatchObject({ status: 'accepted', state: 'held', id: 'cli/k1' })
    const much = await spending('300', 'k2')
    expect(much.code).toBe(3)
    expect(reportOf(much)).toMatchObject({ status: 'refused', code: 'insufficient-points' })
    const aside = await run('ops', 'quarantine', 'cli/k1', '--actor', 'clerk:7', '--yes', '--json')
    expect(reportOf(aside)).toMatchObject({ state: 'quarantined' })
    const shown = reportOf(await run('ops', 'show', 'cli/k1', '--json'))
    expect(shown).toMatchObject({ state: 'quarantined', resumeIn: 'held', slot: null })
    expect(JSON.stringify(shown)).toContain('clerk:7')
    expect(reportOf(await run('ops', 'retry', 'cli/k1', '--yes', '--json'))).toMatchObject({
      state: 'held',
    })
    const once = await run('relay', '--once')
    expect(reportOf(once)).toMatchObject({ open: 1, moved: 1 })
    expect(once.stderr + once.stdout).not.toContain(senderKeys[0]?.slice(2))
    await world.mine()
  })
})
