import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/**
 * Tells when any process may have written to a database file. What a commit appends to the write-ahead log is told of
 * within milliseconds, on file systems that tell of changes; on others nothing is.
 *
 * @param tell called often, also where nothing was committed
 */
export function watchSqliteFile(path: string, tell: () => void): Disposable {
  const own = basename(path)
  let watcher: FSWatcher | undefined
  const end = (): void => {
    watcher?.close()
    watcher = undefined
  }
  try {
    // The folder, since the log beside the file comes and goes. It does not keep the process alive.
    watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === own || name === `${own}-wal`) tell()
    })
    watcher.on('error', end)
  } catch {
    // No such folder, or none that can be watched: the polls find what there is.
  }
  return { [Symbol.dispose]: end }
}
