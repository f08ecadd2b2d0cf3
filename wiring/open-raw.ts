import { newStopper } from '#adapters/node/stopper.ts'
import { zstdSegments } from '#adapters/node/zstd-segments.ts'
import type { NewStopper } from '#core/clock.ts'
import type { LeaseTable, RangeTable } from '#core/indexing/ranges/ports.ts'
import type { RawLayer } from '#core/indexing/raw/obtain-blocks.ts'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import type { RawSetting } from './settings.ts'
import { sha256 } from './system.ts'

/** Proven logs that are kept, and the ranges that processes collect together. */
export type RawPlace = {
  readonly raw: RawLayer
  readonly ranges: RangeTable
  readonly leases: LeaseTable
  readonly newStopper: NewStopper
}

/** The raw layer, which is open. */
export type OpenRaw = AsyncDisposable & {
  /** Undefined where the configuration says that nothing is kept. */
  readonly place: RawPlace | undefined
  /** What about its server an operator should know. */
  readonly warnings: readonly string[]
}

/** @throws AppError `unavailable` or `invalid`, with the remedy, where it cannot be used */
export async function openRaw(setting: RawSetting): Promise<OpenRaw> {
  switch (setting.kind) {
    case 'off':
      return { place: undefined, warnings: [], async [Symbol.asyncDispose]() {} }
    case 'sqlite': {
      const [{ openSqliteRawFile }, { createSqliteRawStore }, ranges] = await Promise.all([
        import('#adapters/sqlite/raw-file.ts'),
        import('#adapters/sqlite/raw-store.ts'),
        import('#adapters/sqlite/range-table.ts'),
      ])
      const db = openSqliteRawFile(setting.path)
      return {
        place: placeOf(
          createSqliteRawStore(db),
          ranges.createSqliteRangeTable(db),
          ranges.createSqliteLeaseTable(db),
        ),
        warnings: [],
        [Symbol.asyncDispose]: async () => db.close(),
      }
    }
    case 'mongodb': {
      const [{ openMongoRawDatabase }, { createMongoRawStore }, ranges] = await Promise.all([
        import('#adapters/mongo/raw-database.ts'),
        import('#adapters/mongo/raw-store.ts'),
        import('#adapters/mongo/range-table.ts'),
      ])
      const { db, warnings, close } = await openMongoRawDatabase(setting.url)
      return {
        place: placeOf(
          createMongoRawStore(db, sha256),
          ranges.createMongoRangeTable(db),
          ranges.createMongoLeaseTable(db),
        ),
        warnings,
        [Symbol.asyncDispose]: () => close(),
      }
    }
    default:
      return setting satisfies never
  }
}

const placeOf = (store: RawStore, ranges: RangeTable, leases: LeaseTable): RawPlace => ({
  raw: { store, packing: zstdSegments },
  ranges,
  leases,
  newStopper,
})
