import { eventSpec } from '#core/history/event.ts'
import type { Fields } from '#core/record.ts'
import type {
  BurnV2,
  Fees,
  MintV2,
  PoolCreated,
  SolidlyPairCreated,
  SolidlyProtocol,
  SwapV2,
  Sync,
} from './event-bodies.ts'
import { poolCreatedFields } from './concentrated-events.ts'

/** The fields of a body besides what names its kind. */
type FieldsOf<Body> = Fields<Omit<Body, 'type' | 'protocol'>>

const swapFields: FieldsOf<SwapV2> = {
  sender: 'hex',
  recipient: 'hex',
  amount0In: 'uint256',
  amount1In: 'uint256',
  amount0Out: 'uint256',
  amount1Out: 'uint256',
}
const syncFields: FieldsOf<Sync> = { reserve0: 'uint256', reserve1: 'uint256' }
const mintFields: FieldsOf<MintV2> = { sender: 'hex', amount0: 'uint256', amount1: 'uint256' }
const burnFields: FieldsOf<BurnV2> = {
  sender: 'hex',
  recipient: 'hex',
  amount0: 'uint256',
  amount1: 'uint256',
}

/** What pairs emit. A number is of one kind of event for ever. */
const pairEvents = (
  protocol: 'uniswap-v2' | SolidlyProtocol,
  numbers: {
    readonly swap: number
    readonly sync: number
    readonly mint: number
    readonly burn: number
  },
) => ({
  swap: eventSpec<SwapV2>({ type: 'swap', protocol, number: numbers.swap, fields: swapFields }),
  sync: eventSpec<Sync>({ type: 'sync', protocol, number: numbers.sync, fields: syncFields }),
  mint: eventSpec<MintV2>({ type: 'mint', protocol, number: numbers.mint, fields: mintFields }),
  burn: eventSpec<BurnV2>({ type: 'burn', protocol, number: numbers.burn, fields: burnFields }),
})

const solidlyEvents = (protocol: SolidlyProtocol, first: number) => ({
  ...pairEvents(protocol, { swap: first, sync: first + 1, mint: first + 2, burn: first + 3 }),
  created: eventSpec<SolidlyPairCreated>({
    type: 'poolCreated',
    protocol,
    number: first + 4,
    fields: { pool: 'hex', token0: 'hex', token1: 'hex', curve: 'text', feePips: 'int' },
  }),
  fees: eventSpec<Fees>({
    type: 'fees',
    protocol,
    number: first + 5,
    fields: { amount0: 'uint256', amount1: 'uint256' },
  }),
})

/** Kinds of events of Uniswap V2. */
export const eventsV2 = {
  ...pairEvents('uniswap-v2', { swap: 0, sync: 4, mint: 6, burn: 8 }),
  created: eventSpec<PoolCreated>({
    type: 'poolCreated',
    protocol: 'uniswap-v2',
    number: 2,
    fields: poolCreatedFields,
  }),
}
export const eventsSolidly = solidlyEvents('solidly', 20)
export const eventsVelodromeV2 = solidlyEvents('velodrome-v2', 26)
