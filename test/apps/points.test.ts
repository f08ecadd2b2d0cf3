import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrations } from '#adapters/sqlite/migrations/all.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { migrate } from '#core/operations/migrate.ts'
import { reportOf, runCli } from './run-cli.ts'
import { spawnNode } from './spawn-app.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-points-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function configOf(records: string): string {
  const path = join(folder, `${records}.json`)
  const file = {
    chain: { id: 1, rpc: ['http://127.0.0.1:1'] },
    sources: [{ kind: 'erc721', address: `0x${'aa'.repeat(20)}` }],
    records: `sqlite:./${records}.db`,
    points: { keeper: { port: 0 } },
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}

describe('halyard points', () => {
  test('names the source that a rule about an event needs', async () => {
    const path = configOf('events')
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const contract = `0x${'c0'.repeat(20)}`
    const event = 'Staked(address indexed account, uint256 amount)'
    const rule = { kind: 'contract-event', name: 'stakes', contract, event, points: '1' }
    const rules = [{ ...rule, startsAt: '2026-12-01' }]
    const write = (...sources: object[]) =>
      writeFileSync(path, JSON.stringify({ ...file, sources, points: { rules } }))
    const of = { kind: 'contract-events', address: contract }
    write({ ...of, events: ['Unstaked(address)'] })
    expect(await runCli('points', 'earn', '--config', path)).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(
        /points\.rules\[0\]\.event: Staked\(address,uint256\) of 0xc0.* is not indexed; add it to a source/,
      ),
    })
    write({ ...of, events: [event] })
    const { code, stderr } = await runCli('points', 'rules', '--config', path)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('grants, spends, refuses and audits, with the name of whoever did it in the log', async () => {
    const config = configOf('records')
    const points = (...args: string[]) => runCli('points', ...args, '--config', config)
    expect(await points('asset', '--name', 'Points', '--yes')).toMatchObject({ code: 0 })
    const granted = await points('grant', 'alice', '100', '--key', 'welcome', '--yes', '--json')
    expect(reportOf(granted)).toMatchObject({ status: 'recorded', id: 'cli/welcome', sequence: 2 })
    const again = await points('grant', 'alice', '100', '--key', 'welcome', '--yes', '--json')
    expect(reportOf(again)).toMatchObject({ status: 'recorded-before', sequence: 2 })
    const other = await points('grant', 'alice', '101', '--key', 'welcome', '--yes')
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--key: welcome was used/),
    })
    const dry = await points('spend', 'alice', '30', '--dry-run', '--json')
    expect(reportOf(dry)).toMatchObject({ status: 'would-record', outcome: 'done' })
    const asked = await points('spend', 'alice', '30')
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringMatching(/--yes: nobody can be/) })
    const much = await points('spend', 'alice', '101', '--actor', 'clerk:7', '--yes', '--json')
    expect(much.code).toBe(3)
    expect(reportOf(much)).toMatchObject({ outcome: 'refused', code: 'insufficient-points' })
    const zero = await points('spend', 'alice', '0', '--yes')
    expect(zero).toMatchObject({ code: 2, stderr: expect.stringMatching(/amountRaw: 0 is not/) })
    const balance = await points('balance', 'alice', '--json')
    expect(reportOf(balance)).toMatchObject({ availableRaw: '100', at: { sequence: 2 } })

    const db = new DatabaseSync(join(folder, 'records.db'))
    const bodies = db.prepare('SELECT body FROM ledger_entries ORDER BY sequence').all()
    expect(bodies).toHaveLength(3)
    expect(bodies[2]?.body).toContain('"clerk:7"')
    expect(reportOf(await points('audit', '--json'))).toMatchObject({ breaches: [], operations: 3 })
    db.exec(
      `UPDATE ledger_documents SET body = replace(body, '"100"', '"900"') WHERE kind = 'account'`,
    )
    db.close()
    const audit = await points('audit', '--json')
    expect(audit.code).toBe(70)
    expect(reportOf(audit)).toMatchObject({ breaches: [{ invariant: 'L3' }], frozen: [] })

    // The keeper finds it by itself, freezes the account, and says so to whoever asks whether all is well.
    const keeper = spawnNode('apps/cli/main.ts', 'points', 'keep', '--config', config)
    await keeper.said(/the keeper works.*\n/)
    const { url } = JSON.parse(keeper.stdout().split('\n')[0] as string)
    await expect
      .poll(async () => (await fetch(`${url}/ready`)).status, { timeout: 25_000 })
      .toBe(503)
    expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({
      reasons: { ledger: expect.stringMatching(/1 invariants are broken/) },
    })
    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toMatch(/^halyard_points_breaches 1$/m)
    expect(metrics).toMatch(/^halyard_points_frozen_total 1$/m)
    expect((await fetch(`${url}/live`)).status).toBe(200)
    keeper.child.kill('SIGTERM')
    expect(await keeper.end).toBe(130)
    const told = await points('audit', '--freeze', '--yes', '--json')
    expect(reportOf(told)).toMatchObject({ breaches: [{ invariant: 'L3' }], frozen: ['alice'] })
    expect(reportOf(await points('balance', 'alice', '--json'))).toMatchObject({ isFrozen: true })
  }, 120_000)

  test('records that wait for a migration are not touched, and the remedy is told', async () => {
    const known = migrations.slice(0, 1)
    const store = openSqliteMigrationStore(join(folder, 'old.db'), { known })
    await migrate({ migrations: store, sha256 }, { isDryRun: false })
    store.close()
    const result = await runCli('points', 'balance', 'alice', '--config', configOf('old'))
    expect(result).toMatchObject({ code: 78, stderr: expect.stringMatching(/run halyard migrate/) })
  }, 60_000)
})
