import { formatPrice } from '#core/amount.ts'
import type { Curve, Protocol } from '#core/dex/event-bodies.ts'
import { hookFlags } from '#core/dex/hooks.ts'
import { curveOf, type Pool, poolPriceX192, protocolOf } from '#core/dex/pool.ts'
import type { QuotedPool } from '#core/dex/quotable.ts'
import { type PoolPrice, priceOf } from './prices.ts'
import { quotability } from './quotability.ts'
import {
  address,
  amountOf,
  bigint,
  choice,
  decimal,
  field,
  int,
  joined,
  maybe,
  only,
  poolAddress,
  resource,
  text,
  time,
} from './resource.ts'
import { decimalsOf, token } from './tokens.ts'

export const protocol = choice<Protocol>(
  'Protocol',
  {
    'uniswap-v2': {},
    'uniswap-v3': {},
    solidly: {},
    'velodrome-v2': {},
    'algebra-v1': {},
    'algebra-integral': {},
    'uniswap-v4': {},
  },
  'The design of a pool; a fork of one is the same with other parameters.',
)

const curve = choice<Curve>(
  'Curve',
  { volatile: {}, stable: {} },
  'What the reserves of a pair of Solidly’s design keep constant: x·y, or x³y + y³x.',
)

const feeMode = choice<'static' | 'dynamic'>('FeeMode', { static: {}, dynamic: {} })

const poolPrice = resource<PoolPrice>(
  'PoolPrice',
  'The marginal price of a pool in whole tokens, before fees; cut after 18 significant digits.',
  {
    token0InToken1: field(
      decimal,
      (price) => price.token0InToken1,
      'How much of token1 one token0 is worth.',
    ),
    token1InToken0: maybe(
      decimal,
      (price) => price.token1InToken0,
      'How much of token0 one token1 is worth; null where token0 is worth nothing.',
    ),
  },
)

export const FEE_PIPS = 'LP fee in hundredths of a basis point: 3000 is 0.30 %.'
const SECONDS = 'Seconds since 1970.'
const V3 = 'V3 only.'

export const pool = resource<QuotedPool>(
  'Pool',
  'A liquidity pool as of the block that the whole answer is true at.',
  {
    address: field(
      poolAddress,
      (of) => of.address,
      'Of Uniswap V4, whose pools have no contract of their own: the 32 bytes that name the pool.',
    ),
    protocol: field(protocol, protocolOf),
    curve: maybe(curve, curveOf, 'Of a pair of Solidly’s design; null for other designs.'),
    factory: maybe(address, (of) => of.factory, 'Null for a pool that is indexed by itself.'),
    token0: field(token, (of) => of.token0),
    token1: field(token, (of) => of.token1),
    feePips: field(int, (of) => of.feePips, FEE_PIPS),
    feePipsOfToken1: maybe(
      int,
      (of) => of.feePipsOfToken1,
      'The same where token1 comes in, if that is another fee: pools of Algebra may have one for each direction.',
    ),
    tickSpacing: maybe(int, (of) => of.tickSpacing, V3),
    hooks: maybe(
      address,
      (of) => of.hooks,
      'Uniswap V4: the contract that swaps and positions run through; null where there is none.',
    ),
    hookFlags: maybe(
      text,
      ({ hooks }) => (hooks === null ? null : hookFlags(hooks).join(' ')),
      'What the hooks may do, as their address tells: `before-swap after-swap`.',
    ),
    feeMode: field(
      feeMode,
      (of) => (of.isFeeDynamic ? 'dynamic' : 'static'),
      'Uniswap V4: whether its hooks set the fee; `feePips` is then what the newest swap paid.',
    ),
    createdBlock: maybe(int, (of) => of.createdBlock),
    createdAt: maybe(time, (of) => of.createdAt, SECONDS),
    reserve0: amountOf(
      0,
      maybe(
        bigint,
        (of) => of.reserve0,
        'Raw units. V3: what came in less what went out; null where indexing began after the creation of the pool.',
      ),
    ),
    reserve1: amountOf(
      1,
      maybe(bigint, (of) => of.reserve1),
    ),
    sqrtPriceX96: maybe(bigint, (of) => of.sqrtPriceX96, V3),
    tick: maybe(int, (of) => of.tick, V3),
    liquidity: maybe(bigint, (of) => of.liquidity, 'V3 only: the liquidity in range.'),
    price: only(
      ['graphql', 'json'],
      joined(
        poolPrice,
        (of) => [of.token0, of.token1],
        (of, [token0, token1]) => priceOf(of, decimalsOf(token0, token1)),
        'Null while the pool has none, or the decimals of a token are not known: the token’s `unknownBecause` says why.',
      ),
    ),
    rawPriceOfToken0InToken1: maybe(
      decimal,
      rawPriceOf,
      'How many raw units of token1 one raw unit of token0 is worth. Multiplied by 10^(decimals0 - decimals1) it is the price in whole tokens.',
    ),
    swapCount: field(int, (of) => of.swapCount),
    lastTradeAt: maybe(time, (of) => of.lastTradeAt, SECONDS),
    quotable: field(
      quotability,
      (of) => of.quotable,
      'Whether quotes go through it, as far as its history tells.',
    ),
  },
  (of) => of.address,
)

function rawPriceOf(of: Pool): string | null {
  const price = poolPriceX192(of)
  return price === null ? null : formatPrice(price)
}
