import { describe, expect, test } from 'vitest'
import { AppError } from '#core/errors.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation } from '#core/ledger/operation.ts'
import type { LedgerStore, LedgerWriter } from '#core/ledger/ports.ts'
import { createLedgerApp, grant, hold, LEDGER, spend, wordOf } from './ledger-app.ts'

/*
 * What may go wrong around a spend, as far as the ledger has a part in it. The simulation brings all of this about at
 * random; here each has a test that names it.
 */

const lost = (): AppError => new AppError('unavailable', 'records: the connection broke')

async function appWithPoints() {
  const app = await createLedgerApp()
  await app.run(grant('alice', 100n), 'g')
  const sending = (store: LedgerStore) => {
    const clerk = createLedgerClerk({ ...app.ports, store }, LEDGER)
    return (operation: Operation, key: string) =>
      clerk.submit({ scope: 'tests', key, actor: 'tester', operation })
  }
  const sound = async () => (await auditLedger(app.ports, LEDGER)).breaches.length === 0
  return { ...app, sending, sound }
}

/** The same store, whose entries are inserted by `insert`. */
const inserting = (
  store: LedgerStore,
  insert: (
    writer: LedgerWriter,
    entry: Parameters<LedgerWriter['insertEntry']>[0],
  ) => Promise<boolean>,
): LedgerStore => ({
  ...store,
  write: (steps) =>
    store.write((writer) => steps({ ...writer, insertEntry: (entry) => insert(writer, entry) })),
})

describe('around a spend', () => {
  test('before the commit (F1): nothing is held, and the client sends the same again', async () => {
    const { ports, sending, balance, run } = await appWithPoints()
    const send = sending(inserting(ports.store, () => Promise.reject(lost())))
    await expect(send(hold('alice', 40n), 'h')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await balance('alice')).toMatchObject({ available: 100n, held: 0n })
    expect(await run(hold('alice', 40n), 'h')).toBe('done')
    expect(await balance('alice')).toMatchObject({ available: 60n, held: 40n })
  })

  test('the answer to the commit is lost (F2, F23): the same key finds the one hold, and settles it once', async () => {
    const { ports, sending, submit, balance, sound } = await appWithPoints()
    const losing = inserting(ports.store, async (writer, entry) => {
      await writer.insertEntry(entry)
      throw lost()
    })
    const send = sending(losing)
    await expect(send(hold('alice', 40n), 'h')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await submit(hold('alice', 40n), 'h')).toMatchObject({ isReplay: true })
    const settle = {
      kind: 'settle',
      hold: 'tests/h',
      amountRaw: 40n,
      feeRaw: 0n,
      memo: '',
    } as const
    await expect(send(settle, 'settle:h')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await submit(settle, 'settle:h')).toMatchObject({ isReplay: true })
    expect(await balance('alice')).toMatchObject({ available: 60n, held: 0n })
    expect(await sound()).toBe(true)
  })

  test('the commit itself comes late (F2): it takes no place any more, or is the one that is found', async () => {
    const { ports, sending, submit, balance, sound } = await appWithPoints()
    let late: (() => Promise<boolean>) | undefined
    const delaying = inserting(ports.store, (writer, entry) => {
      late = () => writer.insertEntry(entry)
      return Promise.reject(lost())
    })
    await expect(sending(delaying)(spend('alice', 40n), 's')).rejects.toMatchObject({})
    expect(await submit(spend('alice', 40n), 's')).toMatchObject({ isReplay: false })
    expect(await late?.()).toBe(false)
    await expect(sending(delaying)(spend('alice', 40n), 't')).rejects.toMatchObject({})
    expect(await late?.()).toBe(true)
    expect(await submit(spend('alice', 40n), 't')).toMatchObject({ isReplay: true })
    expect(await balance('alice')).toMatchObject({ available: 20n })
    expect(await sound()).toBe(true)
  })

  test('reserved and nobody goes on (F4): the hold lapses after its lease, and no sooner', async () => {
    const { run, clock, balance } = await appWithPoints()
    await run(hold('alice', 40n, 60_000), 'h')
    clock.now += 59_999
    expect(await run({ kind: 'lapse', hold: 'tests/h' })).toBe('hold-not-due')
    expect(await balance('alice')).toMatchObject({ held: 40n })
    clock.now += 1
    expect(await run({ kind: 'lapse', hold: 'tests/h' })).toBe('done')
    expect(await balance('alice')).toMatchObject({ available: 100n })
  })

  test('before the settlement is recorded (F22): whoever comes settles under the same key, once', async () => {
    const { ports, run, sending, balance } = await appWithPoints()
    await run(hold('alice', 40n), 'h')
    const settle = {
      kind: 'settle',
      hold: 'tests/h',
      amountRaw: 40n,
      feeRaw: 0n,
      memo: '',
    } as const
    const sends = [sending(ports.store), sending(ports.store), sending(ports.store)]
    const receipts = await Promise.all(sends.map((send) => send(settle, 'settle:h')))
    expect(receipts.map(wordOf)).toEqual(['done', 'done', 'done'])
    expect(await run({ kind: 'void', hold: 'tests/h', memo: '' })).toBe('hold-resolved')
    expect(await balance('alice')).toMatchObject({ available: 60n, held: 0n })
  })

  test('the clock jumps (F30): what is under way does not lapse', async () => {
    const { run, clock, balance } = await appWithPoints()
    await run(hold('alice', 40n, 60_000), 'h')
    await run({ kind: 'pin', hold: 'tests/h' })
    clock.now += 10 * 365 * 86_400_000
    expect(await run({ kind: 'lapse', hold: 'tests/h' })).toBe('hold-not-due')
    clock.now = 0
    expect(await run({ kind: 'lapse', hold: 'tests/h' })).toBe('hold-not-due')
    expect(await balance('alice')).toMatchObject({ held: 40n })
  })

  test('one operation meets a bug (F31): the others of its entry are done', async () => {
    const { ports, balance, sound } = await appWithPoints()
    const poisoned: LedgerStore = {
      ...ports.store,
      write: (steps) =>
        ports.store.write((writer) =>
          steps({
            ...writer,
            documents(ledger, names) {
              if (names.some(({ id }) => id.endsWith('/poison'))) throw new TypeError('a bug')
              return writer.documents(ledger, names)
            },
          }),
        ),
    }
    const clerk = createLedgerClerk({ ...ports, store: poisoned }, LEDGER)
    const send = (key: string) =>
      clerk.submit({ scope: 'tests', key, actor: 'x', operation: spend('alice', 10n) })
    const results = await Promise.allSettled([send('a'), send('poison'), send('b'), send('c')])
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(await balance('alice')).toMatchObject({ available: 70n })
    expect(await sound()).toBe(true)
  })

  test('sent from two places (F33): one key is one spend, two keys are two that the balance must afford', async () => {
    const { ports, sending, balance } = await appWithPoints()
    const [web, bot] = [sending(ports.store), sending(ports.store)]
    const same = await Promise.all([
      web(spend('alice', 60n), 'one'),
      bot(spend('alice', 60n), 'one'),
    ])
    expect(same.map(wordOf)).toEqual(['done', 'done'])
    const other = await Promise.all([
      web(spend('alice', 30n), 'two'),
      bot(spend('alice', 30n), 'three'),
    ])
    expect(other.map(wordOf).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'done',
      'insufficient-points',
    ])
    expect(await balance('alice')).toMatchObject({ available: 10n })
  })
})
