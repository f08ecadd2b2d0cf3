import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '#core/errors.ts'
import { type Database, openConnection, pragmaOf, refuseDamaged } from './database.ts'
import type { FileField } from './place.ts'

/** A kind of file that is not the history's. */
type OwnFile = {
  /** The setting that names it. */
  readonly field: FileField
  /** Says whose file it is: four bytes. */
  readonly applicationId: number
  /** What it holds, for people. */
  readonly holds: string
  /** The statements that make a new file's tables. */
  readonly schema: string
  /** Of the schema, where a file of another one is refused; left out: it migrates. */
  readonly version?: number
  /** The statements that bring a file of an older version, by its number, to this one. */
  readonly upgrades?: Readonly<Record<number, string>>
  /** What transactions wait for, unless they say otherwise. */
  readonly synchronous: 'FULL' | 'NORMAL'
  /** How long a writer waits for another process's transaction. */
  readonly busyTimeoutMs: number
}

/**
 * Opens such a file, or makes it.
 *
 * @param path a file, or `:memory:`
 * @throws AppError `unavailable` when the file is damaged, locked, or holds something else
 */
export const openOwnFile = (path: string, kind: OwnFile): Database =>
  openConnection(path, kind.field, (connection) => prepareFile(connection, path, kind))

function prepareFile(connection: DatabaseSync, path: string, kind: OwnFile): number | undefined {
  const { field, version, synchronous, busyTimeoutMs } = kind
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  const isNew = (): boolean => pragmaOf(connection, 'schema_version') === 0
  if (!isNew()) {
    refuseOther(connection, path, kind)
    refuseDamaged(connection, path, field)
    upgrade(connection, kind)
  }
  connection.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`,
  )
  if (isNew()) make(connection, isNew, kind)
  // Another version may have made it meanwhile, or changed it.
  const { upgrades: _, ...made } = kind
  refuseOther(connection, path, made)
  return version
}

function make(
  connection: DatabaseSync,
  isNew: () => boolean,
  { applicationId, schema, version }: OwnFile,
): void {
  connection.exec('BEGIN IMMEDIATE')
  // Two processes may find the file new; the second one finds what the first one made.
  if (isNew()) {
    connection.exec(schema)
    connection.exec(`PRAGMA application_id = ${applicationId}`)
    if (version !== undefined) connection.exec(`PRAGMA user_version = ${version}`)
  }
  connection.exec('COMMIT')
}

/** A table that is made anew must not take with it the rows that belong to its own. */
function upgrade(connection: DatabaseSync, { version, upgrades }: OwnFile): void {
  const statements = (): string | undefined => upgrades?.[pragmaOf(connection, 'user_version')]
  if (version === undefined || statements() === undefined) return
  connection.exec('PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; BEGIN IMMEDIATE')
  // Of two processes the second one finds it done.
  const text = statements()
  if (text !== undefined) connection.exec(`${text}; PRAGMA user_version = ${version}`)
  connection.exec('COMMIT; PRAGMA legacy_alter_table = OFF')
}

function refuseOther(
  connection: DatabaseSync,
  path: string,
  { field, applicationId, holds, version, upgrades }: OwnFile,
): void {
  if (pragmaOf(connection, 'application_id') !== applicationId)
    throw new AppError(
      'unavailable',
      `${field}: ${path} holds something else than ${holds}; name another file`,
      { details: { field } },
    )
  const found = pragmaOf(connection, 'user_version')
  if (version !== undefined && found !== version && upgrades?.[found] === undefined)
    throw new AppError(
      'unavailable',
      `${field}: ${path} was written by another version of Halyard (schema ${found}, this one has ${version}); ` +
        'use that version, or name another file',
      { details: { field, found, version } },
    )
}
