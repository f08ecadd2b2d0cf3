import { readDeployment, type Settings } from '#wiring/settings.ts'

/** What the API goes by of one chain. */
export type ChainConfig = Pick<
  Settings,
  'chain' | 'store' | 'sources' | 'declarations' | 'quotes' | 'ownership' | 'relay'
>

/** The parts of the configuration file that the API goes by. */
export type Config = Pick<
  Settings,
  'api' | 'identity' | 'discord' | 'points' | 'records' | 'secrets' | 'webhooks' | 'metadata'
> & {
  readonly chains: readonly ChainConfig[]
  /** The one that answers where a request names none. */
  readonly byDefault: ChainConfig
}

/** @throws AppError `invalid` that lists every fault of the file with its path */
export function readConfig(path: string): Config {
  const { chains, byDefault } = readDeployment(path)
  const { api, identity, discord, points, records, secrets, webhooks, metadata } = byDefault
  return Object.freeze({
    chains,
    byDefault,
    api,
    identity,
    discord,
    points,
    records,
    secrets,
    webhooks,
    metadata,
  })
}
