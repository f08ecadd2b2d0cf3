import { once } from 'node:events'
import type { Row } from '#resources/rows.ts'
import { createFormatter, type ExportFormat } from './format.ts'

/**
 * Writes rows to stdout, no faster than they are read there.
 *
 * @returns prints one row; gives false once whoever reads has had enough
 */
export function createRowPrinter(format: ExportFormat): (row: Row) => Promise<boolean> {
  const write = createFormatter(format)
  let isClosed = false
  process.stdout.once('error', () => {
    isClosed = true
  })
  return async (row) => {
    if (isClosed) return false
    // The wait also ends with an error, which the listeners have seen.
    if (!process.stdout.write(write(row)))
      await once(process.stdout, 'drain').catch(() => undefined)
    return true
  }
}
