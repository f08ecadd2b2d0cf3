import { catalogue as halyardCatalogue } from '#core/catalogue.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import { openSqliteDatabase, type SqliteChainPorts, sqliteChainPorts } from './chain-ports.ts'

export type SqliteChainStore = SqliteChainPorts & { readonly catalogue: Catalogue }

/**
 * Chain history in one SQLite file (write-ahead log, one writer at a time, readers in any process).
 *
 * @throws AppError `unavailable` with the remedy when the file cannot be used
 */
export const openSqliteChainStore = (
  path: string,
  catalogue: Catalogue = halyardCatalogue,
): SqliteChainStore => ({
  catalogue,
  ...sqliteChainPorts(openSqliteDatabase(path, catalogue), catalogue),
})
