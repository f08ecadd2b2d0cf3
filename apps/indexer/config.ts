import { readDeployment, readSettings, type Settings } from '#wiring/settings.ts'

/** The parts of the configuration file that following one chain goes by. */
export type Config = Pick<
  Settings,
  'chain' | 'store' | 'raw' | 'sources' | 'quotes' | 'indexer' | 'secrets'
>

/**
 * @param names of the chains that are to be followed, or their ids; all of the file unless given
 * @throws AppError `invalid` that lists every fault of the file with its path, or names the chains that there are
 */
export function readConfigs(path: string, names: readonly string[]): readonly Config[] {
  const settings =
    names.length === 0 ? readDeployment(path).chains : names.map((name) => readSettings(path, name))
  // One that is named twice, as by its name and its id, is followed once.
  const byId = new Map(settings.map((each) => [each.chain.id, each]))
  return [...byId.values()].map(({ chain, store, raw, sources, quotes, indexer, secrets }) =>
    Object.freeze({ chain, store, raw, sources, quotes, indexer, secrets }),
  )
}
