import { eventSpec } from '#core/history/event.ts'
import type { Fields } from '#core/record.ts'
import type {
  BurnV3,
  Collect,
  CollectProtocol,
  ConcentratedProtocol,
  Flash,
  Initialize,
  MintV3,
  PoolCreated,
  SetFeeProtocol,
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

/** What pools with ticks emit, whoever made them. A number is of one kind of event for ever. */
const concentratedEvents = (
  protocol: ConcentratedProtocol,
  numbers: Readonly<
    Record<'swap' | 'created' | 'initialize' | 'mint' | 'burn' | 'collect' | 'flash', number>
  >,
) => ({
  swap: eventSpec<SwapV3>({ type: 'swap', protocol, number: numbers.swap, fields: swapFields }),
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

/** Kinds of events of Uniswap V3. */
export const eventsV3 = {
  ...concentratedEvents('uniswap-v3', {
    swap: 1,
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
