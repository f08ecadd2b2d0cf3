import { loadSettings, type Settings } from '#adapters/config-file/load.ts'
import { environment } from '#adapters/env/environment.ts'

/** The parts of the configuration file that the API goes by. */
export type Config = Pick<Settings, 'chain' | 'store' | 'api'>

/** @throws AppError `invalid` that lists every fault of the file with its path */
export function readConfig(path: string): Config {
  const { chain, store, api } = loadSettings(path, environment)
  return Object.freeze({ chain, store, api })
}

/** Names of paths are shorter, keys are not. */
const KEY_LENGTH_MIN = 16

/** What no log line may hold: the URLs of the configuration, and the keys and passwords within them. */
export function secretsOf({ chain, store }: Config): string[] {
  const urls = store.kind === 'mongodb' ? [...chain.rpc, store.url] : chain.rpc
  return urls.flatMap((text) => {
    const url = URL.parse(text)
    if (!url) return [text]
    const parts = [url.username, ...url.pathname.split('/'), ...url.searchParams.values()]
    return [text, url.password, ...parts.filter((part) => part.length >= KEY_LENGTH_MIN)]
  })
}
