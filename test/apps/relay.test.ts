import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Address } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import type { Intent } from '#core/relay/intent.ts'
import { readOperation } from '#core/relay/read-operation.ts'
import { createRelay, type Relay } from '#core/relay/run-relay.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { type OpenRelay, openRelay } from '#wiring/open-relay.ts'
import { readSettings } from '#wiring/settings.ts'
import { type PointsChain, senderKeys, startPointsChain, voucherKey } from './points-chain.ts'
import { reportOf, runCli } from './run-cli.ts'

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

let files = 0
/** A configuration with records of its own. @param sender which of the keys; each test that claims nonces has its own */
function configOf(relay: object = {}): string {
  const name = `records-${(files += 1)}`
  const path = join(folder, `${name}.json`)
  const file = {
    chain: { id: 31_337, rpc: [world.anvil.url], finality: FINALITY },
    sources: [{ kind: 'erc721', address: `0x${'aa'.repeat(20)}` }],
    records: `sqlite:./${name}.db`,
    relay: {
      contract: world.address,
      senders: [{ key: senderKeys[0] }],
      voucherSigner: { key: voucherKey },
      bumpSeconds: 1,
      deadlineSeconds: 600,
      ...relay,
    },
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}

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

const spend = (app: App, key: string, amountRaw: bigint, way: Intent['way'] = 'relayed') =>
  spendPoints(app.ports, app.policy, {
    scope: 'tests',
    key,
    actor: 'tester',
    account: 'alice',
    wallet,
    amountRaw,
    memo: '',
    way,
  })

const stateOf = async (app: App, key: string) =>
  (await readOperation(app.ports, app.policy.chainId, `tests/${key}`)).state

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

  test('the command line spends, relays, shows, puts aside and lets go on, with the name of whoever did it', async () => {
    const config = configOf()
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
    expect(reportOf(await run('sender', 'status'))).toMatchObject({ ahead: 0, hasFunds: true })
    const once = await run('relay', '--once')
    expect(reportOf(once)).toMatchObject({ open: 1, moved: 1 })
    expect(once.stderr + once.stdout).not.toContain(senderKeys[0]?.slice(2))
    await world.mine()
  })
})
