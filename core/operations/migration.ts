import { AppError, assert, isAppError, messageOf } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'

/**
 * A change of the form of people's records, in the terms of one kind of store. It runs once, in the order of the
 * numbers, and is never edited afterwards: what is to be otherwise is a new one.
 */
export type Migration = {
  /** 1, 2, 3 and so on, without a gap. */
  readonly number: number
  /** What it is about: `points-ledger`. */
  readonly name: string
  /** What the store is told to do, as text. */
  readonly steps: readonly string[]
}

/** That a migration was run. */
export type MigrationRecord = {
  readonly number: number
  readonly name: string
  /** What it was when it ran: see `checksumOf`. */
  readonly checksum: string
  /** Whether it came to its end. One that did not is run again, from its first step. */
  readonly isDone: boolean
}

/** A name for what a migration does: another one as soon as a step is edited. */
export const checksumOf = (sha256: Sha256, { name, steps }: Migration): string =>
  sha256(JSON.stringify([name, steps])).slice(2)

/** `003-points-ledger` */
export const migrationName = ({ number, name }: Pick<Migration, 'number' | 'name'>): string =>
  `${String(number).padStart(3, '0')}-${name}`

/**
 * The migrations that are still to be run, in their order.
 *
 * @param known all that this version of Halyard has
 * @param records what has run, in any order
 * @throws AppError `conflict` with the remedy where the records are of a newer version, or a migration was edited
 */
export function pendingMigrations(
  sha256: Sha256,
  known: readonly Migration[],
  records: readonly MigrationRecord[],
): Migration[] {
  assert(
    known.every(({ number }, index) => number === index + 1),
    'migrations are numbered 1, 2, 3 and so on',
  )
  const newest = Math.max(0, ...records.map(({ number }) => number))
  if (newest > known.length)
    throw refused(
      `a newer version of Halyard has migrated them (to ${newest}, and this version knows ${known.length}); ` +
        'run that version or a later one',
    )
  const ran = new Map(records.map((record) => [record.number, record]))
  for (const migration of known) {
    const record = ran.get(migration.number)
    // One that did not come to its end may have been mended since.
    if (record?.isDone && record.checksum !== checksumOf(sha256, migration))
      throw refused(
        `migration ${migrationName(record)} did something else when it ran than ${migrationName(migration)} of this ` +
          'version says; run the version that migrated them, and put what has changed into a new migration',
      )
  }
  const pending = known.filter(({ number }) => ran.get(number)?.isDone !== true)
  const done = known.findLast(({ number }) => ran.get(number)?.isDone === true)
  const first = pending[0]
  if (first && done && first.number < done.number)
    throw refused(
      `migration ${migrationName(done)} ran before ${migrationName(first)}; restore the records from a backup`,
    )
  return pending
}

/**
 * What is thrown where a step fails: what an operator can do something about keeps its kind, anything else is a bug of
 * the migration.
 *
 * @param step from 1
 */
export function failedStep(migration: Migration, step: number, cause: unknown): Error {
  const where = `migration ${migrationName(migration)} fails at step ${step} of ${migration.steps.length}`
  const message = `records: ${where}: ${messageOf(cause).replace(/^records: /, '')}`
  return isAppError(cause)
    ? new AppError(cause.kind, message, { details: cause.details, cause })
    : new Error(message, { cause })
}

const refused = (why: string): AppError =>
  new AppError('conflict', `records: ${why}`, { details: { field: 'records' } })
