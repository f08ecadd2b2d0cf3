import { translateErrors } from '#core/errors.ts'
import type { HistoryCatalogue, HistoryValues } from '#core/history/catalogue.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { ChainWriter, QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenStore } from '#core/tokens/ports.ts'
import { createSqliteChainWriter } from './chain-writer.ts'
import { createInsertEvents } from './insert-events.ts'
import { type Database, openDatabase } from './database.ts'
import { toAppError } from './errors.ts'
import { createSqliteEventTable } from './event-table.ts'
import { createSqliteHeadLog } from './head-log.ts'
import { createSqliteQuarantineTable } from './quarantine-table.ts'
import { ROW_FORMAT, schemaOf } from './schema.ts'
import { createSqliteTokenStore } from './token-store.ts'
import { createSqliteWorkingTree } from './working-tree.ts'

export type SqliteChainPorts = HistoryPorts & {
  readonly writer: ChainWriter
  readonly quarantine: QuarantineTable
  readonly tokens: TokenStore
  close(): void
}

export const openSqliteDatabase = (path: string, values: HistoryValues): Database =>
  openDatabase(path, { schema: schemaOf(values), format: ROW_FORMAT })

/** A chain's history over an open database. */
export function sqliteChainPorts(db: Database, catalogue: HistoryCatalogue): SqliteChainPorts {
  const guarded = <P extends object>(port: P): P =>
    translateErrors(port, (error) => toAppError(error, db.path))
  return {
    heads: guarded(createSqliteHeadLog(db)),
    tree: guarded(createSqliteWorkingTree(db, catalogue)),
    events: guarded(createSqliteEventTable(db, catalogue)),
    quarantine: guarded(createSqliteQuarantineTable(db)),
    tokens: guarded(createSqliteTokenStore(db)),
    writer: guarded(createSqliteChainWriter(db, catalogue, createInsertEvents(db, catalogue))),
    close: () => db.close(),
  }
}
