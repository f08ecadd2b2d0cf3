import { encodeArguments } from '#core/abi.ts'
import { type Hash, type Hex, ZERO_ADDRESS } from '#core/chain.ts'
import { protocolOf } from '#core/dex/pool.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import type { Source } from '#core/catalogue.ts'
import type { Settings } from './load.ts'
import type { PoolV4Setting } from './sections/quotes.ts'

/** A quoter's settings: the router over the first factory of each kind, and the ids of pools that have no address. */
export function toQuoteSettings(
  { chain, sources, quotes }: Pick<Settings, 'chain' | 'sources' | 'quotes'>,
  keccak: (bytes: Hex) => Hash,
): QuoteSettings {
  const factoryOf = (kind: 'uniswap-v2' | 'uniswap-v3') =>
    sources.find((source) => isFactory(source, kind))?.factory ?? null
  return {
    chainId: chain.id,
    router: quotes.router && {
      address: quotes.router,
      factoryV2: factoryOf('uniswap-v2'),
      factoryV3: factoryOf('uniswap-v3'),
    },
    wrappedNative: quotes.wrappedNative,
    hubs: quotes.hubs,
    pools: quotes.pools.map((pool) => toTerms(pool, keccak)),
  }
}

const isFactory = (
  source: Source,
  kind: 'uniswap-v2' | 'uniswap-v3',
): source is Extract<Source, { readonly factory: unknown }> => source.kind === kind

/** The id is PoolIdLibrary.toId of Uniswap V4: the hash of the PoolKey, here one without hooks. */
const toTerms = (
  { manager, token0, token1, feePips, tickSpacing }: PoolV4Setting,
  keccak: (bytes: Hex) => Hash,
): PoolTerms => ({
  id: keccak(encodeArguments([token0, token1, feePips, tickSpacing, ZERO_ADDRESS])),
  protocol: 'uniswap-v4',
  token0,
  token1,
  feePips,
  tickSpacing,
  origin: manager,
})

/** The single pools that are indexed, for who has no index: what their events would tell is not known of them. */
export const listedPools = ({ sources }: Pick<Settings, 'sources'>): PoolTerms[] =>
  sources.flatMap((source) =>
    source.kind === 'pool'
      ? [
          {
            id: source.address,
            protocol: protocolOf(source),
            token0: source.token0,
            token1: source.token1,
            feePips: source.feePips,
            tickSpacing: null,
            origin: null,
          },
        ]
      : [],
  )
