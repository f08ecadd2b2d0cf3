import type { Hash } from '#core/chain.ts'
import type { Fees, SolidlyPairCreated, SolidlyProtocol, Sync } from '#core/dex/event-bodies.ts'
import { eventsSolidly, eventsVelodromeV2 } from '#core/dex/pair-events.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  fitUint,
  MalformedLog,
  uintAt,
  uintOf,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type AnySource, type Decoder, decoder } from '#core/indexing/source.ts'
import { asOf } from './as-of.ts'
import type { SolidlySource } from './dex-source.ts'
import {
  BURN_V2,
  decodeBurnV2,
  decodeMintV2,
  decodeSwapV2,
  MINT_V2,
  SWAP_V2,
} from './uniswap-v2.ts'

/** BaseV1Factory, PairFactory: PairCreated(address indexed, address indexed, bool, address, uint256) */
const PAIR_CREATED = '0xc4805696c66d7cf352fc1d6bb633ad5ee82f6cb577c453024b6e0eb8306c6fc9'
/** PoolFactory of Velodrome V2: PoolCreated(address indexed, address indexed, bool indexed, address, uint256) */
const POOL_CREATED = '0x2128d88d14c80cb081c1252a5acff7a264671bf199ce226b53788fb26065005e'
/** Pair, Pool: Sync(uint256, uint256) */
const SYNC = '0xcf2aa50876cdfbb541206f89af0ee78d44a2abf8d328e37fa4917f982149848a'
/** Pair, Pool: Fees(address indexed, uint256, uint256) */
const FEES = '0x112c256902bf554b6ed882d2936687aaeb4225e8cd5b51303c90ca6cf43a8602'
/** Pool of Velodrome V2: Swap(address indexed, address indexed, uint256, uint256, uint256, uint256) */
const SWAP = '0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b'
/** Pool of Velodrome V2: Burn(address indexed, address indexed, uint256, uint256) */
const BURN = '0x5d624aa9c148153ab3446c1b154f660ee7701e549fe9b62dab7171b1c80e6fa2'

/** More than the curve's own arithmetic allows, and as much as a price of two reserves has room for. */
const RESERVE_BITS = 128

/** @param word `stable` of the event: 0 or 1 */
function pairCreated(
  protocol: SolidlyProtocol,
  { topics, data }: RawLog,
  word: bigint,
  at: number,
  source: AnySource | undefined,
): SolidlyPairCreated {
  if (word > 1n) throw new MalformedLog('stable is neither true nor false')
  const curve = word === 1n ? 'stable' : 'volatile'
  const { volatileFeePips, stableFeePips } = source as SolidlySource
  return {
    type: 'poolCreated',
    protocol,
    token0: addressOf(topics[1]),
    token1: addressOf(topics[2]),
    curve,
    pool: addressAt(data, at),
    feePips: curve === 'stable' ? stableFeePips : volatileFeePips,
  }
}

function decodePairCreated(log: RawLog, source: AnySource | undefined): SolidlyPairCreated {
  expectShape(log.topics, log.data, 3, 3)
  return pairCreated('solidly', log, uintAt(log.data, 0), 1, source)
}

function decodePoolCreated(log: RawLog, source: AnySource | undefined): SolidlyPairCreated {
  expectShape(log.topics, log.data, 4, 2)
  return pairCreated('velodrome-v2', log, uintOf(log.topics[3] as Hash), 0, source)
}

const decodeSync =
  (protocol: SolidlyProtocol) =>
  ({ topics, data }: RawLog): Sync => {
    expectShape(topics, data, 1, 2)
    return {
      type: 'sync',
      protocol,
      reserve0: fitUint(uintAt(data, 0), RESERVE_BITS, 'reserve0'),
      reserve1: fitUint(uintAt(data, 1), RESERVE_BITS, 'reserve1'),
    }
  }

const decodeFees =
  (protocol: SolidlyProtocol) =>
  ({ topics, data }: RawLog): Fees => {
    expectShape(topics, data, 2, 2)
    return { type: 'fees', protocol, amount0: uintAt(data, 0), amount1: uintAt(data, 1) }
  }

const pairDecoders = (
  protocol: SolidlyProtocol,
  { swap, sync, mint, burn, fees }: typeof eventsSolidly,
  topics: { readonly swap: Hash; readonly burn: Hash },
): ReadonlyMap<Hash, Decoder> =>
  new Map([
    [SYNC, decoder(sync, decodeSync(protocol))],
    [FEES, decoder(fees, decodeFees(protocol))],
    [topics.swap, decoder(swap, asOf(protocol, decodeSwapV2))],
    [MINT_V2, decoder(mint, asOf(protocol, decodeMintV2))],
    [topics.burn, decoder(burn, asOf(protocol, decodeBurnV2))],
  ])

type Contracts = {
  readonly factory: ReadonlyMap<Hash, Decoder>
  readonly pool: ReadonlyMap<Hash, Decoder>
}

/** Solidly, and the forks that kept its events: Velodrome V1, Thena, Equalizer and others. By first topic. */
export const solidly: Contracts = {
  factory: new Map([[PAIR_CREATED, decoder(eventsSolidly.created, decodePairCreated)]]),
  pool: pairDecoders('solidly', eventsSolidly, { swap: SWAP_V2, burn: BURN_V2 }),
}

/** Velodrome V2, and Aerodrome, which is the same. By first topic. */
export const velodromeV2: Contracts = {
  factory: new Map([[POOL_CREATED, decoder(eventsVelodromeV2.created, decodePoolCreated)]]),
  pool: pairDecoders('velodrome-v2', eventsVelodromeV2, { swap: SWAP, burn: BURN }),
}
