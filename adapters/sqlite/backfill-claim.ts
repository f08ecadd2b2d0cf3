import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '#core/errors.ts'
import { isBusy, toAppError } from './errors.ts'
import { refuseBadPlace } from './place.ts'

/** Names the process that indexes into a file, for as long as it does. */
const SCHEMA =
  'CREATE TABLE IF NOT EXISTS claim (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, since TEXT NOT NULL)'

type Holder = { readonly pid: number; readonly since: string }

/**
 * Says of a chain in a file that one backfill is at it: of two, each would take the head from the other and drop what it has
 * proven. The claim is a write lock on a small file beside it, which the system gives back when the process ends,
 * however it ends; its row tells others who it is.
 *
 * It keeps nobody else from writing: an indexer, a rebuild and backfills that share their work settle that by the head
 * log.
 *
 * @param path the store's file, or `:memory:`, which nobody else can open
 * @param self the process id, and the time of day in ms since 1970
 * @throws AppError `conflict` where another process is at it, with who and since when
 */
export function claimBackfill(
  path: string,
  chainId: number,
  self: { readonly pid: number; readonly nowMs: number },
): Disposable {
  if (path === ':memory:') return { [Symbol.dispose]: () => undefined }
  refuseBadPlace(path, 'store')
  const claimPath = `${path}-backfill-${chainId}`
  let connection: DatabaseSync | undefined
  try {
    connection = new DatabaseSync(claimPath, { timeout: 0 })
    const since = new Date(self.nowMs).toISOString()
    connection.exec('BEGIN IMMEDIATE')
    connection.exec(SCHEMA)
    connection.prepare('INSERT OR REPLACE INTO claim VALUES (1, ?, ?)').run(self.pid, since)
    connection.exec('COMMIT')
    // Others can read the row while this one holds the lock.
    connection.exec('BEGIN IMMEDIATE')
  } catch (error) {
    const holder = connection && isBusy(error) ? holderOf(connection) : undefined
    connection?.close()
    if (!isBusy(error)) throw toAppError(error, claimPath)
    throw takenBy(path, holder)
  }
  const claimed = connection
  return {
    [Symbol.dispose]() {
      // First the file: who finds it afterwards makes a new one.
      rmSync(claimPath, { force: true })
      claimed.close()
    },
  }
}

/** Undefined where it cannot be told: it may be about to begin or to end. */
function holderOf(connection: DatabaseSync): Holder | undefined {
  try {
    return connection.prepare('SELECT pid, since FROM claim').get() as Holder | undefined
  } catch {
    return undefined
  }
}

const takenBy = (path: string, holder: Holder | undefined): AppError =>
  new AppError(
    'conflict',
    `store: another backfill is at ${path}${holder ? ` (process ${holder.pid}, since ${holder.since})` : ''}; wait for ` +
      'it, stop it, or run both with --share, so that they share the work',
    { details: { field: 'store', reason: 'second-writer', ...holder } },
  )
