import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Long enough for another thread to come to the lock. */
const HELD_MS = 150

const CHANGER = `
const { DatabaseSync } = require('node:sqlite')
const { parentPort, workerData: { path, sql, heldMs } } = require('node:worker_threads')
const db = new DatabaseSync(path)
db.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;' + sql)
parentPort.postMessage('held')
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, heldMs)
db.exec('COMMIT')
db.close()
`

/**
 * Another connection that changes a database file: it has the write lock when this resolves, and commits soon after, while
 * this thread may be waiting for the lock.
 */
export async function changeFile(path: string, sql: string): Promise<void> {
  const worker = new Worker(CHANGER, { eval: true, workerData: { path, sql, heldMs: HELD_MS } })
  await once(worker, 'message')
}
