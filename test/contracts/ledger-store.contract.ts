import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'
import { appendGroup, type Receipt } from '#core/ledger/append.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk, type LedgerClerk } from '#core/ledger/clerk.ts'
import type { LedgerDocument } from '#core/ledger/document.ts'
import { originOf, type StoredEntry } from '#core/ledger/entry.ts'
import { listLeaders } from '#core/ledger/list-leaders.ts'
import { listStatement } from '#core/ledger/list-statement.ts'
import type { Operation, OperationRequest } from '#core/ledger/operation.ts'
import type { LedgerStore, LedgerWriter } from '#core/ledger/ports.ts'
import { readBalance, readBalanceAt } from '#core/ledger/read-balance.ts'

export type LedgerHarness = {
  /** Another connection, as another process would have one. */
  connect(): Promise<LedgerStore & { close?(): void | Promise<void> }>
  dispose(): Promise<void>
  /** Of the places where a writer is stopped, every nth is tried. */
  readonly everyNth: number
  /** Whether a transaction keeps other writers out until it ends. */
  readonly locks: boolean
}

/** A process that has ended. */
class Killed extends Error {}

/** Called before and after each write; throwing ends the writer there. */
type Step = () => Promise<void>

/** The same store, with a step around each write; documents are replaced in two halves. */
function stepped(store: LedgerStore, step: Step): LedgerStore {
  const around = async <T>(write: () => Promise<T>): Promise<T> => {
    await step()
    const result = await write()
    await step()
    return result
  }
  return {
    ...store,
    write: (steps) =>
      store.write((writer) =>
        steps({
          ...writer,
          insertEntry: (entry) => around(() => writer.insertEntry(entry)),
          insertMovements: (ledger, made) => around(() => writer.insertMovements(ledger, made)),
          async replace(ledger, changes) {
            const middle = Math.ceil(changes.length / 2)
            const first = await around(() => writer.replace(ledger, changes.slice(0, middle)))
            const second = await around(() => writer.replace(ledger, changes.slice(middle)))
            return [...first, ...second.map((index) => index + middle)]
          },
        }),
      ),
  }
}

const ASSET: Operation = {
  kind: 'set-asset',
  asset: 'gems',
  name: 'Gems',
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: null,
  supplyMaxRaw: null,
  expiresAfterMs: null,
}
const asset = 'gems'
const grant = (account: string, amountRaw: bigint): Operation => ({
  kind: 'grant',
  asset,
  account,
  amountRaw,
  memo: '',
})
const spend = (account: string, amountRaw: bigint, feeRaw = 0n): Operation => ({
  kind: 'spend',
  asset,
  account,
  amountRaw,
  feeRaw,
  memo: '',
})
const as = (key: string, operation: Operation): OperationRequest => ({
  scope: 'tests',
  key,
  actor: 'tests',
  operation,
})
/** Another one for each test, for they share a place. */
let LEDGER = ''
let ledgers = 0

/** A sample begins where an entry is inserted and half of its documents are written. */
const firstOf = ({ everyNth }: LedgerHarness): number => (everyNth === 1 ? 1 : 6)

/** What every store of ledgers keeps. */
export function ledgerStoreContract(name: string, open: () => Promise<LedgerHarness>): void {
  describe(`ledgers in ${name}`, () => {
    let place: LedgerHarness
    const opened: (LedgerStore & { close?(): void | Promise<void> })[] = []
    let nowMs = 1_000_000
    const clock = {
      nowMs: () => (nowMs += 1),
      sleep: (ms: number) =>
        new Promise<void>((resolve) => {
          setTimeout(resolve, ms)
        }),
    }
    beforeAll(async () => {
      place = await open()
    })
    beforeEach(() => {
      LEDGER = `points-${(ledgers += 1)}`
    })
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close?.()
    })
    afterAll(() => place.dispose())
    async function connect(): Promise<LedgerStore> {
      const store = await place.connect()
      opened.push(store)
      return store
    }
    const append = async (
      store: LedgerStore,
      requests: readonly OperationRequest[],
      ledger = LEDGER,
    ) => {
      const receipts = await appendGroup({ store, clock, sha256 }, ledger, requests)
      if (receipts === 'taken') throw new Error('taken')
      return receipts
    }
    /** Each with a queue of its own, by turns. */
    function clerksOf(stores: readonly LedgerStore[]) {
      const clerks = stores.map((store) => createLedgerClerk({ store, clock, sha256 }, LEDGER))
      return (index: number) => clerks[index % clerks.length] as LedgerClerk
    }
    const read = async (store: LedgerStore, account: string, ledger = LEDGER) =>
      (await readBalance({ store, sha256 }, ledger, { asset, account })).value
    const expectSound = async (store: LedgerStore, ledger = LEDGER) =>
      expect((await auditLedger({ store, sha256 }, ledger)).breaches).toEqual([])

    test('an entry is inserted once under its sequence, and stays', async () => {
      const [one, two] = [await connect(), await connect()]
      const entry = (hash: number): StoredEntry => ({
        ledger: LEDGER,
        sequence: 1,
        atMs: hash,
        hash: sha256(String(hash)),
        body: `[${hash}]`,
      })
      const insert = (store: LedgerStore, hash: number) =>
        store.write((writer) => writer.insertEntry(entry(hash)))
      const inserted = await Promise.all([insert(one, 1), insert(two, 2)])
      expect(inserted.filter(Boolean)).toHaveLength(1)
      const winner = entry(inserted[0] ? 1 : 2)
      expect(await one.newest(LEDGER)).toEqual(winner)
      expect(await two.entries(LEDGER, 1, 10)).toEqual([winner])
      expect(await two.newest('other')).toBeUndefined()
    })

    test('a document gives way to the next one on its condition alone', async () => {
      const store = await connect()
      const at = (sequence: number, hash = sequence) => ({ sequence, hash: sha256(`${hash}`) })
      const version = (id: string, sequence: number, hash = sequence): LedgerDocument => ({
        kind: 'key',
        id,
        at: at(sequence, hash),
        body: `"${sequence}"`,
        rank: null,
      })
      const replace = (changes: Parameters<LedgerWriter['replace']>[1]) =>
        store.write((writer) => writer.replace(LEDGER, changes))
      expect(
        await replace([
          { document: version('a', 1), expected: null },
          { document: version('b', 1), expected: null },
        ]),
      ).toEqual([])
      const missed = await replace([
        { document: version('a', 2), expected: at(1) },
        { document: version('b', 2), expected: at(1, 7) },
        { document: version('c', 2), expected: at(1) },
        { document: version('b', 3), expected: null },
      ])
      expect(missed).toEqual([1, 2, 3])
      const names = ['a', 'b', 'c'].map((id) => ({ kind: 'key' as const, id }))
      expect(await store.documents(LEDGER, names)).toEqual([
        version('a', 2),
        version('b', 1),
        undefined,
      ])
      expect(await store.walkDocuments(LEDGER, 'key', 'a', 5)).toEqual([version('b', 1)])
      expect(await store.documents('other', names)).toEqual([undefined, undefined, undefined])
    })

    test('balances, statements, the past and the leaders follow from operations', async () => {
      const store = await connect()
      const ports = { store, sha256 }
      await append(store, [as('asset', ASSET), as('g1', grant('alice', 100n))])
      const then = nowMs
      nowMs += 1_000
      await append(store, [as('g2', grant('bob', 2n ** 53n + 1n)), as('g3', grant('carol', 100n))])
      await append(store, [as('s1', spend('alice', 30n, 5n)), as('s2', spend('alice', 71n))])
      expect(await read(store, 'alice')).toMatchObject({ availableRaw: 70n, debitedRaw: 30n })
      expect(await read(store, 'bob')).toMatchObject({ availableRaw: 2n ** 53n + 1n })
      const alice = { asset, account: 'alice' }
      expect(await readBalanceAt(ports, LEDGER, alice, then)).toMatchObject({ availableRaw: 100n })
      expect(await readBalanceAt(ports, LEDGER, alice, 5)).toMatchObject({ availableRaw: 0n })
      const first = await listStatement(ports, LEDGER, alice, { limit: 1 })
      expect(first).toMatchObject({
        items: [{ id: 'tests/s1', kind: 'spend', availableDeltaRaw: -30n, sequence: 3 }],
        hasMore: true,
      })
      const [before] = first.items
      if (!before) throw new Error('there is a line')
      const second = await listStatement(ports, LEDGER, alice, { before, limit: 5 })
      expect(second.items.map(({ id }) => id)).toEqual(['tests/g1'])
      const leaders = await listLeaders(ports, LEDGER, asset, { limit: 2 })
      expect(leaders.items.map(({ account }) => account)).toEqual(['bob', 'carol'])
      const [, after] = leaders.items
      if (!after) throw new Error('there are two')
      const rest = await listLeaders(ports, LEDGER, asset, { after, limit: 2 })
      expect(rest).toEqual({ items: [{ account: 'alice', availableRaw: 70n }], hasMore: false })
      await expectSound(store)
    })

    test('one key sent often at once by two processes has one effect, and each gets the same answer', async () => {
      const stores = [await connect(), await connect()]
      await append(stores[0] as LedgerStore, [as('asset', ASSET), as('g', grant('alice', 100n))])
      const clerkOf = clerksOf(stores)
      const receipts = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          clerkOf(index).submit(as('once', spend('alice', 60n))),
        ),
      )
      const recorded = receipts.filter((each) => each.status === 'recorded')
      expect(recorded).toHaveLength(50)
      expect(recorded.filter(({ isReplay }) => !isReplay)).toHaveLength(1)
      expect(new Set(recorded.map(({ at, position }) => `${at.hash}/${position}`)).size).toBe(1)
      const other = await clerkOf(0).submit(as('once', spend('alice', 61n)))
      expect(other).toEqual({ status: 'key-reused' })
      expect(await read(stores[1] as LedgerStore, 'alice')).toMatchObject({ availableRaw: 40n })
      await expectSound(stores[0] as LedgerStore)
    })

    test('of many spends of one balance at once exactly those succeed that it affords', async () => {
      const stores = [await connect(), await connect()]
      await append(stores[0] as LedgerStore, [as('asset', ASSET), as('g', grant('alice', 100n))])
      const clerkOf = clerksOf(stores)
      const receipts = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          clerkOf(index).submit(as(`spend-${index}`, spend('alice', 7n))),
        ),
      )
      const statuses = receipts.map((each) => statusOf(each))
      expect(statuses.filter((status) => status === 'done')).toHaveLength(14)
      expect(statuses.filter((status) => status === 'insufficient-points')).toHaveLength(186)
      expect(await read(stores[0] as LedgerStore, 'alice')).toMatchObject({ availableRaw: 2n })
      await expectSound(stores[1] as LedgerStore)
    })

    const script: readonly (readonly OperationRequest[])[] = [
      [as('g1', grant('alice', 50n)), as('g2', grant('bob', 50n))],
      [
        as('hold', { kind: 'hold', ...move('alice', 20n), leaseMs: null, memo: '' }),
        as('s', spend('bob', 10n, 1n)),
      ],
      [
        as('settle', {
          kind: 'settle',
          hold: 'tests/hold',
          amountRaw: 15n,
          feeRaw: 0n,
          memo: '',
        }),
        as('back', { kind: 'reverse', operation: 'tests/s', memo: '' }),
      ],
    ]
    function move(account: string, amountRaw: bigint) {
      return { asset, account, amountRaw }
    }

    test('a writer that is killed at any write leaves nothing half done, and the next one goes on', async () => {
      let isThrough = false
      for (let kill = firstOf(place); !isThrough; kill += place.everyNth) {
        const ledger = `killed-${kill}`
        const store = await connect()
        await append(store, [as('asset', ASSET)], ledger)
        let steps = 0
        const dying = stepped(store, async () => {
          if ((steps += 1) >= kill) throw new Killed()
        })
        isThrough = true
        for (const group of script) {
          try {
            await append(dying, group, ledger)
          } catch (error) {
            if (!(error instanceof Killed)) throw error
            isThrough = false
            break
          }
        }
        for (const group of script) {
          const receipts = await append(store, group, ledger)
          expect(receipts.map(statusOf)).toEqual(group.map(() => 'done'))
        }
        expect(await read(store, 'alice', ledger)).toMatchObject({ availableRaw: 35n, heldRaw: 0n })
        expect(await read(store, 'bob', ledger)).toMatchObject({ availableRaw: 50n })
        await expectSound(store, ledger)
      }
    })

    test('a writer that wakes up late changes nothing, wherever it slept', async () => {
      if (place.locks) return
      let isThrough = false
      for (let nap = firstOf(place); !isThrough; nap += place.everyNth) {
        const ledger = `slept-${nap}`
        const [store, other] = [await connect(), await connect()]
        await append(store, [as('asset', ASSET)], ledger)
        let steps = 0
        isThrough = true
        const sleepy = stepped(store, async () => {
          if ((steps += 1) !== nap) return
          isThrough = false
          for (const group of script) await append(other, group, ledger)
          await append(other, [as('more', spend('alice', 5n))], ledger)
        })
        for (const group of script)
          await appendGroup({ store: sleepy, clock, sha256 }, ledger, group)
        for (const group of script) await append(store, group, ledger)
        await append(other, [as('more', spend('alice', 5n))], ledger)
        expect(await read(store, 'alice', ledger)).toMatchObject({ availableRaw: 30n, heldRaw: 0n })
        expect(await read(store, 'bob', ledger)).toMatchObject({ availableRaw: 50n })
        await expectSound(store, ledger)
      }
    })

    test('a balance that names an entry which the log does not have is not shown', async () => {
      const store = await connect()
      await append(store, [as('asset', ASSET), as('g', grant('alice', 50n))])
      const balance = { kind: 'account' as const, id: 'gems/alice' }
      const [document] = await store.documents(LEDGER, [balance])
      if (!document) throw new Error('there is a balance')
      const forged = { ...document, at: { sequence: 1, hash: originOf(sha256, 'x').hash } }
      await store.write((writer) =>
        writer.replace(LEDGER, [{ document: forged, expected: document.at }]),
      )
      await expect(read(store, 'alice')).rejects.toThrow(
        /records: they are damaged: .*not in its log/,
      )
    })
  })
}

const statusOf = (receipt: Receipt): string => {
  if (receipt.status !== 'recorded') return receipt.status
  const { outcome } = receipt
  return outcome.status === 'done' ? 'done' : outcome.code
}
