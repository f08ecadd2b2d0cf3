import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { AppError } from '#core/errors.ts'
import { damaged, isBusy, isFailedSync, isFull, isLocked, toAppError } from './errors.ts'
import { additionsTo, type FileForm, schemaDifference, schemaVersion } from './schema-version.ts'
import { type FileField, refuseBadPlace } from './place.ts'

/** A row as SQLite gives it. */
type Value = string | number | bigint | null | Uint8Array
export type Row = Record<string, Value>
export type Tuple = readonly Value[]

/** One connection. Statements are prepared once. */
export type Database = {
  readonly path: string
  exec(sql: string): void
  all(sql: string, ...parameters: SQLInputValue[]): Row[]
  /** The same without names of columns, for many rows: values in the order of the columns. */
  tuples(sql: string, ...parameters: SQLInputValue[]): Tuple[]
  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined
  /** Rows one by one, as far as they are taken; nothing else is run meanwhile. */
  iterate(sql: string, ...parameters: SQLInputValue[]): Iterable<Row>
  /** Runs a write and gives the number of rows that it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number
  /** The same for many rows: the statement is looked up once. */
  prepareRun(sql: string): (...parameters: unknown[]) => void
  /** Ends a transaction without its changes, if one is open. */
  rollback(): void
  /** Steps as one transaction that begins by taking the write lock; one at a time. */
  transaction<T>(steps: () => Promise<T>, durability: Durability): Promise<T>
  begin(durability: Durability): void
  commit(): void
  /**
   * Steps without a pause as one transaction, so that connections of one process do not wait for each other; a cheap one
   * unless said otherwise.
   */
  atOnce<T>(steps: () => T, durability?: Durability): T
  close(): void
}

/**
 * What a power cut may take back. `durable`: nothing of this transaction or of those before it, at the price of waiting
 * for the disk; `cheap`: the newest transactions, never a part of one.
 */
export type Durability = 'durable' | 'cheap'

/** "HALY": says whose file it is. */
const APPLICATION_ID = 0x48414c59
/** How long a writer waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 5_000
/** Files up to this size are checked page by page when they are opened; larger ones as they are read. */
const CHECKED_BYTES_MAX = 256 * 1024 * 1024
const HEADER = 'SQLite format 3\0'
/** From this size on the write-ahead log is copied into the file. */
const LOG_BYTES_MAX = 8 * 1024 * 1024
/** What stands before each page in the log. */
const FRAME_HEADER_BYTES = 24

/**
 * Opens a file of chain history, or makes it. One that only lacks tables is given them, empty; one that differs in
 * anything else is refused.
 *
 * @param path a file, or `:memory:`
 * @throws AppError `unavailable` when the file is damaged, locked, not Halyard's, or of another form
 */
export const openDatabase = (path: string, form: FileForm): Database =>
  openConnection(path, 'store', (connection) => prepareFile(connection, path, form))

/**
 * Opens a database file, or makes an empty one.
 *
 * @param prepare looks whether it is the file that was meant, and brings it into its form; gives the version that it has
 *   then, which each transaction looks at, or undefined where another version may be at the file too
 * @throws AppError `unavailable` when the file is damaged or locked, or `prepare` refuses it
 */
export function openConnection(
  path: string,
  field: FileField,
  prepare: (connection: DatabaseSync) => number | undefined,
): Database {
  try {
    refuseForeignFile(path, field)
    const connection = new DatabaseSync(path)
    let version: number | undefined
    try {
      // Larger pages hold more of the clustered rows; it only takes effect in a new file.
      connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA page_size = 8192`)
      version = outwaitOthers(connection, prepare)
    } catch (error) {
      connection.close()
      throw error
    }
    // A checkpoint that SQLite begins by itself keeps to itself what fails in it, a failed fsync too. And a log that is
    // begun anew keeps its place on the disk: to cut it, and to let it grow again, would cost each commit near the head
    // milliseconds.
    connection.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${LOG_BYTES_MAX}`)
    return wrap(connection, path, field, version)
  } catch (error) {
    throw toAppError(error, path, field)
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
const PREPARE_AGAIN_MS = 5

/**
 * Prepares a file, again while others are at it: to who changes how a file keeps its journal SQLite says at once that it
 * is locked, and waits for nobody, as where two processes make the same file.
 */
function outwaitOthers<T>(connection: DatabaseSync, prepare: (connection: DatabaseSync) => T): T {
  const startedAt = performance.now()
  for (;;) {
    try {
      return prepare(connection)
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedAt > BUSY_TIMEOUT_MS) throw error
      if (connection.isTransaction) connection.exec('ROLLBACK')
      Atomics.wait(sleeper, 0, 0, PREPARE_AGAIN_MS)
    }
  }
}

/** The number of a PRAGMA that has one. */
export const pragmaOf = (connection: DatabaseSync, name: string): number =>
  Number(Object.values(connection.prepare(`PRAGMA ${name}`).get() ?? {})[0])

/** Looks through all of a file that is small enough to be looked through at every start. */
export function refuseDamaged(connection: DatabaseSync, path: string, field: FileField): void {
  if (sizeOf(path) > CHECKED_BYTES_MAX) return
  const verdict = Object.values(connection.prepare('PRAGMA quick_check(1)').get() ?? {})[0]
  if (verdict !== 'ok') throw damaged(path, field, String(verdict))
}

function prepareFile(connection: DatabaseSync, path: string, form: FileForm): number {
  const isNew = (): boolean => pragmaOf(connection, 'schema_version') === 0
  const wasNew = isNew()
  if (!wasNew) {
    refuseOther(connection, path, form)
    refuseDamaged(connection, path, 'store')
  }
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  connection.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY')
  const version = schemaVersion(form)
  if (!wasNew && pragmaOf(connection, 'user_version') === version) return version
  connection.exec('BEGIN IMMEDIATE')
  // Others may have made the file meanwhile, or changed it, and they may be of another version.
  if (!isNew()) refuseOther(connection, path, form)
  const statements = isNew()
    ? form.schema
    : additionsTo(connection, pragmaOf(connection, 'user_version'), form)
  connection.exec(statements ?? '')
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version}`)
  connection.exec('COMMIT')
  return version
}

/** @throws AppError `unavailable` where it is another program's, or there is more to it than tables that it lacks */
function refuseOther(connection: DatabaseSync, path: string, form: FileForm): void {
  if (pragmaOf(connection, 'application_id') !== APPLICATION_ID)
    throw new AppError(
      'unavailable',
      `store: ${path} is a database of another program; name another file`,
      { details: { field: 'store' } },
    )
  const found = pragmaOf(connection, 'user_version')
  if (found === schemaVersion(form) || additionsTo(connection, found, form) !== undefined) return
  throw new AppError(
    'unavailable',
    `store: ${path} was written by another version of Halyard: ${schemaDifference(connection, form.schema)}; ` +
      'use that version, or index into another file',
    { details: { field: 'store', reason: 'other-version' } },
  )
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** SQLite takes a file of a few foreign bytes for an empty database; this one looks first. */
function refuseForeignFile(path: string, field: FileField): void {
  if (path !== ':memory:') refuseBadPlace(path, field)
  const file = statSync(path, { throwIfNoEntry: false })
  if (!file?.size) return
  const header = Buffer.alloc(HEADER.length)
  const handle = openSync(path, 'r')
  try {
    readSync(handle, header, 0, header.length, 0)
  } finally {
    closeSync(handle)
  }
  if (header.toString('latin1') !== HEADER)
    throw damaged(path, field, 'it is not an SQLite database')
}

function wrap(
  connection: DatabaseSync,
  path: string,
  field: FileField,
  version: number | undefined,
): Database {
  const statements = {
    rows: new Map<string, StatementSync>(),
    tuples: new Map<string, StatementSync>(),
  }
  const prepared = (sql: string, as: keyof typeof statements = 'rows'): StatementSync => {
    const known = statements[as].get(sql)
    if (known) return known
    const statement = connection.prepare(sql)
    statement.setReturnArrays(as === 'tuples')
    statements[as].set(sql, statement)
    return statement
  }
  let last: Promise<unknown> = Promise.resolve()

  function rollback(): void {
    // A failed COMMIT may have rolled back by itself.
    if (connection.isTransaction) connection.exec('ROLLBACK')
  }

  /** Set by an fsync that failed. */
  let lost: AppError | undefined
  /** Whatever else may fail is the same afterwards as before; what an fsync that failed has kept, nobody knows. */
  function refuseLost<T>(step: () => T): T {
    if (lost) throw lost
    try {
      return step()
    } catch (error) {
      if (isFailedSync(error)) lost = toAppError(error, path, field) as AppError
      throw error
    }
  }

  const frameBytes = pragmaOf(connection, 'page_size') + FRAME_HEADER_BYTES
  function copyLog(): void {
    if (connection.isTransaction) return
    try {
      // Pages in the log, and how many of them are in the file as well.
      const state = prepared('PRAGMA wal_checkpoint(NOOP)', 'tuples').get()
      const [, logged, copied] = state as unknown as [number, number, number]
      if (logged * frameBytes < LOG_BYTES_MAX || logged === copied) return
      connection.exec('PRAGMA wal_checkpoint')
    } catch (error) {
      // What does not fit into the file stays in the log, which is read all the same; and while this connection reads
      // something row by row, a later commit copies.
      if (!isBusy(error) && !isLocked(error) && !isFull(error)) throw error
    }
  }

  function commit(): void {
    refuseLost(() => {
      connection.exec('COMMIT')
      copyLog()
    })
  }

  let durability: Durability = 'cheap'
  function begin(wanted: Durability): void {
    if (lost) throw lost
    // Only to be changed outside of a transaction.
    if (wanted !== durability)
      connection.exec(`PRAGMA synchronous = ${wanted === 'durable' ? 'FULL' : 'NORMAL'}`)
    durability = wanted
    connection.exec('BEGIN IMMEDIATE')
    refuseChanged()
  }

  /** Another version would not know what this one leaves out, nor this one what to write for it. */
  function refuseChanged(): void {
    if (version === undefined) return
    const [found] = prepared('PRAGMA user_version', 'tuples').get() as unknown as [number]
    if (found === version) return
    rollback()
    throw new AppError(
      'unavailable',
      `${field}: another version of Halyard has changed ${path} while this one was at it; stop this one, and start that ` +
        'version in its place',
      { details: { field, reason: 'other-version' } },
    )
  }

  async function runTransaction<T>(steps: () => Promise<T>, wanted: Durability): Promise<T> {
    begin(wanted)
    try {
      const result = await steps()
      commit()
      return result
    } catch (error) {
      rollback()
      throw error
    }
  }

  return {
    path,
    exec: (sql) => connection.exec(sql),
    all: (sql, ...parameters) => prepared(sql).all(...parameters),
    tuples: (sql, ...parameters) =>
      prepared(sql, 'tuples').all(...parameters) as unknown as Tuple[],
    get: (sql, ...parameters) => prepared(sql).get(...parameters),
    iterate: (sql, ...parameters) => prepared(sql).iterate(...parameters),
    run: (sql, ...parameters) =>
      refuseLost(() => {
        const { changes } = prepared(sql).run(...parameters)
        copyLog()
        return Number(changes)
      }),
    prepareRun(sql) {
      const statement = prepared(sql)
      return (...parameters) => {
        statement.run(...(parameters as SQLInputValue[]))
      }
    },
    rollback,
    begin,
    commit,
    atOnce(steps, wanted = 'cheap') {
      begin(wanted)
      try {
        const result = steps()
        commit()
        return result
      } catch (error) {
        rollback()
        throw error
      }
    },
    transaction(steps, wanted) {
      const turn = last.then(() => runTransaction(steps, wanted))
      last = turn.catch(() => undefined)
      return turn
    },
    close: () => connection.close(),
  }
}
