import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrations } from '#adapters/sqlite/migrations/all.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { migrate } from '#core/operations/migrate.ts'
import { reportOf, runCli } from './run-cli.ts'

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
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}

describe('halyard points', () => {
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
    const audit = await points('audit', '--freeze', '--yes', '--json')
    expect(audit.code).toBe(70)
    expect(reportOf(audit)).toMatchObject({ breaches: [{ invariant: 'L3' }], frozen: ['alice'] })
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
