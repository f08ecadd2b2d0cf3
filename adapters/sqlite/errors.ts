import { AppError, isAppError, messageOf } from '#core/errors.ts'
import type { FileField } from './place.ts'

/** What else than a backup helps. */
const elseRemedies: Readonly<Record<FileField, string>> = {
  store: ', or move it away and index again',
  records: '',
  raw: ', or move it away and collect the logs again',
}

export const damaged = (
  path: string,
  field: FileField,
  reason: string,
  cause?: unknown,
): AppError =>
  new AppError(
    'unavailable',
    // SQLite calls a page that cannot be read malformed, too.
    `${field}: the database file ${path} is damaged, or the disk cannot read it (${reason}); check the disk; where that ` +
      `is whole, restore the file from a backup${elseRemedies[field]}`,
    { details: { field, reason: 'damaged' }, cause },
  )

/** SQLite's primary result codes that an operator can do something about. */
const remedies: Readonly<Record<number, string>> = {
  5: 'another process holds its write lock; stop it or try again',
  8: 'it is read-only; give this user the right to write it and its folder',
  10: 'the disk failed to read or write; check it',
  13: 'the disk is full; free some space and try again',
  14: 'it cannot be opened; check that its folder exists and can be written',
}
const BUSY = 5
const LOCKED = 6
const IO_ERROR = 10
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26

/** SQLite's primary result code; undefined for any other error. */
function codeOf(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: number }
  return errcode === undefined ? undefined : errcode & 0xff
}

/** Of `IO_ERROR`, those that tell of an fsync of a file or of its folder. */
const FAILED_SYNCS: ReadonlySet<number> = new Set([4, 5])

/** The operating system has not kept what was written, and may have forgotten that it has not: trying again proves nothing. */
export function isFailedSync(error: unknown): boolean {
  const { errcode = 0 } = (error ?? {}) as { errcode?: number }
  return (errcode & 0xff) === IO_ERROR && FAILED_SYNCS.has(errcode >> 8)
}

/** Another process holds the lock that was asked for. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && codeOf(isAppError(error) ? error.cause : error) === BUSY

/** A statement of the same connection is not done with what was asked for. */
export const isLocked = (error: unknown): boolean => codeOf(error) === LOCKED

/** SQLite's failures as `unavailable`, with the remedy; anything else as it is. */
export function toAppError(error: unknown, path: string, field: FileField = 'store'): unknown {
  if (isAppError(error) || !(error instanceof Error)) return error
  const details = { field }
  if ('syscall' in error)
    return new AppError(
      'unavailable',
      `${field}: ${path}: ${messageOf(error)}: check that this user may read and write it`,
      { details, cause: error },
    )
  const code = codeOf(error)
  if (code === undefined) return error
  if (code === CORRUPT || code === NOT_A_DATABASE) return damaged(path, field, error.message, error)
  if (isFailedSync(error))
    return new AppError(
      'unavailable',
      `${field}: ${path}: the disk failed to keep what was written (${messageOf(error)}); nothing more is written: check ` +
        'the disk, then start again, which finds what was kept',
      { details: { ...details, reason: 'store-lost' }, cause: error },
    )
  const remedy = remedies[code]
  if (!remedy) return error
  return new AppError('unavailable', `${field}: ${path}: ${messageOf(error)}: ${remedy}`, {
    details,
    cause: error,
  })
}

/** There is no room for what was to be written. */
export const isFull = (error: unknown): boolean => codeOf(error) === FULL
