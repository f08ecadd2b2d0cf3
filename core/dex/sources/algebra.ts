import type { Hash } from '#core/chain.ts'
import { eventsAlgebraIntegral, eventsAlgebraV1 } from '#core/dex/concentrated-events.ts'
import type {
  AlgebraProtocol,
  PoolCreated,
  SetCommunityFee,
  SetFee,
  SetFees,
  SetTickSpacing,
  SwapFee,
  SwapIntegral,
} from '#core/dex/event-bodies.ts'
import type { LogData } from '#core/indexing/log-data.ts'
import {
  addressAt,
  addressOf,
  expectShape,
  fitUint,
  int24Of,
  MalformedLog,
  uintAt,
  withoutWords,
} from '#core/indexing/log-words.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { type Decoder, decoder } from '#core/indexing/source.ts'
import { asOf } from './as-of.ts'
import {
  BURN_V3,
  COLLECT,
  decodeBurnV3,
  decodeCollect,
  decodeFlash,
  decodeInitialize,
  decodeMintV3,
  decodeSwapV3,
  FLASH,
  INITIALIZE,
  MINT_V3,
  SWAP_V3,
} from './uniswap-v3.ts'

/** AlgebraFactory: Pool(address indexed, address indexed, address) */
const POOL = '0x91ccaa7a278130b65168c3a0c8d3bcae84cf5e43704342bd3ec0b59e59c036db'
/** AlgebraFactory of Integral: CustomPool(address indexed, address indexed, address indexed, address) */
const CUSTOM_POOL = '0x8a5f030f5fc13b04a1e4ef7c47177e3d76b0e80e1d9be9843db37caa5b7b9b8f'
/** AlgebraPool: Fee(uint16) */
const FEE = '0x598b9f043c813aa6be3426ca60d1c65d17256312890be5118dab55b0775ebe2a'
/** AlgebraPool of V1 with a fee for each direction, as Camelot has it: Fee(uint16, uint16) */
const FEES = '0x8a89de70856bccec096661388f305b9a75f5f65cb0d8a0e1e803c39dabedb57f'
/** AlgebraPool of V1: CommunityFee(uint8, uint8) */
const COMMUNITY_FEE_V1 = '0x9e22b964b08e25c3aaa72102bb0071c089258fb82d51271a8ddf5c24921356ee'
/** AlgebraPool of Integral: CommunityFee(uint16) */
const COMMUNITY_FEE = '0x3647dccc990d4941b0b05b32527ef493a98d6187b20639ca2f9743f3b55ca5e1'
/** AlgebraPool: TickSpacing(int24) */
const TICK_SPACING = '0x01413b1d5d4c359e9a0daa7909ecda165f6e8c51fe2ff529d74b22a5a7c02645'
/** AlgebraPool of Integral: SwapFee(address indexed, uint24, uint24) */
const SWAP_FEE = '0x9443903d84c9719611bd4bba871daaf18a3950d00d5d78b1a2fa701f76df54ff'
/**
 * AlgebraPool of Integral, in some of its versions: Swap(address indexed, address indexed, int256, int256, uint160,
 * uint128, int24, uint24, uint24)
 */
const SWAP_WITH_FEES = '0x121cb44ee54098b1a04743c487e7460d8dd429b27f88b1f4d4767396e1a59f79'
/** The same of Burn(address indexed, int24 indexed, int24 indexed, uint128, uint256, uint256, uint24) */
const BURN_WITH_FEE = '0x932214d4a69c27c086643126ed97c32681da179064c678836c173f99bd13ca01'

/** What pools of V1 charge until a swap has them learn another fee, and the spacing of their ticks (Constants.sol). */
const FEE_PIPS_V1 = 100
const TICK_SPACING_FIRST = 60
/** What pools of Integral charge unless an event says otherwise (Constants.INIT_DEFAULT_FEE). */
const FEE_PIPS_INTEGRAL = 500
const THOUSAND = 1_000n

const poolCreated = (
  protocol: AlgebraProtocol,
  [token0, token1]: readonly [Hash | undefined, Hash | undefined],
  data: LogData,
): PoolCreated => ({
  type: 'poolCreated',
  protocol,
  token0: addressOf(token0),
  token1: addressOf(token1),
  pool: addressAt(data, 0),
  feePips: protocol === 'algebra-v1' ? FEE_PIPS_V1 : FEE_PIPS_INTEGRAL,
  tickSpacing: TICK_SPACING_FIRST,
})

const decodePool =
  (protocol: AlgebraProtocol) =>
  ({ topics, data }: RawLog): PoolCreated => {
    expectShape(topics, data, 3, 1)
    return poolCreated(protocol, [topics[1], topics[2]], data)
  }

function decodeCustomPool({ topics, data }: RawLog): PoolCreated {
  expectShape(topics, data, 4, 1)
  return poolCreated('algebra-integral', [topics[2], topics[3]], data)
}

const decodeFee =
  (protocol: AlgebraProtocol) =>
  ({ topics, data }: RawLog): SetFee => {
    expectShape(topics, data, 1, 1)
    return { type: 'setFee', protocol, feePips: Number(fitUint(uintAt(data, 0), 16, 'fee')) }
  }

function decodeFees({ topics, data }: RawLog): SetFees {
  expectShape(topics, data, 1, 2)
  return {
    type: 'setFees',
    protocol: 'algebra-v1',
    feePips0: Number(fitUint(uintAt(data, 0), 16, 'feeZto')),
    feePips1: Number(fitUint(uintAt(data, 1), 16, 'feeOtz')),
  }
}

const decodeTickSpacing =
  (protocol: AlgebraProtocol) =>
  ({ topics, data }: RawLog): SetTickSpacing => {
    expectShape(topics, data, 1, 1)
    return {
      type: 'setTickSpacing',
      protocol,
      tickSpacing: int24Of(uintAt(data, 0), 'tickSpacing'),
    }
  }

function thousandths(value: bigint): number {
  if (value > THOUSAND) throw new MalformedLog('communityFee is more than 100 %')
  return Number(value)
}

function decodeCommunityFeeV1({ topics, data }: RawLog): SetCommunityFee {
  expectShape(topics, data, 1, 2)
  return {
    type: 'setCommunityFee',
    protocol: 'algebra-v1',
    thousandths0: thousandths(uintAt(data, 0)),
    thousandths1: thousandths(uintAt(data, 1)),
  }
}

function decodeCommunityFee({ topics, data }: RawLog): SetCommunityFee {
  expectShape(topics, data, 1, 1)
  const both = thousandths(uintAt(data, 0))
  return {
    type: 'setCommunityFee',
    protocol: 'algebra-integral',
    thousandths0: both,
    thousandths1: both,
  }
}

function decodeSwapFee({ topics, data }: RawLog): SwapFee {
  expectShape(topics, data, 2, 2)
  return { type: 'swapFee', protocol: 'algebra-integral', overrideFeePips: feeAt(data, 0) }
}

const feeAt = (data: LogData, index: number): number =>
  Number(fitUint(uintAt(data, index), 24, 'overrideFee'))

const decodeSwapIntegral = (log: RawLog): SwapIntegral => ({
  ...decodeSwapV3(log),
  protocol: 'algebra-integral',
  overrideFeePips: null,
})

function decodeSwapWithFees(log: RawLog): SwapIntegral {
  expectShape(log.topics, log.data, 3, 7)
  return {
    ...decodeSwapIntegral({ ...log, data: withoutWords(log.data, 2) }),
    overrideFeePips: feeAt(log.data, 5),
  }
}

function decodeBurnWithFee(log: RawLog) {
  expectShape(log.topics, log.data, 4, 4)
  return decodeBurnV3({ ...log, data: withoutWords(log.data, 1) })
}

/** What both versions tell, most of it in the words of Uniswap V3. */
const common = (
  protocol: AlgebraProtocol,
  events: Pick<
    typeof eventsAlgebraV1,
    'initialize' | 'mint' | 'burn' | 'collect' | 'flash' | 'setFee' | 'setTickSpacing'
  >,
): readonly (readonly [Hash, Decoder])[] => [
  [INITIALIZE, decoder(events.initialize, asOf(protocol, decodeInitialize))],
  [MINT_V3, decoder(events.mint, asOf(protocol, decodeMintV3))],
  [BURN_V3, decoder(events.burn, asOf(protocol, decodeBurnV3))],
  [COLLECT, decoder(events.collect, asOf(protocol, decodeCollect))],
  [FLASH, decoder(events.flash, asOf(protocol, decodeFlash))],
  [FEE, decoder(events.setFee, decodeFee(protocol))],
  [TICK_SPACING, decoder(events.setTickSpacing, decodeTickSpacing(protocol))],
]

type Contracts = {
  readonly factory: ReadonlyMap<Hash, Decoder>
  readonly pool: ReadonlyMap<Hash, Decoder>
}

/** By first topic. */
export const algebraV1: Contracts = {
  factory: new Map([[POOL, decoder(eventsAlgebraV1.created, decodePool('algebra-v1'))]]),
  pool: new Map([
    ...common('algebra-v1', eventsAlgebraV1),
    [SWAP_V3, decoder(eventsAlgebraV1.swap, asOf('algebra-v1' as const, decodeSwapV3))],
    [FEES, decoder(eventsAlgebraV1.setFees, decodeFees)],
    [COMMUNITY_FEE_V1, decoder(eventsAlgebraV1.setCommunityFee, decodeCommunityFeeV1)],
  ]),
}

/** By first topic. */
export const algebraIntegral: Contracts = {
  factory: new Map([
    [POOL, decoder(eventsAlgebraIntegral.created, decodePool('algebra-integral'))],
    [CUSTOM_POOL, decoder(eventsAlgebraIntegral.created, decodeCustomPool)],
  ]),
  pool: new Map([
    ...common('algebra-integral', eventsAlgebraIntegral),
    [SWAP_V3, decoder(eventsAlgebraIntegral.swap, decodeSwapIntegral)],
    [SWAP_WITH_FEES, decoder(eventsAlgebraIntegral.swap, decodeSwapWithFees)],
    [
      BURN_WITH_FEE,
      decoder(eventsAlgebraIntegral.burn, asOf('algebra-integral' as const, decodeBurnWithFee)),
    ],
    [SWAP_FEE, decoder(eventsAlgebraIntegral.swapFee, decodeSwapFee)],
    [COMMUNITY_FEE, decoder(eventsAlgebraIntegral.setCommunityFee, decodeCommunityFee)],
  ]),
}
