import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openSqliteMigrationStore } from '#adapters/sqlite/migration-store.ts'
import { migrations } from '#adapters/sqlite/migrations/all.ts'
import type { Migration } from '#core/operations/migration.ts'
import {
  type MigrationHarness,
  migrationStoreContract,
} from '../contracts/migration-store.contract.ts'
import { openMigrationStore } from '../fakes/migrate-process.ts'

const MAKE = 'CREATE TABLE IF NOT EXISTS names (name TEXT)'
const add = (name: string): string => `INSERT INTO names VALUES ('${name}')`

async function harness(): Promise<MigrationHarness> {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-migrations-'))
  const path = join(folder, 'records.db')
  const place = { kind: 'sqlite', at: path } as const
  const named = (number: number, steps: readonly string[]): Migration => ({
    number,
    name: 'names',
    steps: [`${MAKE}; ${steps[0]}`, ...steps.slice(1)],
  })
  const read = <T>(query: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      return query(db)
    } finally {
      db.close()
    }
  }
  return {
    place,
    connect: (known) => openMigrationStore(place, known),
    adding: (number, ...names) => named(number, names.map(add)),
    failing: (number, ...names) =>
      named(number, [...names.map(add), 'INSERT INTO nowhere VALUES (1)']),
    names: async () =>
      existsSync(path)
        ? read((db) => db.prepare('SELECT name FROM names ORDER BY rowid').all()).map(({ name }) =>
            String(name),
          )
        : undefined,
    shape: async () =>
      read((db) => db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()),
    dispose: async () => rmSync(folder, { recursive: true }),
  }
}

migrationStoreContract('SQLite', migrations, harness)

describe('a file of records', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'halyard-records-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('is refused where it holds chain history, and the other way round', async () => {
    const path = join(folder, 'halyard.db')
    openSqliteChainStore(path).close()
    const store = openSqliteMigrationStore(path)
    await expect(store.records()).rejects.toThrow(
      /^records: .*something else than people's records/,
    )
    const own = join(folder, 'records.db')
    const records = openSqliteMigrationStore(own)
    await records.inTurn(
      async () => undefined,
      () => undefined,
    )
    records.close()
    expect(() => openSqliteChainStore(own)).toThrow(/^store: .*database of another program/)
  })

  test('that is damaged is told with the setting that names it, and no advice to begin anew', async () => {
    const path = join(folder, 'records.db')
    writeFileSync(path, 'no database at all, but long enough')
    const store = openSqliteMigrationStore(path)
    await expect(store.records()).rejects.toThrow(
      /records: .* is damaged, .*restore the file from a backup$/,
    )
  })

  test('whose turn another process never ends is given up with the remedy', async () => {
    const path = join(folder, 'records.db')
    const first = openSqliteMigrationStore(path)
    const second = openSqliteMigrationStore(path, { waitMsMax: 100 })
    await first.inTurn(
      async () => {
        const late = second.inTurn(
          async () => undefined,
          () => undefined,
        )
        await expect(late).rejects.toMatchObject({
          kind: 'unavailable',
          message: expect.stringMatching(/^records: another process holds/),
        })
      },
      () => undefined,
    )
    first.close()
    second.close()
  })
})

test('no migration ends the transaction that it runs in', () => {
  // What a trigger does stands between BEGIN and END; SQLite takes no statement about transactions there.
  const isTrigger = (step: string): boolean => step.startsWith('CREATE TRIGGER ')
  for (const { steps } of migrations)
    for (const step of steps.filter((each) => !isTrigger(each)))
      expect(step).not.toMatch(/\b(BEGIN|COMMIT|ROLLBACK|VACUUM|ATTACH)\b/i)
})
