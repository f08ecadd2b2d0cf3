import type { PoolCreated, Protocol } from '#core/dex/event-bodies.ts'
import { type Pool, poolDocuments, protocolOf } from '#core/dex/pool.ts'
import type { EventBody } from '#core/history/event.ts'
import {
  type ContractRole,
  type FollowedContract,
  type FoundContracts,
  type SourceSpec,
  subjectRole,
} from '#core/indexing/source.ts'
import type { FactorySource, PoolSource, SolidlySource } from './dex-source.ts'
import { algebraIntegral, algebraV1 } from './algebra.ts'
import { solidly, velodromeV2 } from './solidly.ts'
import { factoryDecoders as factoryV2, poolDecoders as poolV2 } from './uniswap-v2.ts'
import { managerOfV4, type PoolManagerSource } from './uniswap-v4.ts'
import { factoryDecoders as factoryV3, poolDecoders as poolV3 } from './uniswap-v3.ts'

/** What the contracts of a protocol emit. */
type Contracts = Readonly<Record<'factory' | 'pool', ContractRole['decoders']>>

/** Designs whose pools are contracts of their own. */
type ContractProtocol = Exclude<Protocol, 'uniswap-v4'>

const contracts: Readonly<Record<ContractProtocol, Contracts>> = {
  'uniswap-v2': { factory: factoryV2, pool: poolV2 },
  'uniswap-v3': { factory: factoryV3, pool: poolV3 },
  solidly,
  'velodrome-v2': velodromeV2,
  'algebra-v1': algebraV1,
  'algebra-integral': algebraIntegral,
}

const poolRoles = Object.fromEntries(
  Object.entries(contracts).map(([protocol, { pool }]) => [
    protocol,
    { name: `${protocol}-pool`, decoders: pool } satisfies ContractRole,
  ]),
) as Readonly<Record<ContractProtocol, ContractRole>>

const factoryRole = (protocol: ContractProtocol): ContractRole => ({
  name: `${protocol}-factory`,
  decoders: contracts[protocol].factory,
  children: [poolRoles[protocol]],
  childOf: (body: EventBody): FollowedContract | undefined =>
    body.type === 'poolCreated'
      ? { address: (body as PoolCreated).pool, role: poolRoles[protocol] }
      : undefined,
})

/** Pools that factories created. */
const found: FoundContracts<Pool> = {
  spec: poolDocuments,
  contractOf({ factory, address, protocol, createdBlock }) {
    const design = protocolOf({ protocol })
    if (factory === null) return undefined
    // The manager of V4 speaks for its pools.
    const role = design === 'uniswap-v4' ? subjectRole : poolRoles[design]
    return { address, role, number: createdBlock ?? 0 }
  },
}

function factorySource<S extends FactorySource | SolidlySource>(kind: S['kind']): SourceSpec<S> {
  const role = factoryRole(kind)
  return {
    kind,
    contractOf: ({ factory }) => ({ address: factory, role }),
    found,
  }
}

export const uniswapV2Factories = factorySource<FactorySource>('uniswap-v2')
export const uniswapV3Factories = factorySource<FactorySource>('uniswap-v3')
export const algebraV1Factories = factorySource<FactorySource>('algebra-v1')
export const algebraIntegralFactories = factorySource<FactorySource>('algebra-integral')
export const solidlyFactories = factorySource<SolidlySource>('solidly')
export const velodromeV2Factories = factorySource<SolidlySource>('velodrome-v2')

export const uniswapV4Managers: SourceSpec<PoolManagerSource> = {
  kind: 'uniswap-v4',
  contractOf: ({ address }) => ({ address, role: managerOfV4 }),
  found,
}

export const singlePools: SourceSpec<PoolSource> = {
  kind: 'pool',
  needsMore: true,
  contractOf: ({ address, protocol }) => ({
    address,
    role: poolRoles[protocolOf({ protocol }) as ContractProtocol],
  }),
}
