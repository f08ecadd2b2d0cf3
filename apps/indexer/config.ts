import { readSettings, type Settings } from '#wiring/settings.ts'

/** The parts of the configuration file that the indexer goes by. */
export type Config = Pick<
  Settings,
  'chain' | 'store' | 'raw' | 'sources' | 'quotes' | 'indexer' | 'secrets'
>

/** @throws AppError `invalid` that lists every fault of the file with its path */
export function readConfig(path: string): Config {
  const { chain, store, raw, sources, quotes, indexer, secrets } = readSettings(path)
  return Object.freeze({ chain, store, raw, sources, quotes, indexer, secrets })
}
