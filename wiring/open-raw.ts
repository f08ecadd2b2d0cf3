import { zstdText } from '#adapters/node/zstd-text.ts'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import type { RawLayer } from '#core/indexing/raw/obtain-blocks.ts'
import type { RawSetting } from './settings.ts'
import { sha256 } from './system.ts'

/** The raw layer, which is open. */
export type OpenRaw = AsyncDisposable & {
  /** Undefined where the configuration says that nothing is kept. */
  readonly raw: RawLayer | undefined
  /** What about its server an operator should know. */
  readonly warnings: readonly string[]
}

/** @throws AppError `unavailable` or `invalid`, with the remedy, where it cannot be used */
export async function openRaw(setting: RawSetting): Promise<OpenRaw> {
  switch (setting.kind) {
    case 'off':
      return { raw: undefined, warnings: [], async [Symbol.asyncDispose]() {} }
    case 'sqlite': {
      const { openSqliteRawStore } = await import('#adapters/sqlite/raw-store.ts')
      const store = openSqliteRawStore(setting.path)
      return {
        raw: layerOf(store),
        warnings: [],
        [Symbol.asyncDispose]: async () => store.close(),
      }
    }
    case 'mongodb': {
      const { openMongoRawStore } = await import('#adapters/mongo/raw-store.ts')
      const store = await openMongoRawStore(setting.url, sha256)
      return {
        raw: layerOf(store),
        warnings: store.warnings,
        [Symbol.asyncDispose]: () => store.close(),
      }
    }
    default:
      return setting satisfies never
  }
}

const layerOf = (store: RawStore): RawLayer => ({ store, packing: zstdText })
