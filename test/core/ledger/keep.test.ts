import { describe, expect, test } from 'vitest'
import { AppError } from '#core/errors.ts'
import { auditAndFreeze, type JobEnd, runJobs } from '#core/ledger/keep-ledger.ts'
import { createSweeper } from '#core/ledger/sweep-lapsed.ts'
import { createLedgerApp, grant, hold, LEDGER, spend } from './ledger-app.ts'

const DAY_MS = 86_400_000

describe('a sweep', () => {
  test('gives back what is held when its lease is over, and leaves what is pinned or resolved', async () => {
    const app = await createLedgerApp()
    await app.run(grant('ann', 100n))
    for (const [key, leaseMs] of [
      ['a', 1_000],
      ['b', 1_000],
      ['c', 1_000],
      ['d', 9_000],
      ['e', null],
    ] as const)
      await app.run(hold('ann', 10n, leaseMs), key)
    await app.run({ kind: 'pin', hold: 'tests/b' })
    await app.run({ kind: 'void', hold: 'tests/c', memo: '' })
    const sweeper = createSweeper(app.ports, LEDGER, 'keeper')
    expect(await sweeper.sweep()).toEqual({ lapsed: 0, expired: 0 })
    app.clock.now += 1_000
    // Others at once, and one that starts anew, do nothing twice.
    const all = [sweeper, createSweeper(app.ports, LEDGER, 'keeper')].map((each) => each.sweep())
    const lapsed = (await Promise.all(all)).map((each) => each.lapsed)
    expect(lapsed.toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(await app.balance('ann')).toMatchObject({ available: 70n, held: 30n })
    // Of what came since, the same sweeper knows.
    await app.run(hold('ann', 20n, 5))
    app.clock.now += 9_000
    expect(await sweeper.sweep()).toEqual({ lapsed: 2, expired: 0 })
    expect(await app.balance('ann')).toMatchObject({ available: 80n, held: 20n })
  })

  test('takes back points that are too old, what was spent counting against the oldest', async () => {
    const app = await createLedgerApp({ expiresAfterMs: DAY_MS })
    const sweeper = createSweeper(app.ports, LEDGER, 'keeper')
    await app.run(grant('ann', 100n))
    await app.run(grant('ben', 5n))
    await app.run(spend('ann', 30n))
    app.clock.now += DAY_MS / 2
    await app.run(grant('ann', 7n))
    expect(await sweeper.sweep()).toEqual({ lapsed: 0, expired: 0 })
    app.clock.now += DAY_MS / 2
    expect(await sweeper.sweep()).toEqual({ lapsed: 0, expired: 2 })
    expect(await app.balance('ann')).toMatchObject({ available: 7n })
    expect(await sweeper.sweep()).toEqual({ lapsed: 0, expired: 0 })
  })
})

describe('a continuous audit', () => {
  const never = { aborted: false }

  test('rests between its pages, finds nothing where nothing is wrong, and freezes once what it finds', async () => {
    const app = await createLedgerApp()
    await app.run(grant('ann', 100n))
    await app.run(grant('ben', 100n))
    let rests = 0
    const clock = { ...app.clock, sleep: async () => void (rests += 1) }
    const ports = { ...app.ports, clock }
    const clean = await auditAndFreeze(ports, LEDGER, 'keeper', never)
    expect(clean).toMatchObject({ audit: { breaches: [], accounts: 2 }, frozen: [] })
    expect(rests).toBeGreaterThan(3)
    const documents = app.ledgers.get(LEDGER)?.documents
    const [place, document] = [...(documents ?? [])].find(([, { id }]) => id === 'gems/ann') ?? []
    documents?.set(
      place as string,
      { ...document, body: document?.body.replace('"100"', '"900"') } as never,
    )
    const found = await auditAndFreeze(ports, LEDGER, 'keeper', never)
    expect(found).toMatchObject({ audit: { breaches: [{ invariant: 'L3' }] }, frozen: ['ann'] })
    expect(await app.run(spend('ann', 1n))).toBe('account-frozen')
    expect(await app.run(spend('ben', 1n))).toBe('done')
    expect(await auditAndFreeze(ports, LEDGER, 'keeper', never)).toMatchObject({ frozen: [] })
  })

  test('that is stopped in the middle says nothing', async () => {
    const app = await createLedgerApp()
    const stop = { aborted: false }
    const clock = { ...app.clock, sleep: async () => void (stop.aborted = true) }
    expect(await auditAndFreeze({ ...app.ports, clock }, LEDGER, 'keeper', stop)).toBeUndefined()
  })
})

test('jobs run over and over, one that fails is told and tried again, and the others go on', async () => {
  const stop = { aborted: false }
  const ends: JobEnd[] = []
  const runs = { good: 0, bad: 0 }
  const clock = { monotonicMs: () => 0, sleep: async () => undefined }
  const good = async () => void (stop.aborted = (runs.good += 1) >= 3)
  const bad = async () => {
    runs.bad += 1
    throw new AppError('unavailable', 'records: away')
  }
  const jobs = [
    { name: 'good', everyMs: 1, run: good },
    { name: 'bad', everyMs: 1, run: bad },
  ]
  await runJobs({ clock }, jobs, (end) => void ends.push(end), stop)
  expect(runs.good).toBe(3)
  expect(runs.bad).toBeGreaterThan(1)
  expect(ends.find(({ job }) => job === 'bad')?.error?.message).toBe('records: away')
  const bug = { name: 'bug', everyMs: 1, run: () => Promise.reject(new Error('a bug')) }
  await expect(runJobs({ clock }, [bug], () => undefined, { aborted: false })).rejects.toThrow(
    'a bug',
  )
})
