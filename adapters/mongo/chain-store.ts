import type { Db } from 'mongodb'
import { catalogue as halyardCatalogue } from '#core/catalogue.ts'
import { translateErrors } from '#core/errors.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import type { ChainWriter, QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenStore } from '#core/tokens/ports.ts'
import { createMongoChainWriter } from './chain-writer.ts'
import { collectionsOf, createIndexes } from './collections.ts'
import { connectionTo, reviewDeployment } from './connection.ts'
import { createLastingDatabase, type LastingOptions } from './lasting-database.ts'
import { toAppError } from './errors.ts'
import { createMongoEventTable } from './event-table.ts'
import { createMongoHeadLog } from './head-log.ts'
import { createMongoQuarantineTable } from './quarantine-table.ts'
import { createMongoTokenStore } from './token-store.ts'
import { createMongoWorkingTree } from './working-tree.ts'

export type MongoChainStore = HistoryPorts & {
  readonly catalogue: Catalogue
  readonly writer: ChainWriter
  readonly quarantine: QuarantineTable
  readonly tokens: TokenStore
  /** What an operator should know about how the server is run. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

/**
 * Chain history in a MongoDB database; any number of processes may read and write it.
 *
 * @param url with the database as its path: `mongodb://HOST:PORT/halyard`
 * @throws AppError `invalid` when the URL cannot be used, `unavailable` when the server cannot; both with the remedy,
 *   neither with the password
 */
export async function openMongoChainStore(
  url: string,
  catalogue: Catalogue = halyardCatalogue,
  options: LastingOptions = {},
): Promise<MongoChainStore> {
  const { db, close } = createLastingDatabase(() => connectionTo(url), options)
  try {
    const warnings = await reviewDeployment(db, 'store')
    await createIndexes(db, catalogue)
    return { ...createMongoChainStore(db, catalogue), warnings, close }
  } catch (error) {
    await close()
    throw toAppError(error)
  }
}

/** The same over a database whose indexes are there. */
export function createMongoChainStore(
  db: Db,
  catalogue: Catalogue = halyardCatalogue,
): Omit<MongoChainStore, 'warnings' | 'close'> {
  const collections = collectionsOf(db)
  return {
    catalogue,
    heads: guarded(createMongoHeadLog(collections)),
    tree: guarded(createMongoWorkingTree(collections, catalogue)),
    events: guarded(createMongoEventTable(collections, catalogue)),
    quarantine: guarded(createMongoQuarantineTable(collections)),
    tokens: guarded(createMongoTokenStore(collections)),
    writer: guarded(createMongoChainWriter(collections, catalogue)),
  }
}

/** The same port, the driver's failures told as `unavailable`. */
const guarded = <P extends object>(port: P): P => translateErrors(port, toAppError)
