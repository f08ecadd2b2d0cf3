import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteDatabase } from '#adapters/sqlite/chain-ports.ts'
import { catalogue } from '#core/catalogue.ts'

const MEGABYTE = 1024 * 1024

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-sqlite-'))
  path = join(folder, 'test.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const sizeOf = (file: string): number => statSync(file).size

function openWithRows() {
  const db = openSqliteDatabase(path, catalogue)
  db.exec('CREATE TABLE rows (bytes BLOB)')
  const add = (megabytes: number): void =>
    db.atOnce(() => void db.run('INSERT INTO rows VALUES (zeroblob(?))', megabytes * MEGABYTE))
  return { db, add }
}

test('the log is copied into the file at 8 MB, and goes on at its beginning in the place that it has', () => {
  const { db, add } = openWithRows()
  for (let each = 0; each < 7; each++) add(1)
  expect(sizeOf(path)).toBeLessThan(MEGABYTE)
  add(1)
  const copied = sizeOf(path)
  expect(copied).toBeGreaterThan(8 * MEGABYTE)
  const logBytes = sizeOf(`${path}-wal`)
  for (let each = 0; each < 7; each++) add(1)
  expect([sizeOf(path), sizeOf(`${path}-wal`)]).toEqual([copied, 8 * MEGABYTE])
  expect(logBytes).toBeLessThan(9 * MEGABYTE)
  // Copied is what was added since, not the length of the file.
  add(1)
  expect(sizeOf(path)).toBeGreaterThan(16 * MEGABYTE)
  db.close()
})

test('a commit of many megabytes does not leave a log of that length behind', () => {
  const { db, add } = openWithRows()
  add(40)
  expect(sizeOf(`${path}-wal`)).toBeGreaterThan(40 * MEGABYTE)
  add(1)
  expect(sizeOf(`${path}-wal`)).toBe(8 * MEGABYTE)
  db.close()
})

test('what a reader still looks at stays in the log, and is copied once it is done', () => {
  const { db, add } = openWithRows()
  const reader = openSqliteDatabase(path, catalogue)
  reader.exec('BEGIN')
  const seen = reader.get('SELECT count(*) AS n FROM rows')
  for (let each = 0; each < 20; each++) add(1)
  expect(sizeOf(`${path}-wal`)).toBeGreaterThan(20 * MEGABYTE)
  expect(reader.get('SELECT count(*) AS n FROM rows')).toEqual(seen)
  reader.exec('COMMIT')
  add(1)
  expect(sizeOf(path)).toBeGreaterThan(21 * MEGABYTE)
  add(1)
  expect(sizeOf(`${path}-wal`)).toBe(8 * MEGABYTE)
  reader.close()
  db.close()
})

test('what is committed while the same connection reads row by row is copied by a later commit', () => {
  const { db, add } = openWithRows()
  add(1)
  add(1)
  let seen = 0
  for (const _ of db.iterate('SELECT 1 FROM rows')) {
    seen++
    if (seen <= 2) add(5)
  }
  expect(seen).toBeGreaterThanOrEqual(2)
  expect(sizeOf(path)).toBeLessThan(MEGABYTE)
  add(1)
  expect(sizeOf(path)).toBeGreaterThan(13 * MEGABYTE)
  db.close()
})
