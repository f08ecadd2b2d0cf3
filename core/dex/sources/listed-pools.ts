import type { Address } from '#core/chain.ts'
import { newPool, type Pool } from '#core/dex/pool.ts'
import type { PoolSource } from './dex-source.ts'

/** Pools that the configuration lists, by address, as they are before their first event: none tells of their creation. */
export type ListedPools = ReadonlyMap<Address, Pool>

export function listedPools(sources: readonly { readonly kind: string }[]): ListedPools {
  const pools = new Map<Address, Pool>()
  for (const source of sources)
    if (source.kind === 'pool') {
      const { address, protocol, token0, token1, feePips } = source as PoolSource
      pools.set(address, newPool({ address, protocol, token0, token1, feePips, factory: null }))
    }
  return pools
}
