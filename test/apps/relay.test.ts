import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keccak256, toHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Address, Hex } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import type { Intent } from '#core/relay/intent.ts'
import { readOperation } from '#core/relay/read-operation.ts'
import { retryIntent } from '#core/relay/quarantine-intent.ts'
import { reconcile } from '#core/relay/reconcile.ts'
import { createRelay, type Relay } from '#core/relay/run-relay.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { type OpenRelay, openRelay } from '#wiring/open-relay.ts'
import { readSettings } from '#wiring/settings.ts'
import {
  type PointsChain,
  senderKeys,
  startLiar,
  startPointsChain,
  voucherKey,
} from './points-chain.ts'
import { reportOf, runCli } from './run-cli.ts'
import { spawnNode } from './spawn-app.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const FINALITY = 3
const wallet: Address = `0x${'a1'.repeat(20)}`
let folder: string
let world: PointsChain

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-relay-'))
  world = await startPointsChain()
})
afterAll(async () => {
  await world.anvil.stop()
  rmSync(folder, { recursive: true })
})

/** A file that holds it, which nobody else can read. */
function keyFileOf(key: Hex): string {
  const path = join(folder, `${key.slice(2, 6)}.key`)
  writeFileSync(path, key, { mode: 0o600 })
  return path
}

let files = 0
/** A configuration with records of its own. */
function configOf(relay: object = {}, chain: object = {}): string {
  const name = `records-${(files += 1)}`
  const path = join(folder, `${name}.json`)
  const file = {
    chain: { id: 31_337, rpc: [world.anvil.url], finality: FINALITY, ...chain },
    sources: [{ kind: 'erc721', address: `0x${'aa'.repeat(20)}` }],
    records: `sqlite:./${name}.db`,
    relay: {
      contract: world.address,
      // Spends of another ledger are other ones to the contract.
      ledger: name,
      senders: [{ keyFile: keyFileOf(senderKeys[0] as Hex) }],
      voucherSigner: { keyFile: keyFileOf(voucherKey) },
      bumpSeconds: 3_600,
      deadlineSeconds: 600,
      ...relay,
    },
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}

const configNamed = (file: number): string => join(folder, `records-${file}.json`)

type App = OpenRelay & { readonly relay: Relay; readonly warned: string[] }

async function openApp(config: string): Promise<App> {
  const warned: string[] = []
  const opened = await openRelay(readSettings(config), (message) => void warned.push(message))
  return { ...opened, relay: createRelay(opened.ports, opened.policy), warned }
}

async function fund(app: App, account: string, amountRaw: bigint): Promise<void> {
  const { ports, policy } = app
  const clerk = createLedgerClerk(ports, policy.ledger)
  const { asset } = policy
  const by = { scope: 'tests', actor: 'tester' }
  const none = { spendMaxRaw: null, spendPerDayMaxRaw: null, balanceMaxRaw: null }
  const limits = { ...none, supplyMaxRaw: null, expiresAfterMs: null }
  const policyOf = { kind: 'set-asset', asset, name: 'Points', decimals: 0, ...limits } as const
  await clerk.submit({ ...by, key: 'asset', operation: policyOf })
  const grant = { kind: 'grant', asset, account, amountRaw, memo: '' } as const
  await clerk.submit({ ...by, key: `grant-${account}`, operation: grant })
}

const spend = (
  app: App,
  key: string,
  amountRaw: bigint,
  way: Intent['way'] = 'relayed',
  of: Address = wallet,
) =>
  spendPoints(app.ports, app.policy, {
    scope: 'tests',
    key,
    actor: 'tester',
    account: 'alice',
    wallet: of,
    amountRaw,
    memo: '',
    way,
  })

const stateOf = async (app: App, key: string) =>
  (await readOperation(app.ports, app.policy.chainId, `tests/${key}`)).state

/** Mines and relays until nothing is under way any more. */
async function settleAll(app: App): Promise<void> {
  for (let rounds = 0; rounds < 12; rounds++) {
    await world.mine(2)
    const { open, moved } = await app.relay.round()
    if (open === 0 && moved === 0) return
  }
  throw new Error(`something is still under way: ${app.warned.join('; ')}`)
}

async function balance({ ports, policy }: App) {
  const of = { asset: policy.asset, account: 'alice' }
  const { availableRaw, heldRaw } = (await readBalance(ports, policy.ledger, of)).value
  return { available: availableRaw, held: heldRaw }
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
      configOf({ senders: senderKeys.map((key) => ({ keyFile: keyFileOf(key) })) }),
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
    await using other = await openApp(configNamed(files))
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
    await using next = await openApp(configNamed(files))
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

  test('a process that is killed between the writes of a spend leaves nothing behind that the next one does not end', async () => {
    const config = configOf()
    {
      await using app = await openApp(config)
      await fund(app, 'alice', 1_000n)
    }
    const before = await world.spentEvents()
    // Behind the claim of the nonce, the signature, and the verdict.
    const kills = [4, 7, 11]
    for (const kill of kills) {
      const words = [config, `k${kill}`, String(kill), wallet]
      const child = spawnNode('test/servers/relay-child.ts', ...words)
      expect(await child.end, child.stderr()).toBe('SIGKILL')
    }
    await using app = await openApp(config)
    for (const kill of kills)
      expect(await spend(app, `k${kill}`, 7n)).toMatchObject({ status: 'accepted' })
    await settleAll(app)
    expect(await balance(app)).toEqual({ available: 1_000n - 21n, held: 0n })
    expect(await world.spentEvents()).toBe(before + 3)
    expect(await auditLedger(app.ports, app.policy.ledger)).toMatchObject({ breaches: [] })
  })

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
      configOf({ startBlock: (await world.chain.getBlockNumber().then(Number)) + 1 }),
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
    expect(await auditLedger(ports, policy.ledger)).toMatchObject({ breaches: [] })
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
