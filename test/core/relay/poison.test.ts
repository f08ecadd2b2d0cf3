import { describe, expect, test } from 'vitest'
import type { Address, Hex } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import type { SenderSight } from '#core/relay/ports.ts'
import type { RelayPolicy, RelayPorts } from '#core/relay/relay-ports.ts'
import { createRelay } from '#core/relay/run-relay.ts'
import { spendPoints } from '#core/relay/spend-points.ts'
import { createMemoryIntentStore } from '../../fakes/intent-store.ts'
import { createRandom } from '../../fakes/random.ts'
import { createModelChain } from '../../simulation/relay/model-chain.ts'
import { createModelNodes } from '../../simulation/relay/model-nodes.ts'
import { asset, createLedgerApp, grant, LEDGER } from '../ledger/ledger-app.ts'

const wallet: Address = `0x${'a1'.repeat(20)}`
const [poor, rich]: Address[] = [`0x${'51'.repeat(20)}`, `0x${'52'.repeat(20)}`]
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

async function openWorld(change: (ports: RelayPorts) => Partial<RelayPorts>) {
  const ledger = await createLedgerApp()
  const { sha256 } = ledger.ports
  const random = createRandom(1)
  const chain = createModelChain(random, sha256)
  const clock = { ...ledger.ports.clock, monotonicMs: () => 0 }
  const base: RelayPorts = {
    intents: createMemoryIntentStore(),
    store: ledger.ports.store,
    clerk: createLedgerClerk({ ...ledger.ports, clock }, LEDGER),
    sha256,
    clock,
    chain: createModelNodes(chain, {
      random,
      sha256,
      nodeCount: 1,
      weather: { isOn: false, liar: -1 },
    }),
    senders: [poor, rich].map((sender) => ({
      sender: sender as Address,
      sign: async (draft) => chain.sign(sender as Address, draft),
    })),
    vouchers: undefined,
    warn: () => undefined,
  }
  const ports = { ...base, ...change(base) }
  const relay = createRelay(ports, policy)
  await ledger.submit(grant('alice', 100n))
  const spend = (key: string) =>
    spendPoints(ports, policy, {
      scope: 'tests',
      key,
      actor: 'tester',
      account: 'alice',
      wallet,
      amountRaw: 10n,
      memo: '',
      way: 'relayed',
    })
  return { ports, relay, chain, spend }
}

describe('a relay that meets trouble', () => {
  test('a spend whose step fails again and again is put before a person, and holds up no other', async () => {
    let poison: string | undefined
    const { ports, relay, spend } = await openWorld(({ chain }) => ({
      chain: {
        ...chain,
        async rehearse(sender, call) {
          if (call.operation === poison) throw new TypeError('a bug')
          return chain.rehearse(sender, call)
        },
      },
    }))
    const outcome = await spend('a')
    if (outcome.status === 'accepted') poison = outcome.intent.operation
    await spend('b')
    for (let round = 0; round < 4; round++) await relay.round()
    expect(await ports.intents.intent('tests/a')).toMatchObject({ state: 'held', faults: 4 })
    expect(await ports.intents.intent('tests/b')).toMatchObject({ state: 'sent' })
    await relay.round()
    expect(await ports.intents.intent('tests/a')).toMatchObject({
      state: 'quarantined',
      resumeIn: 'held',
      waitsFor: 'a bug',
    })
  })

  test('a sender without funds takes on nothing, and another one does', async () => {
    const { ports, relay, spend } = await openWorld(({ chain }) => ({
      chain: {
        ...chain,
        async look(operations, senders) {
          const sights = await chain.look(operations, senders)
          const broke = (each: SenderSight, index: number): SenderSight =>
            senders[index] === poor ? { ...each, balanceRaw: 0n } : each
          return sights.map((sight) => ({ ...sight, senders: sight.senders.map(broke) }))
        },
      },
    }))
    for (const key of ['a', 'b', 'c']) await spend(key)
    await relay.round()
    for (const key of ['a', 'b', 'c'])
      expect(await ports.intents.intent(`tests/${key}`)).toMatchObject({ slot: { sender: rich } })
  })

  test.each([{ contract: `0x${'c1'.repeat(20)}` as const }, { ledger: 'gems' }])(
    'what another relay spends over the same records is left to it: %o',
    async (other) => {
      const { ports, relay, spend } = await openWorld(() => ({}))
      await spend('a')
      await relay.round()
      const before = await ports.intents.intent('tests/a')
      expect(before).toMatchObject({ state: 'sent', slot: { nonce: 0 } })
      // Its contract has never seen the spend.
      const elsewhere = createModelChain(createRandom(2), ports.sha256)
      const nodes = { nodeCount: 1, weather: { isOn: false, liar: -1 } }
      const given: Hex[] = []
      const warned: string[] = []
      const theirs: RelayPorts = {
        ...ports,
        chain: {
          ...createModelNodes(elsewhere, {
            random: createRandom(2),
            sha256: ports.sha256,
            ...nodes,
          }),
          send: async (bytes) => {
            given.push(bytes)
            return 'accepted'
          },
        },
        clock: { ...ports.clock, nowMs: () => ports.clock.nowMs() + 2 * policy.bumpAfterMs },
        warn: (message) => void warned.push(message),
      }
      const foreign = createRelay(theirs, { ...policy, ...other })
      const signedAfterRounds = async () => {
        for (let round = 0; round < 3; round++) await foreign.round()
        expect(await ports.intents.intent('tests/a')).toEqual(before)
        const [slot] = before?.slot ? await ports.intents.slots(1, before.slot, 1) : []
        return slot?.signed ?? []
      }
      const first = await signedAfterRounds()
      expect(first).toHaveLength(1)
      // Others wait for its nonce, so what was signed goes out; nothing else is signed.
      expect(new Set(given)).toEqual(new Set(first.map(({ bytes }) => bytes)))
      // Behind the deadline no contract takes it any more, and nothing is left to do for it but to use up the nonce.
      for (let block = 0; block < 400; block++) elsewhere.mine()
      const more = (await signedAfterRounds()).map(({ purpose }) => purpose)
      expect(new Set(more.slice(1))).toEqual(new Set(['fill']))
      expect(warned).toEqual([
        'a spend is of another contract or ledger, and is left to its own relay',
      ])
    },
  )
})
