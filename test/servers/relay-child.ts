import { once } from 'node:events'
import type { Address } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import type { IntentStore, RelayChain } from '#core/relay/ports.ts'
import { createRelay } from '#core/relay/run-relay.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import '#faces/keep-compiled.js'

/*
 * A process that spends points on a chain and is killed behind one of its writes, which are counted from 1. It says `ready`,
 * and begins when it is told to by SIGUSR2, so that the next one can be started while this one works. It ends with 0 where
 * it has fewer writes. Usage: node relay-child.ts CONFIG KEY WRITE WALLET
 */

const [config = '', key = '', write = '', wallet = ''] = process.argv.slice(2)
const { openRelay } = await import('#wiring/open-relay.ts')
const { readSettings } = await import('#wiring/settings.ts')
await import('#adapters/ethers/relay-signer.ts')
const waiting = setInterval(() => undefined, 60_000)
const told = once(process, 'SIGUSR2')
process.stdout.write('ready\n')
await told
clearInterval(waiting)

let writes = 0
async function around<T>(work: () => Promise<T>, isWrite: () => boolean = () => true): Promise<T> {
  const result = await work()
  if (!isWrite()) return result
  writes += 1
  if (writes === Number(write)) process.kill(process.pid, 'SIGKILL')
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
/** Both inside of a transaction and behind it, where an entry was written. */
const store: LedgerStore = {
  ...given.store,
  write(steps) {
    let isChanged = false
    return around(
      () =>
        given.store.write((writer) =>
          steps({
            ...writer,
            insertEntry(entry) {
              isChanged = true
              return around(() => writer.insertEntry(entry))
            },
          }),
        ),
      () => isChanged,
    )
  },
}
const chain: RelayChain = { ...given.chain, send: (bytes) => around(() => given.chain.send(bytes)) }
const clerk = createLedgerClerk({ ...given, store }, policy.ledger)
const ports = { ...given, intents, store, clerk, chain }
const input = { scope: 'tests', key, actor: 'tester', account: 'alice', memo: '' }
await spendPoints(ports, policy, {
  ...input,
  wallet: wallet as Address,
  amountRaw: 7n,
  way: 'relayed',
})
const relay = createRelay(ports, policy)
const url = settings.chain.rpc[0]?.url ?? ''
for (let round = 0; round < 4; round++) {
  await relay.round()
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_mine', params: ['0x2'] })
  const headers = { 'content-type': 'application/json' }
  await (await fetch(url, { method: 'POST', headers, body })).text()
}
