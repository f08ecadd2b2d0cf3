import { AppError } from '#core/errors.ts'

/** People's records are not what was put into them. */
export const damagedRecords = (what: string, cause?: unknown): AppError =>
  new AppError('unavailable', `records: they are damaged: ${what}; restore them from a backup`, {
    details: { field: 'records', reason: 'damaged' },
    cause,
  })
