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
import { zstdText } from '#adapters/node/zstd-text.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { createSqliteLeaseTable, createSqliteRangeTable } from '#adapters/sqlite/range-table.ts'
import { openSqliteRawFile } from '#adapters/sqlite/raw-file.ts'
import { createSqliteRawStore } from '#adapters/sqlite/raw-store.ts'
import { rawStoreContract } from '../contracts/raw-store.contract.ts'
import { rangeTableContract } from '../contracts/range-table.contract.ts'
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
    const url = server.url(freshDatabase())
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

  const openTables = async () => {
    const { open, dispose } = openDatabase()
    const again = async () => {
      const db = await open()
      return { ranges: createMongoRangeTable(db), leases: createMongoLeaseTable(db) }
    }
    return { ...(await again()), again, dispose }
  }
  rangeTableContract('MongoDB', openTables, { isAtomic: server.kind !== 'ferretlite' })
} else test.skip('MongoDB: no server to run on', () => {})

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

  test('text that is made small comes back, and damage is told', async () => {
    const text = `{"häuser":"${'0f'.repeat(5_000)}"}`
    const small = await zstdText.pack(text)
    expect(small.length).toBeLessThan(500)
    expect(await zstdText.unpack(small)).toBe(text)
    for (let place = 0; place < small.length; place += 3) {
      const damaged = Uint8Array.from(small)
      damaged[place] = (damaged[place] as number) ^ 0x10
      const told = await zstdText.unpack(damaged).catch((error: unknown) => error)
      if (told !== text)
        expect(told).toMatchObject({ kind: 'unavailable', details: { field: 'raw' } })
    }
  })
})
