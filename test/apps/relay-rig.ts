import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address, Hex } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import type { Intent } from '#core/relay/intent.ts'
import { readOperation } from '#core/relay/read-operation.ts'
import type { RelayPorts } from '#core/relay/relay-ports.ts'
import { createRelay, type Relay } from '#core/relay/run-relay.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { type OpenRelay, openRelay } from '#wiring/open-relay.ts'
import { readSettings } from '#wiring/settings.ts'
import { type PointsChain, senderKeys, startPointsChain, voucherKey } from './points-chain.ts'

/** Blocks behind the newest one that is final, in these tests. */
export const FINALITY = 3
export const wallet: Address = `0x${'a1'.repeat(20)}`

export type App = OpenRelay & { readonly relay: Relay; readonly warned: string[] }

/** A relay over records, with functions that take it where the tests want it. */
export async function openApp(
  config: string,
  change: (ports: RelayPorts) => Partial<RelayPorts> = () => ({}),
): Promise<App> {
  const warned: string[] = []
  const opened = await openRelay(readSettings(config), (message) => void warned.push(message))
  const ports = { ...opened.ports, ...change(opened.ports) }
  return { ...opened, ports, relay: createRelay(ports, opened.policy), warned }
}

export async function fund(app: App, account: string, amountRaw: bigint): Promise<void> {
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

export const spend = (
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

export const stateOf = async (app: App, key: string) =>
  (await readOperation(app.ports, app.policy.chainId, `tests/${key}`)).state

export async function balance({ ports, policy }: App) {
  const of = { asset: policy.asset, account: 'alice' }
  const { availableRaw, heldRaw } = (await readBalance(ports, policy.ledger, of)).value
  return { available: availableRaw, held: heldRaw }
}

/** A chain with a points contract, and configurations over it, each with records of its own. */
export async function openRelayRig() {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-relay-'))
  const world: PointsChain = await startPointsChain()
  let files = 0

  /** A file that holds it, which nobody else can read. */
  function keyFileOf(key: Hex): string {
    const path = join(folder, `${key.slice(2, 6)}.key`)
    writeFileSync(path, key, { mode: 0o600 })
    return path
  }

  return {
    world,
    keyFileOf,
    configOf(relay: object = {}, chain: object = {}, records?: string): string {
      const name = `records-${(files += 1)}`
      const path = join(folder, `${name}.json`)
      const file = {
        chain: { id: 31_337, rpc: [world.anvil.url], finality: FINALITY, ...chain },
        sources: [{ kind: 'erc721', address: `0x${'aa'.repeat(20)}` }],
        records: records ?? `sqlite:./${name}.db`,
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
    },
    /** The newest one, for a second process over the same records. */
    lastConfig: (): string => join(folder, `records-${files}.json`),
    /** Mines and relays until nothing is under way any more. */
    async settleAll(app: App): Promise<void> {
      for (let rounds = 0; rounds < 12; rounds++) {
        await world.mine(2)
        const { open, moved } = await app.relay.round()
        if (open === 0 && moved === 0) return
      }
      throw new Error(`something is still under way: ${app.warned.join('; ')}`)
    },
    async close(): Promise<void> {
      await world.anvil.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
