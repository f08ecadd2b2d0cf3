import { zstdDecompressSync } from 'node:zlib'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { createMemoryRangeTable } from '../fakes/range-table.ts'
import { createMemoryRawStore } from '../fakes/raw-store.ts'
import { createMongoLeaseTable, createMongoRangeTable } from '#adapters/mongo/range-table.ts'
import { openMongoRawDatabase } from '#adapters/mongo/raw-database.ts'
import { createMongoRawStore } from '#adapters/mongo/raw-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import type { SegmentBody } from '#core/indexing/raw/segment.ts'
import { zstdSegments } from '#adapters/node/zstd-segments.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { createSqliteLeaseTable, createSqliteRangeTable } from '#adapters/sqlite/range-table.ts'
import { openSqliteRawFile } from '#adapters/sqlite/raw-file.ts'
import { createSqliteRawStore } from '#adapters/sqlite/raw-store.ts'
import { rawStoreContract } from '../contracts/raw-store.contract.ts'
import { rangeTableContract } from '../contracts/range-table.contract.ts'
import { expectIndexes } from '../servers/mongo-scans.ts'
import { changeFile } from '../fakes/change-file.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

rawStoreContract('memory', async () => {
  const store = createMemoryRawStore()
  return { store, again: async () => store, dispose: async () => undefined }
})

rangeTableContract('memory', async () => {
  const tables = createMemoryRangeTable()
  return { ...tables, again: async () => tables, dispose: async () => undefined }
})

/** The same place, opened as often as there are processes. */
function openFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-raw-'))
  const opened: ReturnType<typeof openSqliteRawFile>[] = []
  return {
    open() {
      const db = openSqliteRawFile(join(folder, 'raw.db'))
      opened.push(db)
      return db
    },
    async dispose() {
      for (const db of opened) db.close()
      rmSync(folder, { recursive: true })
    },
  }
}

rawStoreContract('SQLite', async () => {
  const { open, dispose } = openFolder()
  return {
    store: createSqliteRawStore(open()),
    again: async () => createSqliteRawStore(open()),
    dispose,
  }
})

rangeTableContract('SQLite', async () => {
  const { open, dispose } = openFolder()
  const tables = () => {
    const db = open()
    return { ranges: createSqliteRangeTable(db), leases: createSqliteLeaseTable(db) }
  }
  return { ...tables(), again: async () => tables(), dispose }
})

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) {
  const openDatabase = () => {
    const url = watched(freshDatabase())
    const opened: Awaited<ReturnType<typeof openMongoRawDatabase>>[] = []
    return {
      async open() {
        const database = await openMongoRawDatabase(url)
        opened.push(database)
        return database.db
      },
      async dispose() {
        for (const each of opened) await each.close()
      },
    }
  }

  rawStoreContract('MongoDB', async () => {
    const { open, dispose } = openDatabase()
    const again = async () => createMongoRawStore(await open(), sha256)
    return { store: await again(), again, dispose }
  })

  test('MongoDB: a segment written before levels of proof were is listed, read and removed', async () => {
    const { open, dispose } = openDatabase()
    const db = await open()
    const store = createMongoRawStore(db, sha256)
    const head = { from: 5, to: 9, lastHash: '0xab', scope: '[]', logs: 4 } as const
    const kept = { ...head, levelAsked: 'unverified' } as const
    await store.put(1, kept, Buffer.from('text'))
    await db.collection('rawSegments').updateMany({ chainId: 1 }, { $unset: { levelAsked: '' } })
    await store.put(1, { ...head, levelAsked: 'bloom' }, Buffer.from('more'))
    const heads = await store.list(1, head)
    expect(heads.map(({ levelAsked }) => levelAsked).toSorted()).toEqual(['bloom', 'unverified'])
    expect(Buffer.from(await store.body(1, kept)).toString()).toBe('text')
    await store.remove(1, kept)
    expect(await store.list(1, head)).toEqual([{ ...head, levelAsked: 'bloom' }])
    await dispose()
  })

  const openTables = async () => {
    const { open, dispose } = openDatabase()
    const again = async () => {
      const db = await open()
      return { ranges: createMongoRangeTable(db), leases: createMongoLeaseTable(db) }
    }
    return { ...(await again()), again, dispose }
  }
  rangeTableContract('MongoDB', openTables, { isAtomic: server.kind !== 'ferretlite' })
  const watched = expectIndexes(server)
} else test.skip('MongoDB: no server to run on', () => {})

/** A file as the first version made it, with a segment in it. */
const RAW_FILE_1 = `
CREATE TABLE scope (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE segment (
  id INTEGER PRIMARY KEY, chain INTEGER NOT NULL, from_number INTEGER NOT NULL, to_number INTEGER NOT NULL,
  last_hash TEXT NOT NULL, scope INTEGER NOT NULL REFERENCES scope, logs INTEGER NOT NULL,
  UNIQUE (chain, from_number, to_number, last_hash, scope)
) STRICT;
CREATE TABLE body (segment INTEGER PRIMARY KEY REFERENCES segment ON DELETE CASCADE, bytes BLOB NOT NULL) STRICT;
CREATE TABLE work_range (
  plan TEXT NOT NULL, from_number INTEGER NOT NULL, to_number INTEGER NOT NULL, state TEXT NOT NULL,
  owner TEXT, until INTEGER NOT NULL, tries INTEGER NOT NULL, reason TEXT,
  PRIMARY KEY (plan, from_number)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_range_by_state ON work_range(plan, state, from_number);
CREATE TABLE lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA application_id = 1212238935;
PRAGMA user_version = 1;
INSERT INTO scope VALUES (3, '[]');
INSERT INTO segment VALUES (7, 1, 5, 9, '0xab', 3, 4);
INSERT INTO body VALUES (7, CAST('text' AS BLOB));
`

describe('a file of proven logs', () => {
  test('is refused where it holds something else, or was written by another version', () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-raw-'))
    const path = join(folder, 'raw.db')
    openSqliteRawFile(path).close()
    expect(() => openSqliteChainStore(path)).toThrow(/^store: .*another program/)
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 99')
    db.close()
    expect(() => openSqliteRawFile(path)).toThrow(/^raw: .*another version of Halyard/)
    openSqliteChainStore(join(folder, 'store.db')).close()
    expect(() => openSqliteRawFile(join(folder, 'store.db'))).toThrow(
      /^raw: .*something else than proven logs/,
    )
    writeFileSync(join(folder, 'text.db'), 'no database')
    expect(() => openSqliteRawFile(join(folder, 'text.db'))).toThrow(/^raw: .*is damaged/)
    rmSync(folder, { recursive: true })
  })

  test('is refused where another version makes or changes it in the moment in which it is opened', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-raw-'))
    const paths = ['none', 'old'].map((name) => join(folder, name)) as [string, string]
    const old = new DatabaseSync(paths[1])
    old.exec(RAW_FILE_1)
    old.close()
    for (const path of paths) {
      const change = 'CREATE TABLE more (id INTEGER); PRAGMA application_id = 1212238935;'
      await changeFile(path, `${change} PRAGMA user_version = 99`)
      expect(() => openSqliteRawFile(path), path).toThrow(/^raw: .*another version of Halyard/)
    }
    rmSync(folder, { recursive: true })
  })

  test('of the version that did not tell how blocks were proven is brought forward, with all that it has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-raw-'))
    const path = join(folder, 'raw.db')
    const old = new DatabaseSync(path)
    old.exec(RAW_FILE_1)
    old.close()
    const head = { from: 5, to: 9, lastHash: '0xab', scope: '[]', logs: 4 } as const
    const kept = [{ ...head, levelAsked: 'unverified' as const }]
    for (const _ of ['brought forward', 'opened again']) {
      const db = openSqliteRawFile(path)
      const store = createSqliteRawStore(db)
      expect(await store.list(1, { from: 0, to: 9 })).toEqual(kept)
      expect(Buffer.from(await store.body(1, kept[0] as (typeof kept)[number])).toString()).toBe(
        'text',
      )
      db.close()
    }
    const db = openSqliteRawFile(path)
    const store = createSqliteRawStore(db)
    await store.put(1, { ...head, levelAsked: 'receipts' }, Buffer.from('more'))
    expect(await store.list(1, { from: 0, to: 9 })).toHaveLength(2)
    // A body goes with its segment, as before.
    for (const each of await store.list(1, { from: 0, to: 9 })) await store.remove(1, each)
    expect(db.all('SELECT * FROM body')).toEqual([])
    db.close()
    // It has the very tables that a new file has.
    const tablesOf = (file: string) => {
      const connection = new DatabaseSync(file)
      const rows = connection
        .prepare('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name')
        .all()
        .map(({ name, sql }) => `${String(name)} ${String(sql).replaceAll(/[\s"]+/g, ' ')}`)
      connection.close()
      return rows
    }
    openSqliteRawFile(join(folder, 'new.db')).close()
    expect(tablesOf(path)).toEqual(tablesOf(join(folder, 'new.db')))
    rmSync(folder, { recursive: true })
  })

  test.each([0, 3_000])(
    'a segment that is made small comes back, and damage is told',
    async (count) => {
      const text = `{"häuser":"${'0f'.repeat(5_000)}"}`
      const bytes = Uint8Array.from({ length: count }, (_, index) => index >> 4)
      const small = await zstdSegments.pack({ text, bytes })
      expect(small.length).toBeLessThan(1_000)
      const { text: again, bytes: back } = await zstdSegments.unpack(small)
      expect(again).toBe(text)
      expect([...back]).toEqual([...bytes])
      for (let place = 0; place < small.length; place += 3) {
        const damaged = Uint8Array.from(small)
        damaged[place] = (damaged[place] as number) ^ 0x10
        const told = await zstdSegments.unpack(damaged).catch((error: unknown) => error)
        // Where there are no bytes, the form of the text says that some are missing.
        if (told instanceof Error)
          expect(told).toMatchObject({ kind: 'unavailable', details: { field: 'raw' } })
        else {
          const { text: other, bytes: rest } = told as SegmentBody
          expect(other).toBe(text)
          expect([0, count]).toContain(rest.length)
          if (rest.length > 0) expect([...rest]).toEqual([...bytes])
        }
      }
    },
  )

  test('who knows of text alone reads it, and not the bytes behind it', async () => {
    const bytes = Uint8Array.from({ length: 3_000 }, (_, index) => index >> 4)
    const small = await zstdSegments.pack({ text: '{"form":4}', bytes })
    expect(zstdDecompressSync(small).toString('utf8')).toBe('{"form":4}')
  })
})
