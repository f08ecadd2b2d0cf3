import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSqliteDatabase } from '#adapters/sqlite/chain-ports.ts'
import { catalogue } from '#core/catalogue.ts'

test('a durable transaction waits for the disk, and a cheap one does not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
  const db = openSqliteDatabase(join(folder, 'test.db'), catalogue)
  const FULL = 2
  const NORMAL = 1
  for (const [durability, wanted] of [
    ['durable', FULL],
    ['cheap', NORMAL],
    ['durable', FULL],
  ] as const) {
    const inside = await db.transaction(async () => db.get('PRAGMA synchronous'), durability)
    expect(inside).toEqual({ synchronous: wanted })
  }
  db.close()
  rmSync(folder, { recursive: true })
})
