import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, test } from 'vitest'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { openRecordsFile } from '#adapters/sqlite/records-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-at-once-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Looks into a file that is being made, as the process does that makes it too, and goes on after a while. */
const LOOKS = `
const { DatabaseSync } = require('node:sqlite')
const { parentPort, workerData } = require('node:worker_threads')
const connection = new DatabaseSync(workerData)
connection.exec('BEGIN; SELECT * FROM sqlite_schema')
parentPort.postMessage('looks')
setTimeout(() => { connection.exec('COMMIT'); connection.close() }, 200)`

test.each([
  ['a history', openSqliteChainStore],
  ["people's records", openRecordsFile],
] as const)(
  'a file of %s is made while another process looks at it, about to make it',
  async (name, open) => {
    const path = join(folder, `${name}.db`)
    const other = new Worker(LOOKS, { eval: true, workerData: path })
    const over = once(other, 'exit')
    await once(other, 'message')
    const store = open(path)
    store.close()
    await over
    expect(() => open(path).close()).not.toThrow()
  },
)
