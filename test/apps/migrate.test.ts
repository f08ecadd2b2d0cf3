import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrations } from '#adapters/sqlite/migrations/all.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { migrationName } from '#core/operations/migration.ts'
import { migrate } from '#core/operations/migrate.ts'
import { runCli } from './run-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-migrate-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function configOf(settings: object = {}): string {
  const path = join(folder, 'halyard.json')
  const file = {
    chain: { id: 1, rpc: ['http://127.0.0.1:1'] },
    sources: [{ kind: 'erc721', address: `0x${'aa'.repeat(20)}` }],
    records: 'sqlite:./records.db',
    ...settings,
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}
const records = (): string => join(folder, 'records.db')

const names = migrations.map(migrationName)

/** Records as a version that knows more migrations would leave them. */
async function migrateBeyond(): Promise<void> {
  const known = [
    ...migrations,
    { number: migrations.length + 1, name: 'later', steps: ['SELECT 1'] },
  ]
  const store = openSqliteMigrationStore(records(), { known })
  await migrate({ migrations: store, sha256 }, { isDryRun: false })
  store.close()
}

describe('halyard migrate', () => {
  test('tells with --dry-run what it would do, does it, and then has nothing to do', async () => {
    const config = configOf()
    const dry = await runCli('migrate', '--dry-run', '--config', config)
    expect(dry).toMatchObject({ code: 0, stderr: '' })
    expect(dry.stdout).toMatch(/would run\n001-about\n {2}CREATE TABLE about/)
    expect(existsSync(records())).toBe(false)

    const done = await runCli('migrate', '--config', config)
    expect(done).toMatchObject({
      code: 0,
      stderr: names.map((name) => `halyard: running migration ${name}\n`).join(''),
    })
    expect(done.stdout).toMatch(new RegExp(`^records [0-9a-f]{24}: ran ${names.join(', ')}\n$`))

    const again = await runCli('migrate', '--json', '--config', config)
    expect(JSON.parse(again.stdout)).toMatchObject({ status: 'current', migrations: [] })
    expect(existsSync(join(folder, 'halyard.db'))).toBe(false)
  }, 60_000)

  test('exits with 78 for records of a newer version, and says what helps', async () => {
    await migrateBeyond()
    const { code, stderr } = await runCli('migrate', '--config', configOf())
    expect(code).toBe(78)
    expect(stderr).toMatch(
      /^halyard: records: a newer version .* run that version or a later one\n$/,
    )
  })

  test('exits with 78 for records in a folder that is not there, with 69 where they cannot be used now', async () => {
    const nowhere = configOf({ records: 'sqlite:./missing/records.db' })
    const refused = await runCli('migrate', '--config', nowhere)
    expect(refused.code).toBe(78)
    expect(refused.stderr).toMatch(/^halyard: records: there is no folder .*missing; make it/)
    const config = configOf()
    writeFileSync(records(), 'torn'.repeat(100))
    const { code, stderr } = await runCli('migrate', '--config', config)
    expect(code).toBe(69)
    expect(stderr).toMatch(/^halyard: records: .*damaged/)
  })
})

describe('config check', () => {
  const check = (config: string) => runCli('config', 'check', '--config', config)

  test('tells whether the records are there, and makes none', async () => {
    const config = configOf()
    expect((await check(config)).stdout).toMatch(
      /records sqlite +ok +not there yet; halyard migrate makes them/,
    )
    expect(existsSync(records())).toBe(false)
    await runCli('migrate', '--config', config)
    expect((await check(config)).stdout).toMatch(/records sqlite +ok +up to date/)
  }, 60_000)

  test('exits with 78 for records of a newer version', async () => {
    await migrateBeyond()
    const { code, stdout } = await check(configOf())
    expect(stdout).toMatch(/records sqlite +fault +records: a newer version/)
    expect(code).toBe(78)
  })
})
