import { loadSettings, type Settings } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'

/** The parts of the configuration file that the API goes by. */
export type Config = Pick<Settings, 'chain' | 'store' | 'sources' | 'quotes' | 'api' | 'secrets'>

/** @throws AppError `invalid` that lists every fault of the file with its path */
export function readConfig(path: string): Config {
  const { chain, store, sources, quotes, api, secrets } = loadSettings(path, environment)
  return Object.freeze({ chain, store, sources, quotes, api, secrets })
}
