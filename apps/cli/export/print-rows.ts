import { once } from 'node:events'
import type { Formatter, Words } from './format.ts'

/**
 * Writes items to stdout, no faster than they are read there; the header at once, so that it is there without items too.
 *
 * @returns prints one item; gives false once whoever reads has had enough
 */
export function createItemPrinter<T>({
  header,
  item: write,
}: Formatter<T>): (item: T, words?: Words) => Promise<boolean> {
  let isClosed = false
  process.stdout.once('error', () => {
    isClosed = true
  })
  if (header !== '') process.stdout.write(header)
  return async (item, words) => {
    if (isClosed) return false
    // The wait also ends with an error, which the listeners have seen.
    if (!process.stdout.write(write(item, words)))
      await once(process.stdout, 'drain').catch(() => undefined)
    return true
  }
}
