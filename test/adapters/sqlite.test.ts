import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test, vi } from 'vitest'
import { schemaOf } from '#adapters/sqlite/schema.ts'
import { additionsTo, schemaVersion } from '#adapters/sqlite/schema-version.ts'
import { catalogue } from '#core/catalogue.ts'
import type { HistoryValues } from '#core/history/catalogue.ts'
import type { DocumentSpec } from '#core/history/document.ts'
import { openSqliteChainStore, type SqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openThreadedSqliteChainStore } from '#adapters/sqlite/threaded-chain-store.ts'
import {
  chainStoreContract,
  steppedWriter,
  type StoreHarness,
} from '../contracts/chain-store.contract.ts'
import { rebuildContract } from '../contracts/rebuild.contract.ts'
import { changeFile } from '../fakes/change-file.ts'

const harnessOf = async (
  everyNth: number,
  openStore: (path: string) => ReturnType<typeof openThreadedSqliteChainStore>,
): Promise<StoreHarness> => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
  return {
    async connect(step) {
      const store = await openStore(join(folder, 'test.db'))
      return step ? { ...store, writer: steppedWriter(store.writer, step) } : store
    },
    connectToRead: () => openPlain(join(folder, 'test.db')),
    dispose: () => rmSync(folder, { recursive: true }),
    locks: true,
    everyNth,
  }
}

// The contract's longest tests begin anew some hundred times, with files that are synced.
vi.setConfig({ testTimeout: 120_000 })

const openPlain = async (path: string) => {
  const store = openSqliteChainStore(path)
  return { ...store, close: async () => store.close() }
}

chainStoreContract('SQLite', () => harnessOf(1, openPlain))
rebuildContract('SQLite', () => harnessOf(1, openPlain))

// A thread takes a while to start: a sample of the places to die at will do, the steps being the same.
chainStoreContract('SQLite in a thread of its own', () =>
  harnessOf(12, openThreadedSqliteChainStore),
)
rebuildContract('SQLite in a thread of its own', () => harnessOf(12, openThreadedSqliteChainStore))

test('an entry of the head log that is not what was written is told as damage, not as a bug', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
  const path = join(folder, 'test.db')
  openSqliteChainStore(path).close()
  const db = new DatabaseSync(path)
  db.exec(`INSERT INTO head (chain, move, entry) VALUES (1, 1, '{"chainId":')`)
  db.close()
  const store = openSqliteChainStore(path)
  await expect(store.heads.latest(1)).rejects.toThrow(/store: it is damaged: .*restore it/)
  store.close()
  rmSync(folder, { recursive: true })
})

test('an entry written before levels of proof were is read, and claims none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
  const path = join(folder, 'test.db')
  openSqliteChainStore(path).close()
  const db = new DatabaseSync(path)
  db.exec(`INSERT INTO head VALUES (1, 1, '{"chainId":1,"move":1,"coverage":[{"from":2,"to":5}]}')`)
  db.close()
  const store = openSqliteChainStore(path)
  const proof = [{ from: 2, to: 5, level: 'unverified' }]
  expect(await store.heads.latest(1)).toMatchObject({ proof })
  expect(await store.heads.since(1, 1)).toMatchObject([{ proof }])
  store.close()
  rmSync(folder, { recursive: true })
})

test('no table changes without the version that a file is known by', () => {
  const schema = schemaOf(catalogue)
  const version = schemaVersion({ schema, format: 1 })
  const indented = `\n${schema.replaceAll('\n', '\n  ')}`
  expect(schemaVersion({ schema: indented, format: 1 })).toBe(version)
  expect(schemaVersion({ schema, format: 2 })).not.toBe(version)
  const versions = new Set([version])
  const { documents, families } = catalogue
  const others: HistoryValues[] = [
    ...documents.map((spec) => ({
      families,
      documents: documents.map((each) =>
        each === spec ? { ...each, orders: { ...each.orders, another: each.identity } } : each,
      ),
    })),
    ...documents.map((spec) => ({
      families,
      documents: documents.filter((each) => each !== spec),
    })),
    ...families.map((family) => ({
      documents,
      families: families.filter((each) => each !== family),
    })),
  ]
  for (const other of others) versions.add(schemaVersion({ schema: schemaOf(other), format: 1 }))
  expect(versions.size).toBe(1 + others.length)
})

describe('a file of a version that had fewer tables', () => {
  const [left, ...documents] = catalogue.documents
  const older = { ...catalogue, documents }
  const withFile = async (use: (path: string) => void | Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
    try {
      await use(join(folder, 'test.db'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('is given them, empty, and keeps what it holds', () =>
    withFile(async (path) => {
      openSqliteChainStore(path, older).close()
      const db = new DatabaseSync(path)
      db.exec(`INSERT INTO head VALUES (1, 1, '{"chainId":1,"move":1,"coverage":[]}')`)
      db.close()
      // Twice, for the first one writes what the second one looks at.
      for (let times = 0; times < 2; times++) {
        const store = openSqliteChainStore(path)
        expect(await store.heads.latest(1)).toMatchObject({ move: 1 })
        const set = { tree: 'none', kind: left?.kind ?? '' }
        expect(await store.tree.read(set, [])).toEqual([])
        store.close()
      }
      const made = new DatabaseSync(path)
      const names = made.prepare('SELECT name, sql FROM sqlite_schema').all()
      made.close()
      const fresh = new DatabaseSync(':memory:')
      fresh.exec(schemaOf(catalogue))
      expect(names).toHaveLength(fresh.prepare('SELECT name FROM sqlite_schema').all().length)
      fresh.close()
      // The older version does not take it for its own any more, and says so.
      expect(() => openSqliteChainStore(path, older)).toThrow(/which this one does not know/)
    }))

  test('is refused where yet another version changes it in the moment in which it is opened', () =>
    withFile(async (path) => {
      openSqliteChainStore(path, older).close()
      await changeFile(path, 'CREATE TABLE more (id INTEGER); PRAGMA user_version = 7')
      expect(() => openSqliteChainStore(path)).toThrow(/more, which this one does not know/)
    }))

  test('is not written to by that version any more from when it has them on', () =>
    withFile(async (path) => {
      const mark = ({ writer }: Pick<SqliteChainStore, 'writer'>) =>
        writer.atomically(() => writer.mark(1, { settledTo: 5 }))
      const first = openSqliteChainStore(path, older)
      const second = openSqliteChainStore(path, older)
      await mark(first)
      const newer = openSqliteChainStore(path)
      await expect(mark(first)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(
          /^store: another version of Halyard has changed .*stop this/,
        ),
        details: { field: 'store', reason: 'other-version' },
      })
      // It has let go of the lock, and of nothing that the newer one does.
      await mark(newer)
      await expect(mark(second)).rejects.toThrow(/another version/)
      expect(await first.heads.upkeep(1)).toMatchObject({ settledTo: 5 })
      for (const store of [first, second, newer]) store.close()
    }))

  test('is refused and left alone where it differs in anything else', () =>
    withFile((path) => {
      const [first, ...rest] = documents as [DocumentSpec, ...DocumentSpec[]]
      const other = { ...first, orders: { ...first.orders, another: first.identity } }
      openSqliteChainStore(path, { ...catalogue, documents: [other, ...rest] }).close()
      expect(() => openSqliteChainStore(path)).toThrow(
        /another version of Halyard: it has .*no document_candle/,
      )
      const db = new DatabaseSync(path)
      const [{ found }] = db
        .prepare('SELECT count(*) AS found FROM sqlite_schema WHERE name = ?')
        .all(`document_${left?.kind}`) as [{ found: number }]
      expect(found).toBe(0)
      db.close()
    }))

  test('is refused where its rows have another form', () => {
    const db = new DatabaseSync(':memory:')
    const schema = schemaOf(older)
    db.exec(schema)
    const form = { schema: schemaOf(catalogue), format: 2 }
    expect(additionsTo(db, schemaVersion({ schema, format: 1 }), form)).toBeUndefined()
    expect(additionsTo(db, schemaVersion({ schema, format: 2 }), form)).toMatch(/^CREATE TABLE /)
    db.close()
  })
})
