import type { Db } from 'mongodb'
import { CONCERNS } from './concerns.ts'
import { connectionTo, reviewDeployment } from './connection.ts'
import { toAppError, toldAs } from './errors.ts'
import { createLastingDatabase } from './lasting-database.ts'

export type MongoRawDatabase = {
  readonly db: Db
  /** What an operator should know about how the server is run. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

/** The indexes besides those on `_id`, which every list and claim walks. */
const INDEXES = {
  rawSegments: { byBlock: { chainId: 1, from: 1 } },
  workRanges: { byState: { plan: 1, state: 1, from: 1 }, byBlock: { plan: 1, from: 1 } },
} as const

/**
 * Opens the database of proven logs and of the ranges that are being collected: collections of their own, which no
 * change of the history's form touches.
 *
 * @param url with the database as its path
 * @throws AppError `invalid` when the URL cannot be used, `unavailable` when the server cannot; both with the remedy
 */
export async function openMongoRawDatabase(url: string): Promise<MongoRawDatabase> {
  const { db, close } = createLastingDatabase(() => connectionTo(url, 'raw'))
  try {
    const warnings = await reviewDeployment(db, 'raw')
    for (const [collection, indexes] of Object.entries(INDEXES))
      for (const [name, fields] of Object.entries(indexes))
        await db.collection(collection, CONCERNS).createIndex({ ...fields }, { name })
    return { db, warnings, close }
  } catch (error) {
    await close()
    throw toAppError(error, 'raw')
  }
}

/** Does something, the driver's failures told as `unavailable`. */
export const toldOfRaw = toldAs('raw')
