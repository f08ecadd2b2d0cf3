import { readSettings, type Settings } from '#wiring/settings.ts'

/** The parts of the configuration file that the API goes by. */
export type Config = Pick<
  Settings,
  'chain' | 'store' | 'sources' | 'quotes' | 'ownership' | 'api' | 'secrets'
>

/** @throws AppError `invalid` that lists every fault of the file with its path */
export function readConfig(path: string): Config {
  const { chain, store, sources, quotes, ownership, api, secrets } = readSettings(path)
  return Object.freeze({ chain, store, sources, quotes, ownership, api, secrets })
}
