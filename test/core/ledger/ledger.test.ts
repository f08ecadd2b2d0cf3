import { describe, expect, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'
import { appendGroup } from '#core/ledger/append.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { sealEntry } from '#core/ledger/entry.ts'
import { findExpired } from '#core/ledger/expire-points.ts'
import { freezeBreached } from '#core/ledger/freeze-breached.ts'
import type { Operation, OperationRequest } from '#core/ledger/operation.ts'
import { previewRequest } from '#core/ledger/preview-request.ts'
import { readBalance, readBalanceAt } from '#core/ledger/read-balance.ts'
import { toText } from '#core/ledger/text.ts'
import { verifyLog } from '#core/ledger/verify-log.ts'
import { createMemoryLedgerStore } from '../../fakes/ledger-store.ts'
import { createRandom } from '../../fakes/random.ts'
import { ACCOUNTS, requestsOf } from '../../simulation/ledger/operations.ts'
import { asset, createLedgerApp, grant, hold, LEDGER, policy, spend, wordOf } from './ledger-app.ts'

const DAY_MS = 86_400_000

/** What became of each request, and the balances, where so many of them are one entry. */
async function outcomesOf(requests: readonly OperationRequest[], sizes: () => number) {
  const store = createMemoryLedgerStore()
  const ports = { store, sha256, clock: { nowMs: () => 1_700_000_000_000 } }
  const outcomes: object[] = []
  for (let from = 0; from < requests.length;) {
    const group = requests.slice(from, from + sizes())
    // oxlint-disable-next-line no-await-in-loop -- entry by entry
    const receipts = await appendGroup(ports, LEDGER, group)
    if (receipts === 'taken') throw new Error('nobody else writes')
    for (const receipt of receipts) {
      const { status } = receipt
      const { outcome = null, isReplay = null } = status === 'recorded' ? receipt : {}
      outcomes.push({ status, outcome, isReplay })
    }
    from += group.length
  }
  const balances = await Promise.all(
    ACCOUNTS.map((account) => readBalance({ store, sha256 }, LEDGER, { asset, account })),
  )
  const { breaches } = await auditLedger({ store, sha256 }, LEDGER)
  return { outcomes, balances: balances.map(({ value }) => value), breaches }
}

test('operations come to the same, however many of them are one entry', async () => {
  let told = ''
  for (let seed = 1; seed <= 12; seed++) {
    const random = createRandom(seed)
    const requests = requestsOf(random, 120)
    const alone = await outcomesOf(requests, () => 1)
    expect(alone.breaches).toEqual([])
    for (const sizes of [() => requests.length, () => 1 + random.int(40)])
      expect(await outcomesOf(requests, sizes), `seed ${seed}`).toEqual(alone)
    told += toText(alone.outcomes)
  }
  for (const word of [
    'insufficient-points',
    'hold-resolved',
    'day-limit',
    'key-reused',
    'isReplay":true',
  ])
    expect(told).toContain(word)
})

describe('operations of a ledger', () => {
  test('a spend is split into what is redeemed and the fee, and nothing is ever below 0', async () => {
    const { run, submit, balance } = await createLedgerApp()
    await run(grant('alice', 100n))
    expect(await submit(spend('alice', 30n, 5n))).toMatchObject({
      outcome: {
        postings: [
          { asset, from: 'alice/available', to: '@redeemed', amountRaw: 25n },
          { asset, from: 'alice/available', to: '@fees', amountRaw: 5n },
        ],
      },
    })
    expect(await run(spend('alice', 71n))).toBe('insufficient-points')
    expect(await run(spend('alice', 70n, 70n))).toBe('done')
    expect(await run(spend('stranger', 1n))).toBe('insufficient-points')
    expect(await balance('alice')).toMatchObject({ available: 0n })
  })

  test('a refusal is the answer of its key for good, also when there are points later', async () => {
    const { run, submit } = await createLedgerApp()
    expect(await run(spend('alice', 10n), 'early')).toBe('insufficient-points')
    await run(grant('alice', 100n))
    const again = await submit(spend('alice', 10n), 'early')
    expect(again).toMatchObject({ isReplay: true, outcome: { code: 'insufficient-points' } })
    expect(await run(spend('alice', 11n), 'early')).toBe('key-reused')
    expect(await run(spend('alice', 10n), 'late')).toBe('done')
  })

  test('a key is that of its scope alone', async () => {
    const { ports, submit } = await createLedgerApp()
    await submit(grant('alice', 5n), 'same')
    const other = { scope: 'others', key: 'same', actor: 'x', operation: grant('alice', 7n) }
    expect(wordOf(await ports.clerk.submit(other))).toBe('done')
  })

  test('a hold is resolved once, by whichever comes first', async () => {
    const ends: Operation[] = [
      { kind: 'settle', hold: 'tests/h', amountRaw: 40n, feeRaw: 1n, memo: '' },
      { kind: 'void', hold: 'tests/h', memo: '' },
      { kind: 'lapse', hold: 'tests/h' },
    ]
    const left = [60n, 100n, 100n]
    for (const [index, first] of ends.entries()) {
      const app = await createLedgerApp()
      await app.run(grant('alice', 100n))
      expect(await app.run(hold('alice', 50n, 1_000), 'h')).toBe('done')
      expect(await app.balance('alice')).toMatchObject({ available: 50n, held: 50n })
      app.clock.now += 1_000
      expect(await app.run(first)).toBe('done')
      for (const other of ends) expect(await app.run(other)).toBe('hold-resolved')
      expect(await app.balance('alice')).toMatchObject({ available: left[index], held: 0n })
    }
  })

  test('a hold does not lapse before its time, and never once it is pinned', async () => {
    const { run, clock } = await createLedgerApp()
    await run(grant('alice', 100n))
    await run(hold('alice', 10n, 1_000), 'a')
    await run(hold('alice', 10n, 1_000), 'b')
    await run({ kind: 'pin', hold: 'tests/b' })
    clock.now += 999
    expect(await run({ kind: 'lapse', hold: 'tests/a' })).toBe('hold-not-due')
    clock.now += DAY_MS * 400
    expect(await run({ kind: 'lapse', hold: 'tests/b' })).toBe('hold-not-due')
    expect(await run({ kind: 'lapse', hold: 'tests/a' })).toBe('done')
    expect(await run({ kind: 'void', hold: 'tests/none', memo: '' })).toBe('unknown-hold')
    const much = { kind: 'settle', hold: 'tests/b', amountRaw: 11n, feeRaw: 0n, memo: '' } as const
    expect(await run(much)).toBe('amount-above-hold')
  })

  test('earned points cannot be spent before they are confirmed, and go back where they came from', async () => {
    const { run, balance } = await createLedgerApp()
    const earn = { kind: 'earn', asset, account: 'alice', amountRaw: 10n, cause: 'swap' } as const
    await run(earn, 'one')
    await run(earn, 'two')
    expect(await run(spend('alice', 1n))).toBe('insufficient-points')
    expect(await run({ kind: 'void', hold: 'tests/one', memo: '' })).toBe('unknown-hold')
    expect(await run({ kind: 'confirm', earning: 'tests/one' })).toBe('done')
    expect(await run({ kind: 'retract', earning: 'tests/two', memo: 'reorg' })).toBe('done')
    expect(await run({ kind: 'confirm', earning: 'tests/two' })).toBe('hold-resolved')
    expect(await balance('alice')).toMatchObject({ available: 10n, provisional: 0n })
  })

  test('an operation is reversed at most once, and only one that has moved points', async () => {
    const { run, balance } = await createLedgerApp()
    const reverse = (key: string) => run({ kind: 'reverse', operation: `tests/${key}`, memo: '' })
    await run(
      {
        kind: 'grant-many',
        asset,
        grants: [
          { account: 'alice', amountRaw: 30n },
          { account: 'bob', amountRaw: 20n },
        ],
        memo: '',
      },
      'drop',
    )
    await run(spend('alice', 10n), 'spend')
    await run(spend('alice', 99n), 'refused')
    await run(hold('alice', 1n), 'hold')
    expect(await reverse('drop')).toBe('insufficient-points')
    expect(await reverse('refused')).toBe('not-reversible')
    expect(await reverse('hold')).toBe('not-reversible')
    expect(await reverse('none')).toBe('unknown-operation')
    expect(await reverse('spend')).toBe('done')
    expect(await reverse('spend')).toBe('already-reversed')
    await run({ kind: 'void', hold: 'tests/hold', memo: '' })
    expect(await reverse('drop')).toBe('done')
    expect(await balance('alice')).toMatchObject({ available: 0n })
    expect(await balance('bob')).toMatchObject({ available: 0n })
  })

  test('what nobody can pay is written off: no account pays, it counts as out no more than before, and can be reversed', async () => {
    const app = await createLedgerApp({ supplyMaxRaw: 100n })
    const loss = (amountRaw: bigint, of = asset) =>
      ({ kind: 'write-off', asset: of, amountRaw, memo: '' }) as const
    expect(await app.run(grant('alice', 100n))).toBe('done')
    expect(await app.run(loss(30n), 'loss')).toBe('done')
    expect(await app.balance('alice')).toMatchObject({ available: 100n })
    // Those 100 are still out.
    expect(await app.run(grant('alice', 1n))).toBe('supply-limit')
    const system = async (id: string) => {
      const [found] = await app.ports.store.documents(LEDGER, [
        { kind: 'system', id: `${asset}/${id}` },
      ])
      return found && JSON.parse(found.body).balanceRaw
    }
    expect([await system('losses'), await system('redeemed')]).toEqual(['-30', '30'])
    expect(await app.run({ kind: 'reverse', operation: 'tests/loss', memo: '' })).toBe('done')
    expect([await system('losses'), await system('redeemed')]).toEqual(['0', '0'])
    expect(await app.run(loss(1n, 'none'))).toBe('unknown-asset')
    await expect(app.run(loss(0n))).rejects.toThrow(/amountRaw: 0 is not from 1/)
    // Sums are kept in 64 bits.
    for (let times = 0; times < 9; times++) expect(await app.run(loss(10n ** 18n))).toBe('done')
    expect(await app.run(loss(10n ** 18n))).toBe('supply-limit')
    expect(await auditLedger(app.ports, LEDGER)).toMatchObject({ breaches: [] })
  })

  test('limits of the policy hold, and a day begins anew at midnight in UTC', async () => {
    const app = await createLedgerApp({
      spendMaxRaw: 40n,
      spendPerDayMaxRaw: 60n,
      balanceMaxRaw: 200n,
      supplyMaxRaw: 250n,
    })
    const { run, clock } = app
    clock.now = DAY_MS * 20_000
    expect(await run(grant('alice', 201n))).toBe('balance-limit')
    expect(await run(grant('alice', 200n))).toBe('done')
    expect(await run(grant('bob', 51n))).toBe('supply-limit')
    expect(await run(spend('alice', 41n))).toBe('spend-limit')
    expect(await run(spend('alice', 40n), 's')).toBe('done')
    expect(await run(hold('alice', 21n))).toBe('day-limit')
    await run({ kind: 'reverse', operation: 'tests/s', memo: '' })
    expect(await run(hold('alice', 40n), 'h')).toBe('done')
    expect(await run(spend('alice', 21n))).toBe('day-limit')
    await run({ kind: 'void', hold: 'tests/h', memo: '' })
    expect(await run(spend('alice', 40n))).toBe('done')
    expect(await run(spend('alice', 21n))).toBe('day-limit')
    clock.now += DAY_MS
    expect(await run(spend('alice', 40n))).toBe('done')
    expect(await run(grant('bob', 51n))).toBe('done')
    expect(await run({ ...grant('x', 1n), asset: 'none' } as Operation)).toBe('unknown-asset')
  })

  test('a frozen account spends nothing until it is unfrozen, and what is under way comes to its end', async () => {
    const { run, balance } = await createLedgerApp()
    await run(grant('alice', 100n), 'g')
    await run(hold('alice', 10n), 'h')
    await run({ kind: 'freeze', account: 'alice', memo: 'review' })
    expect(await run(spend('alice', 1n))).toBe('account-frozen')
    expect(await run(hold('alice', 1n))).toBe('account-frozen')
    expect(await run({ kind: 'reverse', operation: 'tests/g', memo: '' })).toBe('account-frozen')
    expect(await run({ kind: 'void', hold: 'tests/h', memo: '' })).toBe('done')
    expect(await balance('alice')).toMatchObject({ available: 100n, isFrozen: true })
    await run({ kind: 'unfreeze', account: 'alice', memo: '' })
    expect(await run(spend('alice', 1n))).toBe('done')
  })

  test('points expire oldest first, what was spent counts against them, and nothing expires twice', async () => {
    const { run, clock, ports, balance } = await createLedgerApp({ expiresAfterMs: DAY_MS })
    await run(grant('alice', 100n))
    await run(grant('bob', 10n))
    clock.now += DAY_MS / 2
    await run(grant('alice', 50n))
    await run(spend('alice', 30n))
    await run(spend('bob', 10n))
    clock.now += DAY_MS / 2
    const expire = async () => {
      const input = { asset, actor: 'tester', nowMs: clock.now }
      const done: string[] = []
      for await (const request of (await findExpired(ports, LEDGER, input)) ?? [])
        done.push(wordOf(await ports.clerk.submit(request)))
      return done
    }
    await run({ kind: 'freeze', account: 'alice', memo: '' })
    expect(await expire()).toEqual([])
    await run({ kind: 'unfreeze', account: 'alice', memo: '' })
    expect(await expire()).toEqual(['done'])
    expect(await balance('alice')).toMatchObject({ available: 50n })
    expect(await expire()).toEqual([])
    clock.now += DAY_MS / 2
    expect(await expire()).toEqual(['done'])
    expect(await balance('alice')).toMatchObject({ available: 0n })
  })

  test('the time of an entry never goes back, whatever the clock does', async () => {
    const { run, clock, ports } = await createLedgerApp()
    await run(grant('alice', 10n))
    const then = clock.now
    clock.now -= DAY_MS
    await run(spend('alice', 4n))
    const alice = { asset, account: 'alice' }
    expect(await readBalanceAt(ports, LEDGER, alice, then)).toMatchObject({ availableRaw: 6n })
    expect((await auditLedger(ports, LEDGER)).breaches).toEqual([])
  })

  test('a preview tells what would become of a request, and writes nothing', async () => {
    const { run, ports } = await createLedgerApp()
    await run(grant('alice', 10n), 'g')
    const look = (key: string, operation: Operation) =>
      previewRequest(ports, LEDGER, { scope: 'tests', key, actor: 'x', operation })
    expect(await look('new', spend('alice', 11n))).toMatchObject({
      status: 'would-record',
      outcome: { code: 'insufficient-points' },
    })
    expect(await look('g', grant('alice', 10n))).toMatchObject({ status: 'recorded' })
    expect(await look('g', grant('alice', 11n))).toEqual({ status: 'key-reused' })
    expect(await ports.store.entries(LEDGER, 1, 10)).toHaveLength(2)
  })

  test.each([
    ['amountRaw', { ...grant('alice', 0n) }],
    ['amountRaw', { ...grant('alice', -1n) }],
    ['amountRaw', { ...grant('alice', 10n ** 18n + 1n) }],
    ['feeRaw', { ...spend('alice', 5n, 6n) }],
    ['feeRaw', { ...spend('alice', 5n, -1n) }],
    ['account', { ...grant('a/b', 5n) }],
    ['account', { ...grant('', 5n) }],
    ['account', { ...grant('@issuance', 5n) }],
    ['asset', { ...grant('alice', 5n), asset: 'Not One' }],
    ['memo', { ...grant('alice', 5n), memo: 'two\nlines' }],
    ['leaseMs', { ...hold('alice', 5n, 0) }],
    ['hold', { kind: 'void', hold: 'nothing', memo: '' }],
    ['grants', { kind: 'grant-many', asset, grants: [], memo: '' }],
    ['decimals', { kind: 'set-asset', asset, ...policy, decimals: 19 }],
  ])('bad input names the field %s, and nothing is recorded', async (field, operation) => {
    const { submit, ports } = await createLedgerApp()
    await expect(submit(operation as Operation)).rejects.toMatchObject({
      kind: 'invalid',
      details: { field },
    })
    expect(await ports.store.entries(LEDGER, 1, 10)).toHaveLength(1)
  })

  test('the form of an entry that is hashed does not change', () => {
    const record = {
      scope: 'tests',
      key: 'k',
      actor: 'tester',
      operation: grant('alice', 5n),
      outcome: {
        status: 'done',
        postings: [{ asset, from: '@issuance', to: 'alice/available', amountRaw: 5n }],
      },
    } as const
    const entry = {
      ledger: 'points',
      sequence: 1,
      atMs: 7,
      previous: sha256(''),
      operations: [record],
    }
    expect(sealEntry(sha256, entry)).toMatchInlineSnapshot(`
      {
        "atMs": 7,
        "body": "[1,"points",1,7,"0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",[["tests","k","tester",{"kind":"grant","asset":"gems","account":"alice","amountRaw":"5","memo":""},{"status":"done","postings":[{"asset":"gems","from":"@issuance","to":"alice/available","amountRaw":"5"}]}]]]",
        "hash": "0x7a55d92e3dff99c9528c430db97d4309c51207a52307514c73e1110bb56690fc",
        "ledger": "points",
        "sequence": 1,
      }
    `)
  })
})

describe('an audit of a ledger', () => {
  async function filled() {
    const app = await createLedgerApp()
    await app.run(grant('alice', 100n), 'g')
    await app.run(spend('alice', 10n), 's')
    await app.run(hold('alice', 20n), 'h')
    await app.run({ kind: 'reverse', operation: 'tests/s', memo: '' })
    return app
  }
  const tables = ({ ledgers }: Awaited<ReturnType<typeof filled>>) => {
    const found = ledgers.get(LEDGER)
    if (!found) throw new Error('there is a ledger')
    return found
  }
  const audit = async (app: Awaited<ReturnType<typeof filled>>) =>
    (await auditLedger(app.ports, LEDGER)).breaches

  test('finds nothing in a ledger that nobody has touched', async () => {
    expect(await audit(await filled())).toEqual([])
  })

  test.each([
    ['account:gems/alice', '"availableRaw":"80"', '"availableRaw":"81"', 'L3'],
    ['system:gems/issuance', '-100', '-101', 'L3'],
    ['hold:tests/h', '"state":"open"', '"state":"voided"', 'L8'],
    ['key:tests/s', '"position":0', '"position":1', 'L4'],
  ])('finds that %s was changed', async (name, from, to, invariant) => {
    const app = await filled()
    const { documents } = tables(app)
    const document = documents.get(name)
    if (!document?.body.includes(from)) throw new Error(`${document?.body} has no ${from}`)
    documents.set(name, { ...document, body: document.body.replace(from, to) })
    expect(await audit(app)).toMatchObject([{ invariant }])
  })

  test.each([
    ['account:gems/alice', 'L3'],
    ['key:tests/s', 'L4'],
    ['hold:tests/h', 'L3'],
  ])('finds that %s was removed', async (name, invariant) => {
    const app = await filled()
    tables(app).documents.delete(name)
    expect(await audit(app)).toMatchObject([{ invariant }])
  })

  test('finds an entry that was changed, removed, or put in the place of another', async () => {
    for (const harm of ['change', 'remove', 'forge'] as const) {
      const app = await filled()
      const { entries } = tables(app)
      const entry = entries[2]
      if (!entry) throw new Error('there is a third entry')
      const body = entry.body.replace('"10"', '"11"')
      if (harm === 'change') entries[2] = { ...entry, body }
      if (harm === 'forge') entries[2] = { ...entry, body, hash: sha256(body) }
      if (harm === 'remove') entries.splice(2, 1)
      const { breach, head } = await verifyLog(app.ports, LEDGER)
      expect(breach).toMatchObject({ invariant: 'L11' })
      expect(head.sequence).toBe(harm === 'forge' ? 3 : 2)
    }
  })

  test('finds a reversal that is not the opposite of what it reverses', async () => {
    const app = await filled()
    const { entries, documents } = tables(app)
    const last = entries.at(-1)
    if (!last?.body.includes('"reverse"')) throw new Error('the last entry reverses')
    // No entry names the last one yet, so that its hash can be made to fit, and with it that of what it made.
    const body = last.body.replace('"amountRaw":"10"', '"amountRaw":"9"')
    const forged = { ...last, body, hash: sha256(body) }
    entries[entries.length - 1] = forged
    for (const [name, document] of documents)
      if (document.at.sequence === last.sequence)
        documents.set(name, { ...document, at: { ...document.at, hash: forged.hash } })
    const detail = 'it is not the opposite of tests/s'
    expect(await audit(app)).toContainEqual({ invariant: 'L7', of: 'tests/k1', detail })
  })

  test('an account that is not what its entries say is frozen, and spends nothing more', async () => {
    const app = await filled()
    const { documents } = tables(app)
    const name = 'account:gems/alice'
    const document = documents.get(name)
    if (!document) throw new Error('there is a balance')
    documents.set(name, { ...document, body: document.body.replace('"80"', '"8000"') })
    const report = await auditLedger(app.ports, LEDGER)
    const frozen = await freezeBreached(app.ports.clerk, report, 'auditor')
    expect(frozen.map(({ account }) => account)).toEqual(['alice'])
    expect(await app.run(spend('alice', 8_000n))).toBe('account-frozen')
  })
})
