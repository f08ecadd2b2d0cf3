import { loadSettings, type Settings } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'

/** The parts of the configuration file that the indexer goes by. */
export type Config = Pick<Settings, 'chain' | 'store' | 'sources' | 'indexer' | 'secrets'>

/** @throws AppError `invalid` that lists every fault of the file with its path */
export function readConfig(path: string): Config {
  const settings = loadSettings(path, environment)
  const { chain, store, sources, indexer, secrets } = settings
  return Object.freeze({ chain, store, sources, indexer, secrets })
}
