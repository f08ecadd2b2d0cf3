import { eventSpec } from '#core/history/event.ts'
import type { Fields } from '#core/record.ts'
import type {
  AlgebraProtocol,
  BurnV3,
  Collect,
  CollectProtocol,
  ConcentratedProtocol,
  Flash,
  Initialize,
  MintV3,
  PoolCreated,
  SetCommunityFee,
  SetFee,
  SetFeeProtocol,
  SetFees,
  SetTickSpacing,
  SwapFee,
  SwapIntegral,
  SwapPancakeV3,
  SwapV3,
} from './event-bodies.ts'

/** The fields of a body besides what names its kind. */
type FieldsOf<Body> = Fields<Omit<Body, 'type' | 'protocol'>>

export const poolCreatedFields: FieldsOf<PoolCreated> = {
  pool: 'hex',
  token0: 'hex',
  token1: 'hex',
  feePips: 'int',
  tickSpacing: 'int?',
}
const swapFields: FieldsOf<SwapV3> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'int256',
  amount1: 'int256',
  sqrtPriceX96: 'uint256',
  liquidity: 'uint256',
  tick: 'int',
}
const positionFields: FieldsOf<BurnV3> = {
  owner: 'hex',
  tickLower: 'int',
  tickUpper: 'int',
  liquidity: 'uint256',
  amount0: 'uint256',
  amount1: 'uint256',
}
const collectFields: FieldsOf<Collect> = {
  owner: 'hex',
  recipient: 'hex',
  tickLower: 'int',
  tickUpper: 'int',
  amount0: 'uint256',
  amount1: 'uint256',
}
const flashFields: FieldsOf<Flash> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'uint256',
  amount1: 'uint256',
  paid0: 'uint256',
  paid1: 'uint256',
}

/** What pools with ticks emit beside swaps, whoever made them. A number is of one kind of event for ever. */
const concentratedEvents = (
  protocol: ConcentratedProtocol,
  numbers: Readonly<
    Record<'created' | 'initialize' | 'mint' | 'burn' | 'collect' | 'flash', number>
  >,
) => ({
  created: eventSpec<PoolCreated>({
    type: 'poolCreated',
    protocol,
    number: numbers.created,
    fields: poolCreatedFields,
  }),
  initialize: eventSpec<Initialize>({
    type: 'initialize',
    protocol,
    number: numbers.initialize,
    fields: { sqrtPriceX96: 'uint256', tick: 'int' },
  }),
  mint: eventSpec<MintV3>({
    type: 'mint',
    protocol,
    number: numbers.mint,
    fields: { sender: 'hex', ...positionFields },
  }),
  burn: eventSpec<BurnV3>({ type: 'burn', protocol, number: numbers.burn, fields: positionFields }),
  collect: eventSpec<Collect>({
    type: 'collect',
    protocol,
    number: numbers.collect,
    fields: collectFields,
  }),
  flash: eventSpec<Flash>({ type: 'flash', protocol, number: numbers.flash, fields: flashFields }),
})

const swapAsV3 = (protocol: SwapV3['protocol'], number: number) =>
  eventSpec<SwapV3>({ type: 'swap', protocol, number, fields: swapFields })

/** Kinds of events of Uniswap V3. */
export const eventsV3 = {
  swap: swapAsV3('uniswap-v3', 1),
  ...concentratedEvents('uniswap-v3', {
    created: 3,
    initialize: 5,
    mint: 7,
    burn: 9,
    collect: 10,
    flash: 11,
  }),
  collectProtocol: eventSpec<CollectProtocol>({
    type: 'collectProtocol',
    protocol: 'uniswap-v3',
    number: 12,
    fields: { sender: 'hex', recipient: 'hex', amount0: 'uint256', amount1: 'uint256' },
  }),
  setFeeProtocol: eventSpec<SetFeeProtocol>({
    type: 'setFeeProtocol',
    protocol: 'uniswap-v3',
    number: 16,
    fields: { parts0: 'int', parts1: 'int' },
  }),
}

export const swapPancakeV3 = eventSpec<SwapPancakeV3>({
  type: 'swap',
  protocol: 'pancakeswap-v3',
  number: 15,
  fields: { ...swapFields, protocolFee0: 'uint256', protocolFee1: 'uint256' },
})

const algebraEvents = (protocol: AlgebraProtocol, first: number) => ({
  ...concentratedEvents(protocol, {
    created: first + 1,
    initialize: first + 2,
    mint: first + 3,
    burn: first + 4,
    collect: first + 5,
    flash: first + 6,
  }),
  setFee: eventSpec<SetFee>({
    type: 'setFee',
    protocol,
    number: first + 7,
    fields: { feePips: 'int' },
  }),
  setCommunityFee: eventSpec<SetCommunityFee>({
    type: 'setCommunityFee',
    protocol,
    number: first + 8,
    fields: { thousandths0: 'int', thousandths1: 'int' },
  }),
  setTickSpacing: eventSpec<SetTickSpacing>({
    type: 'setTickSpacing',
    protocol,
    number: first + 9,
    fields: { tickSpacing: 'int' },
  }),
})

export const eventsAlgebraV1 = {
  swap: swapAsV3('algebra-v1', 32),
  ...algebraEvents('algebra-v1', 32),
  setFees: eventSpec<SetFees>({
    type: 'setFees',
    protocol: 'algebra-v1',
    number: 53,
    fields: { feePips0: 'int', feePips1: 'int' },
  }),
}
export const eventsAlgebraIntegral = {
  swap: eventSpec<SwapIntegral>({
    type: 'swap',
    protocol: 'algebra-integral',
    number: 42,
    fields: { ...swapFields, overrideFeePips: 'int?' },
  }),
  ...algebraEvents('algebra-integral', 42),
  swapFee: eventSpec<SwapFee>({
    type: 'swapFee',
    protocol: 'algebra-integral',
    number: 52,
    fields: { overrideFeePips: 'int' },
  }),
}
