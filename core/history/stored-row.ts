import { AppError, damagedStore, type ErrorReason, isAppError } from '#core/errors.ts'
import type { CommitId } from './head.ts'
import type { EventPlace } from './ports.ts'

/**
 * What a commit stored at a place of the chain, or what is wrong with its row. A row that cannot be read is told only to
 * who needs it: it may be of a commit that does not count.
 */
export type StoredRow<T> = {
  readonly place: EventPlace
  readonly commit: CommitId
  /** Where the store keeps this row among those of its place: only good to resume behind it, even when it is gone. */
  readonly branch: string | number
} & ({ readonly value: T } | { readonly fault: RowFault })

/** As plain data, which can be given to another thread. */
type RowFault = { readonly message: string; readonly reason: ErrorReason | undefined }

/** @param decode gives what the row holds; what it expects to fail with is kept as the fault of the row */
export function storedRow<T>(
  row: Pick<StoredRow<T>, 'place' | 'commit' | 'branch'>,
  decode: () => T,
): StoredRow<T> {
  try {
    return { ...row, value: decode() }
  } catch (error) {
    const known = error instanceof SyntaxError ? damagedStore('a row is not JSON', error) : error
    if (!isAppError(known)) throw known
    return { ...row, fault: { message: known.message, reason: known.details.reason } }
  }
}

/** @throws AppError `unavailable` where the row cannot be read */
export function valueOfRow<T>(row: StoredRow<T>): T {
  if ('value' in row) return row.value
  const { message, reason } = row.fault
  throw new AppError('unavailable', message, {
    details: { field: 'store', ...(reason && { reason }) },
  })
}
