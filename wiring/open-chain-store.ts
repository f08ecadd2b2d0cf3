import { existsSync } from 'node:fs'
import { systemClock } from '#adapters/node/clock.ts'
import { AppError } from '#core/errors.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { Catalogue } from '#core/indexing/catalogue.ts'
import type { ChainWriter, QuarantineTable } from '#core/indexing/ports.ts'
import type { TokenStore, TokenTable } from '#core/tokens/ports.ts'
import { createLateStore } from './late-store.ts'
import type { RawSetting, StoreSetting } from './settings.ts'

/** A store that is open for reading. */
export type HistoryStore = HistoryPorts & {
  readonly quarantine: QuarantineTable
  readonly tokens: TokenTable
  /** What about its server an operator should know. */
  readonly warnings?: readonly string[]
  close(): void | Promise<void>
}

/** A store that is open for reading and writing. */
export type ChainStore = HistoryStore & {
  readonly catalogue: Catalogue
  readonly writer: ChainWriter
  readonly tokens: TokenStore
}

/*
 * Each engine is imported when a configuration names it, and only then: the driver of MongoDB takes longer to load than
 * most commands on SQLite take altogether.
 */

/**
 * For a process that writes much: SQLite's connection is in a thread of its own. What is not there yet is made.
 *
 * @throws AppError `unavailable` or `invalid`, with the remedy, where the store cannot be used
 */
export async function openToWrite(setting: StoreSetting): Promise<ChainStore> {
  if (setting.kind !== 'sqlite') return openStore(setting)
  const { openThreadedSqliteChainStore } = await import('#adapters/sqlite/threaded-chain-store.ts')
  return openThreadedSqliteChainStore(setting.path)
}

/**
 * Says of a store that a backfill is at it, until what this gives is disposed of. Any number may be at a MongoDB
 * database, so nothing is said of one.
 *
 * @throws AppError `conflict` where another process is at it, with who and since when
 */
export async function claimForBackfill(
  setting: StoreSetting,
  chainId: number,
): Promise<Disposable | undefined> {
  if (setting.kind !== 'sqlite') return undefined
  const { claimBackfill } = await import('#adapters/sqlite/backfill-claim.ts')
  return claimBackfill(setting.path, chainId, { pid: process.pid, nowMs: systemClock.nowMs() })
}

/**
 * For a process that only reads. It must not make an empty store where a path is misspelt.
 *
 * @throws AppError `unavailable` where there is no store yet, or as `openToWrite` does
 */
export async function openToRead(setting: StoreSetting): Promise<HistoryStore> {
  const store = await openIfThere(setting)
  if (store) return store
  const file = setting.kind === 'sqlite' ? `no file ${setting.path}` : 'no such database'
  throw new AppError(
    'unavailable',
    `store: there is ${file} yet; run a backfill or the indexer first`,
    { details: { field: 'store' } },
  )
}

/**
 * The same; undefined where nothing has been stored yet. A MongoDB database is there as soon as its server is.
 *
 * @throws AppError as `openToWrite` does
 */
export async function openIfThere(setting: StoreSetting): Promise<HistoryStore | undefined> {
  return isMissing(setting) ? undefined : openStore(setting)
}

/**
 * For a server that may start before the first run of an indexer: the store is looked for at every answer until it is
 * there.
 *
 * @throws AppError as `openToWrite` does
 */
export async function openOnceThere(setting: StoreSetting): Promise<HistoryStore> {
  const store = await openIfThere(setting)
  return store ?? openAtLeisure(setting, () => undefined)
}

/**
 * The same for one of several stores: one that cannot be opened must not keep the others from being served, so its
 * failure is the answer of whoever reads it, until it can.
 *
 * @param warn told what about its server an operator should know
 */
export const openAtLeisure = (
  setting: StoreSetting,
  warn: (message: string) => void,
): HistoryStore =>
  createLateStore(
    async () => {
      const store = await openIfThere(setting)
      for (const warning of store?.warnings ?? []) warn(warning)
      return store
    },
    () => systemClock.monotonicMs(),
  )

/** A store that holds nothing, for what can be answered without a history. */
export async function openEmpty(): Promise<HistoryStore> {
  const { createMemoryChainStore, createMemoryTables } =
    await import('#adapters/memory/chain-store.ts')
  return { ...createMemoryChainStore(createMemoryTables()), close: () => undefined }
}

/**
 * Refuses a setting that names a place where nothing can be kept, without making anything there.
 *
 * @throws AppError `invalid` that names the field and the remedy
 */
export async function refuseBadPlace(
  setting: StoreSetting | RawSetting,
  field: 'store' | 'records' | 'raw',
): Promise<void> {
  if (setting.kind !== 'sqlite') return
  const place = await import('#adapters/sqlite/place.ts')
  place.refuseBadPlace(setting.path, field)
}

const isMissing = (setting: StoreSetting): boolean =>
  setting.kind === 'sqlite' && !existsSync(setting.path)

async function openStore(setting: StoreSetting): Promise<ChainStore> {
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteChainStore } = await import('#adapters/sqlite/chain-store.ts')
      return openSqliteChainStore(setting.path)
    }
    case 'mongodb': {
      const { openMongoChainStore } = await import('#adapters/mongo/chain-store.ts')
      return openMongoChainStore(setting.url)
    }
    default:
      return setting satisfies never
  }
}
