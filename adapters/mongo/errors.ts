import {
  MongoBulkWriteError,
  MongoError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb'
import { AppError, isAppError, messageOf } from '#core/errors.ts'

/** The setting that names a database: messages begin with it. */
export type DatabaseField = 'store' | 'records' | 'raw'

const DUPLICATE_KEY = 11_000

/** A unique key is taken. */
export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === DUPLICATE_KEY

/**
 * The places, in what an unordered `insertMany` was given, of those that were there already; the others are stored and
 * acknowledged. Throws the error where anything else went wrong too, an acknowledgement that did not come included.
 */
export function duplicatesIn(error: unknown): number[] {
  if (!(error instanceof MongoBulkWriteError)) throw error
  const errors = [error.writeErrors].flat()
  const isOnlyThat =
    errors.length > 0 &&
    errors.every(({ code }) => code === DUPLICATE_KEY) &&
    !error.result.getWriteConcernError()
  if (!isOnlyThat) throw error
  return errors.map(({ index }) => index)
}

/** The server's error codes that an operator can do something about. */
const remedies: Readonly<Record<number, string>> = {
  13: 'give the user the readWrite role on the database',
  18: 'check the user and password in the URL, and add authSource=admin where the user is kept there',
  64: 'members of the replica set are down or far behind; bring them back and try again',
  86: 'an index of that name was made by hand or by another version; drop it and try again',
  91: 'the server is shutting down; try again',
  100: 'the replica set has too few members that can acknowledge; bring them back',
  189: 'the replica set has no primary at this moment; try again',
  10_107: 'the replica set has no primary at this moment; try again',
  11_600: 'the server is shutting down; try again',
  11_602: 'the replica set has no primary at this moment; try again',
  14_031: 'the disk is full; free some space and try again',
}

function remedyFor(error: Error): string {
  if (error instanceof MongoServerSelectionError || !(error instanceof MongoError))
    return 'check that the server runs and that the address in the URL is right'
  if (error instanceof MongoNetworkError) return 'the connection broke; try again'
  return remedies[Number(error.code)] ?? "try again; the server's log says more"
}

const isSystemError = (error: Error): boolean => 'syscall' in error

/** Does something, the driver's failures told as `toAppError` does. @param field names the database */
export const toldAs =
  (field: DatabaseField) =>
  async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask()
    } catch (error) {
      throw toAppError(error, field)
    }
  }

/** Failures of the driver and the server as `unavailable`, with the remedy; anything else as it is. */
export function toAppError(error: unknown, field: DatabaseField = 'store'): unknown {
  if (isAppError(error) || !(error instanceof Error)) return error
  if (error instanceof MongoInvalidArgumentError) return error
  if (!(error instanceof MongoError) && !isSystemError(error)) return error
  const reason = messageOf(error).replaceAll(/\/\/[^\s/]*@/g, '//')
  return new AppError('unavailable', `${field}: MongoDB: ${reason}: ${remedyFor(error)}`, {
    details: { field },
    cause: error,
  })
}
