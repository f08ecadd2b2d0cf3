import type { Address } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import type { IntentStore } from '#core/relay/ports.ts'
import { createRelay } from '#core/relay/run-relay.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { openRelay } from '#wiring/open-relay.ts'
import { readSettings } from '#wiring/settings.ts'

/*
 * A process that spends points on a chain and is killed behind one of its writes. Usage: node
 * relay-child.ts CONFIG KEY WRITE WALLET
 */

const [config = '', key = '', write = '', wallet = ''] = process.argv.slice(2)
let writes = 0

async function around<T>(work: () => Promise<T>): Promise<T> {
  writes += 1
  const isLast = writes === Number(write)
  const result = await work()
  if (isLast) process.kill(process.pid, 'SIGKILL')
  return result
}

const settings = readSettings(config)
await using opened = await openRelay(settings, () => undefined)
const { ports: given, policy } = opened
const intents: IntentStore = {
  ...given.intents,
  insertIntent: (intent) => around(() => given.intents.insertIntent(intent)),
  replaceIntent: (intent) => around(() => given.intents.replaceIntent(intent)),
  insertSlot: (slot) => around(() => given.intents.insertSlot(slot)),
  replaceSlot: (slot) => around(() => given.intents.replaceSlot(slot)),
}
const store: LedgerStore = {
  ...given.store,
  write: (steps) =>
    given.store.write((writer) =>
      steps({ ...writer, insertEntry: (entry) => around(() => writer.insertEntry(entry)) }),
    ),
}
const clerk = createLedgerClerk({ ...given, store }, policy.ledger)
const ports = { ...given, intents, store, clerk }
const input = { scope: 'tests', key, actor: 'tester', account: 'alice', memo: '' }
await spendPoints(ports, policy, {
  ...input,
  wallet: wallet as Address,
  amountRaw: 7n,
  way: 'relayed',
})
const relay = createRelay(ports, policy)
const url = settings.chain.rpc[0]?.url ?? ''
for (let round = 0; round < 8; round++) {
  await relay.round()
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_mine', params: ['0x2'] })
  const headers = { 'content-type': 'application/json' }
  await (await fetch(url, { method: 'POST', headers, body })).text()
}
