import { sha256 } from '#adapters/node/sha256.ts'
import type { Receipt } from '#core/ledger/append.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation } from '#core/ledger/operation.ts'
import type { AssetPolicy } from '#core/ledger/operation.ts'
import { readBalance } from '#core/ledger/read-balance.ts'
import { createMemoryLedgerStore, type MemoryLedgers } from '../../fakes/ledger-store.ts'

export const LEDGER = 'points'
export const asset = 'gems'

export const policy: AssetPolicy = {
  name: 'Gems',
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: null,
  supplyMaxRaw: null,
  expiresAfterMs: null,
}

/** Operations in few words. */
export const grant = (account: string, amountRaw: bigint): Operation => ({
  kind: 'grant',
  asset,
  account,
  amountRaw,
  memo: '',
})
export const spend = (account: string, amountRaw: bigint, feeRaw = 0n): Operation => ({
  kind: 'spend',
  asset,
  account,
  amountRaw,
  feeRaw,
  memo: '',
})
export const hold = (account: string, amountRaw: bigint, leaseMs: number | null = null) =>
  ({ kind: 'hold', asset, account, amountRaw, leaseMs, memo: '' }) as const

/** What became of it, in a word. */
export const wordOf = (receipt: Receipt): string => {
  if (receipt.status !== 'recorded') return receipt.status
  const { outcome } = receipt
  return outcome.status === 'done' ? 'done' : outcome.code
}

/** A ledger in memory with one asset, and a clock that is set by hand. */
export async function createLedgerApp(limits: Partial<AssetPolicy> = {}) {
  const ledgers: MemoryLedgers = new Map()
  const store = createMemoryLedgerStore(ledgers)
  const clock = { now: 1_700_000_000_000, nowMs: () => clock.now, sleep: async () => undefined }
  const ports = { store, sha256, clock }
  const clerk = createLedgerClerk(ports, LEDGER)
  let keys = 0
  const submit = (operation: Operation, key = `k${(keys += 1)}`) =>
    clerk.submit({ scope: 'tests', key, actor: 'tester', operation })
  await submit({ kind: 'set-asset', asset, ...policy, ...limits }, 'asset')
  return {
    ledgers,
    ports: { ...ports, clerk },
    clock,
    submit,
    run: async (operation: Operation, key?: string) => wordOf(await submit(operation, key)),
    balance: async (account: string) => {
      const { value, isFrozen } = await readBalance(ports, LEDGER, { asset, account })
      const { availableRaw, heldRaw, provisionalRaw } = value
      return { available: availableRaw, held: heldRaw, provisional: provisionalRaw, isFrozen }
    },
  }
}
