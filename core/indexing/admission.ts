import type { Address, Hash } from '#core/chain.ts'
import type { EventBody, Protocol, TokenStandard } from '#core/history/event.ts'
import {
  decodeTransfer,
  decodeTransferBatch,
  decodeTransferSingle,
  TRANSFER,
  TRANSFER_BATCH,
  TRANSFER_SINGLE,
} from './decode/nft.ts'
import {
  BURN_V2,
  decodeBurnV2,
  decodeMintV2,
  decodePairCreated,
  decodeSwapV2,
  decodeSync,
  MINT_V2,
  PAIR_CREATED,
  SWAP_V2,
  SYNC,
} from './decode/uniswap-v2.ts'
import {
  BURN_V3,
  COLLECT,
  COLLECT_PROTOCOL,
  decodeBurnV3,
  decodeCollect,
  decodeCollectProtocol,
  decodeFlash,
  decodeInitialize,
  decodeMintV3,
  decodePoolCreated,
  decodeSwapV3,
  FLASH,
  INITIALIZE,
  MINT_V3,
  POOL_CREATED,
  SWAP_V3,
} from './decode/uniswap-v3.ts'
import { MalformedLog } from './decode/words.ts'
import type { LogFilter, RawLog } from './ports.ts'
import type { FactorySource, Source } from './source.ts'

type Role = `${Protocol}-factory` | `${Protocol}-pool` | TokenStandard
type Decode = (log: RawLog, factory: FactorySource | undefined) => EventBody

const decoders: Readonly<Record<Role, ReadonlyMap<Hash, Decode>>> = {
  'uniswap-v2-factory': new Map<Hash, Decode>([
    [
      PAIR_CREATED,
      (log, factory) => ({
        type: 'poolCreated',
        protocol: 'uniswap-v2',
        ...decodePairCreated(log),
        feePips: factory?.feePips ?? 3000,
        tickSpacing: null,
      }),
    ],
  ]),
  'uniswap-v2-pool': new Map<Hash, Decode>([
    [SYNC, decodeSync],
    [SWAP_V2, decodeSwapV2],
    [MINT_V2, decodeMintV2],
    [BURN_V2, decodeBurnV2],
  ]),
  'uniswap-v3-factory': new Map<Hash, Decode>([
    [
      POOL_CREATED,
      (log) => ({ type: 'poolCreated', protocol: 'uniswap-v3', ...decodePoolCreated(log) }),
    ],
  ]),
  'uniswap-v3-pool': new Map<Hash, Decode>([
    [INITIALIZE, decodeInitialize],
    [SWAP_V3, decodeSwapV3],
    [MINT_V3, decodeMintV3],
    [BURN_V3, decodeBurnV3],
    [COLLECT, decodeCollect],
    [FLASH, decodeFlash],
    [COLLECT_PROTOCOL, decodeCollectProtocol],
  ]),
  erc721: new Map<Hash, Decode>([[TRANSFER, decodeTransfer]]),
  erc1155: new Map<Hash, Decode>([
    [TRANSFER_SINGLE, decodeTransferSingle],
    [TRANSFER_BATCH, decodeTransferBatch],
  ]),
}

/** Past this many contracts nodes are asked by topic only, and what is not ours is dropped here. */
const FILTER_ADDRESSES_MAX = 500

/** What a log turned out to be. */
type Admitted =
  /** Not of a source, or not an event that is followed. */
  | { readonly status: 'foreign' }
  | { readonly status: 'event'; readonly body: EventBody }
  | { readonly status: 'malformed'; readonly reason: string }

/**
 * Which contracts count. An event counts only if its emitter is a configured contract or a pool that a configured
 * factory created before it: the first topic alone also matches forks and impostors.
 */
export type Admission = {
  admit(log: RawLog): Admitted
  /** Follows a pool from now on. */
  addPool(pool: Address, protocol: Protocol): void
  /** Stops to follow pools whose creation was reorganised away. */
  removePools(pools: Iterable<Address>): void
  /** What to ask nodes for; `more` are pools that are not followed yet but may be soon. */
  filter(more?: readonly Address[]): LogFilter
  /** What to ask for the creations of pools alone; undefined where no source is a factory. */
  factoryFilter(): LogFilter | undefined
}

const foreign: Admitted = { status: 'foreign' }

export function createAdmission(sources: readonly Source[]): Admission {
  const roles = new Map<Address, Role>()
  const factories = new Map<Address, FactorySource>()
  for (const source of sources) {
    switch (source.kind) {
      case 'uniswap-v2':
      case 'uniswap-v3':
        roles.set(source.factory, `${source.kind}-factory`)
        factories.set(source.factory, source)
        break
      case 'pool':
        roles.set(source.address, `${source.protocol}-pool`)
        break
      case 'erc721':
      case 'erc1155':
        roles.set(source.address, source.kind)
        break
      default:
        source satisfies never
    }
  }
  const own = new Set(roles.keys())

  function topicsOf(wanted: Iterable<Role>): Hash[] {
    const topics = new Set<Hash>()
    for (const role of wanted) for (const topic of decoders[role].keys()) topics.add(topic)
    return [...topics]
  }

  return {
    admit(log) {
      const role = roles.get(log.address)
      const topic = log.topics[0]
      const decode = role && topic && decoders[role].get(topic)
      if (!decode) return foreign
      try {
        return { status: 'event', body: decode(log, factories.get(log.address)) }
      } catch (error) {
        // BigInt refuses what is not hex with a SyntaxError.
        if (error instanceof MalformedLog || error instanceof SyntaxError)
          return { status: 'malformed', reason: error.message }
        throw error
      }
    },
    addPool(pool, protocol) {
      if (!roles.has(pool)) roles.set(pool, `${protocol}-pool`)
    },
    removePools(pools) {
      for (const pool of pools) if (!own.has(pool)) roles.delete(pool)
    },
    filter(more = []) {
      const wanted = new Set(roles.values())
      for (const { kind } of factories.values()) wanted.add(`${kind}-pool`)
      const topics = topicsOf(wanted)
      const addresses = [...new Set([...roles.keys(), ...more])]
      return addresses.length > FILTER_ADDRESSES_MAX ? { topics } : { addresses, topics }
    },
    factoryFilter() {
      if (factories.size === 0) return undefined
      return {
        addresses: [...factories.keys()],
        topics: topicsOf([...factories.values()].map(({ kind }): Role => `${kind}-factory`)),
      }
    },
  }
}
