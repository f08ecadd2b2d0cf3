import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Intent, Slot } from '#core/relay/intent.ts'
import type { IntentStore } from '#core/relay/ports.ts'

export type IntentHarness = {
  /** Another connection, as another process would have one. */
  connect(): Promise<IntentStore & { close?(): void | Promise<void> }>
  dispose(): Promise<void>
  /** False for a stand-in that does not keep changes of one document apart: they are made one by one. */
  readonly isAtomic: boolean
}

const sender = `0x${'51'.repeat(20)}` as const
const CHAIN = 7

const intent = (id: string, change: Partial<Intent> = {}): Intent => ({
  id,
  scope: 'tests',
  key: id,
  actor: 'tester',
  way: 'relayed',
  ledger: 'points',
  asset: 'points',
  account: 'alice',
  wallet: `0x${'a1'.repeat(20)}`,
  amountRaw: 2n ** 59n + 1n,
  memo: 'a “line” with ✓',
  chainId: CHAIN,
  contract: `0x${'c0'.repeat(20)}`,
  operation: `0x${'0f'.repeat(32)}`,
  createdMs: 1,
  leaseMs: 1_000,
  state: 'new',
  deadlineS: null,
  fromBlock: null,
  slot: null,
  voucher: null,
  rounds: 0,
  faults: 0,
  waitsFor: null,
  verdict: null,
  refusal: null,
  resumeIn: null,
  version: 1,
  history: [],
  ...change,
})

const slot = (nonce: number, change: Partial<Slot> = {}): Slot => ({
  chainId: CHAIN,
  sender,
  nonce,
  intent: 'tests/a',
  signed: [],
  version: 1,
  ...change,
})

/** What every store of spends under way does. One place holds all tests, which use names of their own. */
export function intentStoreContract(name: string, open: () => Promise<IntentHarness>): void {
  describe(`spends under way in ${name}`, () => {
    let harness: IntentHarness
    let [store, other]: (IntentStore & { close?(): void | Promise<void> })[] = []
    const both = (): readonly [IntentStore, IntentStore] => [
      store as IntentStore,
      other as IntentStore,
    ]
    beforeAll(async () => {
      harness = await open()
      ;[store, other] = [await harness.connect(), await harness.connect()]
    })
    afterAll(async () => {
      await store?.close?.()
      await other?.close?.()
      await harness.dispose()
    })

    /** Ten attempts of two processes: how many were told that they did it. */
    async function won(attempt: (of: IntentStore, index: number) => Promise<boolean>) {
      const stores = Array.from({ length: 10 }, (_, index) => both()[index % 2] as IntentStore)
      const told: boolean[] = []
      if (harness.isAtomic)
        told.push(...(await Promise.all(stores.map((each, index) => attempt(each, index)))))
      else for (const [index, each] of stores.entries()) told.push(await attempt(each, index))
      return told.filter(Boolean).length
    }

    test('a spend is recorded once, as it was given, and is there for others', async () => {
      const [one, two] = both()
      const first = intent('tests/once', {
        verdict: {
          kind: 'spent',
          evidence: {
            blockNumber: 9,
            blockHash: `0x${'bb'.repeat(32)}`,
            transaction: `0x${'cc'.repeat(32)}`,
            account: `0x${'a1'.repeat(20)}`,
            amountRaw: 2n ** 70n,
          },
        },
      })
      expect(await one.insertIntent(first)).toBe(true)
      expect(await two.insertIntent(intent('tests/once', { account: 'bob' }))).toBe(false)
      expect(await two.intent('tests/once')).toEqual(first)
      expect(await two.intent('tests/none')).toBeUndefined()
    })

    test('of ten who change a spend at once one does', async () => {
      const [one, two] = both()
      await one.insertIntent(intent('tests/changed'))
      const change = (of: IntentStore, index: number) =>
        of.replaceIntent(intent('tests/changed', { version: 2, state: 'held', faults: index }))
      expect(await won(change)).toBe(1)
      const late = intent('tests/changed', { version: 2, account: 'late' })
      expect(await two.replaceIntent(late)).toBe(false)
      expect(await two.replaceIntent(intent('tests/missing', { version: 2 }))).toBe(false)
      expect(await one.intent('tests/changed')).toMatchObject({ state: 'held', account: 'alice' })
    })

    test('spends are listed by name and state, of one chain, in pages', async () => {
      const [one, two] = both()
      for (const [id, state] of [
        ['list/c', 'held'],
        ['list/a', 'sent'],
        ['list/b', 'settled'],
      ] as const)
        await one.insertIntent(intent(id, { chainId: 8, state }))
      await one.insertIntent(intent('list/d', { chainId: 9, state: 'held' }))
      const idsOf = async (options: Parameters<IntentStore['listIntents']>[1]) =>
        (await two.listIntents(8, options)).map(({ id }) => id)
      expect(await idsOf({ limit: 10 })).toEqual(['list/a', 'list/b', 'list/c'])
      expect(await idsOf({ limit: 2, after: 'list/a' })).toEqual(['list/b', 'list/c'])
      expect(await idsOf({ limit: 10, states: ['held', 'sent'] })).toEqual(['list/a', 'list/c'])
      await one.replaceIntent(intent('list/a', { chainId: 8, state: 'settled', version: 2 }))
      expect(await idsOf({ limit: 10, states: ['held', 'sent'] })).toEqual(['list/c'])
    })

    test('a nonce is claimed by one of ten who want it at once, for good', async () => {
      const [one, two] = both()
      expect(await one.lastNonce(CHAIN, sender)).toBeUndefined()
      expect(await won((of, index) => of.insertSlot(slot(4, { intent: `tests/${index}` })))).toBe(1)
      expect(await two.insertSlot(slot(4, { intent: null }))).toBe(false)
      expect(await two.insertSlot(slot(4, { chainId: 8 }))).toBe(true)
      expect(await one.insertSlot(slot(10))).toBe(true)
      expect(await two.lastNonce(CHAIN, sender)).toBe(10)
      const found = await two.slots(CHAIN, { sender, nonce: 5 }, 10)
      expect(found).toEqual([slot(10)])
      expect(await two.slots(CHAIN, { sender, nonce: 0 }, 1)).toMatchObject([{ nonce: 4 }])
    })

    test('of ten who sign for a nonce at once one is stored, and nobody else’s bytes come in its place', async () => {
      const [one, two] = both()
      await one.insertSlot(slot(20))
      const signed = (index: number) => ({
        hash: `0x${String(index).padStart(64, '0')}` as const,
        bytes: '0x02' as const,
        purpose: 'spend' as const,
        feeMaxRaw: 2n ** 80n,
        tipRaw: 1n,
        signedAtMs: 5,
      })
      const sign = (of: IntentStore, index: number) =>
        of.replaceSlot(slot(20, { signed: [signed(index)], version: 2 }))
      expect(await won(sign)).toBe(1)
      const [there] = await two.slots(CHAIN, { sender, nonce: 20 }, 1)
      expect(there?.signed).toMatchObject([{ feeMaxRaw: 2n ** 80n, purpose: 'spend' }])
      expect(await two.replaceSlot(slot(20, { version: 2 }))).toBe(false)
    })

    test('a sender is as it was put last', async () => {
      const [one, two] = both()
      expect(await one.sender(CHAIN, sender)).toBeUndefined()
      const state = { chainId: CHAIN, sender, isDrained: true, by: 'tester', atMs: 3 }
      await one.putSender(state)
      expect(await two.sender(CHAIN, sender)).toEqual(state)
      await two.putSender({ ...state, isDrained: false })
      expect(await one.sender(CHAIN, sender)).toMatchObject({ isDrained: false })
      expect(await one.sender(8, sender)).toBeUndefined()
    })
  })
}
