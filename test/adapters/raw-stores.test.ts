import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { createMemoryRawStore } from '../fakes/raw-store.ts'
import { openMongoRawStore } from '#adapters/mongo/raw-store.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { zstdText } from '#adapters/node/zstd-text.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openSqliteRawStore } from '#adapters/sqlite/raw-store.ts'
import { rawStoreContract } from '../contracts/raw-store.contract.ts'
import { freshDatabase, openMongoServer } from '../servers/mongo.ts'

rawStoreContract('memory', async () => {
  const store = createMemoryRawStore()
  return { store, again: async () => store, dispose: async () => undefined }
})

rawStoreContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-raw-'))
  const opened = [openSqliteRawStore(join(folder, 'raw.db'))]
  return {
    store: opened[0] as ReturnType<typeof openSqliteRawStore>,
    async again() {
      const other = openSqliteRawStore(join(folder, 'raw.db'))
      opened.push(other)
      return other
    },
    async dispose() {
      for (const store of opened) store.close()
      rmSync(folder, { recursive: true })
    },
  }
})

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server)
  rawStoreContract('MongoDB', async () => {
    const url = server.url(freshDatabase())
    const store = await openMongoRawStore(url, sha256)
    const opened = [store]
    return {
      store,
      async again() {
        const other = await openMongoRawStore(url, sha256)
        opened.push(other)
        return other
      },
      async dispose() {
        for (const each of opened) await each.close()
      },
    }
  })
else test.skip('MongoDB: no server to run on', () => {})

describe('a file of proven logs', () => {
  test('is refused where it holds something else, or was written by another version', () => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-raw-'))
    const path = join(folder, 'raw.db')
    openSqliteRawStore(path).close()
    expect(() => openSqliteChainStore(path)).toThrow(/^store: .*another program/)
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 99')
    db.close()
    expect(() => openSqliteRawStore(path)).toThrow(/^raw: .*another version of Halyard/)
    openSqliteChainStore(join(folder, 'store.db')).close()
    expect(() => openSqliteRawStore(join(folder, 'store.db'))).toThrow(
      /^raw: .*something else than proven logs/,
    )
    writeFileSync(join(folder, 'text.db'), 'no database')
    expect(() => openSqliteRawStore(join(folder, 'text.db'))).toThrow(/^raw: .*is damaged/)
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
