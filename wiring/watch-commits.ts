import type { StoreSetting } from './settings.ts'

/**
 * Calls `tell` when a chain's store may have got a commit, by whatever process. It may call for nothing and may miss
 * some: whoever needs to know polls beside it.
 */
export async function watchCommits(
  setting: StoreSetting,
  chainId: number,
  tell: () => void,
): Promise<Disposable | AsyncDisposable> {
  switch (setting.kind) {
    case 'sqlite': {
      const { watchSqliteFile } = await import('#adapters/sqlite/watch-file.ts')
      return watchSqliteFile(setting.path, tell)
    }
    case 'mongodb': {
      const { watchMongoHeads } = await import('#adapters/mongo/watch-heads.ts')
      return watchMongoHeads(setting.url, chainId, tell)
    }
    default:
      return setting satisfies never
  }
}
