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
  return {
    heads: guarded(db, createSqliteHeadLog(db)),
    tree: guarded(db, createSqliteWorkingTree(db, catalogue)),
    events: guarded(db, createSqliteEventTable(db, catalogue)),
    quarantine: guarded(db, createSqliteQuarantineTable(db)),
    tokens: guarded(db, createSqliteTokenStore(db)),
    writer: guarded(db, createSqliteChainWriter(db, catalogue, createInsertEvents(db, catalogue))),
    close: () => db.close(),
  }
}

type Methods = Record<string, (...args: never[]) => Promise<unknown>>

/** The same port, the driver's failures told as `unavailable`. */
function guarded<P extends object>(db: Database, port: P): P {
  const methods = Object.entries(port as Methods).map(([name, method]) => [
    name,
    async (...args: never[]) => {
      try {
        return await method(...args)
      } catch (error) {
        throw toAppError(error, db.path)
      }
    },
  ])
  return Object.fromEntries(methods) as P
}
