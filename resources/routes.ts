import type { PoolTerms } from '#core/dex/ports.ts'
import type { QuotedAlternative, QuotedHop, QuotedLeg } from '#core/dex/quote.ts'
import type { SwapProtocol } from '#core/dex/routing/route.ts'
import { FEE_PIPS } from './pools.ts'
import {
  address,
  bigint,
  choice,
  field,
  type Field,
  int,
  linkTo,
  listOf,
  maybe,
  resource,
  text,
} from './resource.ts'
import { token } from './tokens.ts'

/** What a swap takes and gives. */
export type Amounts = { readonly amountIn: bigint; readonly amountOut: bigint }

/** Of whatever has amounts. */
export const amountFields: Readonly<Record<keyof Amounts, Field<Amounts>>> = {
  amountIn: field(bigint, ({ amountIn }) => amountIn),
  amountOut: field(bigint, ({ amountOut }) => amountOut),
}

export const swapAmounts = resource<Amounts>('SwapAmounts', 'Raw units.', amountFields)

const swapProtocol = choice<SwapProtocol>('SwapProtocol', {
  'uniswap-v2': {},
  'uniswap-v3': {},
  'uniswap-v4': {},
  solidly: {},
  'velodrome-v2': {},
  'algebra-v1': {},
  'algebra-integral': {},
})

const quotedPool = resource<PoolTerms>('QuotedPool', undefined, {
  id: field(text, ({ id }) => id, 'Its address, or a V4 pool’s id.'),
  protocol: field(swapProtocol, ({ protocol }) => protocol),
  token0: field(linkTo(token), ({ token0 }) => token0),
  token1: field(linkTo(token), ({ token1 }) => token1),
  feePips: field(int, ({ feePips }) => feePips, FEE_PIPS),
  tickSpacing: maybe(int, ({ tickSpacing }) => tickSpacing, 'V3 and V4.'),
  origin: maybe(
    address,
    ({ origin }) => origin,
    'The factory that made it, or a V4 pool’s manager; null where it is not known.',
  ),
})

const hop = resource<QuotedHop>(
  'QuoteHop',
  'A swap through one pool. Amounts in raw units: what reaches the pool, and what leaves it.',
  {
    pool: field(quotedPool, ({ pool }) => pool),
    tokenIn: field(linkTo(token), ({ tokenIn }) => tokenIn),
    tokenOut: field(linkTo(token), ({ tokenOut }) => tokenOut),
    ...amountFields,
    feeAmount: field(
      bigint,
      ({ feeAmount }) => feeAmount,
      'The part of amountIn that is the LP fee.',
    ),
    ticksCrossed: field(int, ({ ticksCrossed }) => ticksCrossed),
  },
)

export const leg = resource<QuotedLeg>(
  'QuoteLeg',
  'A part of the amount, which goes through its pools one after the other.',
  {
    shareBps: field(
      int,
      ({ shareBps }) => shareBps,
      'Of the amount that is fixed, in basis points, rounded down.',
    ),
    ...amountFields,
    hops: field(listOf(hop), ({ hops }) => hops),
  },
)

export const alternative = resource<QuotedAlternative>(
  'QuoteAlternative',
  'The whole amount through one other path, which gives less or costs more than the route.',
  {
    pools: field(listOf(quotedPool), ({ pools }) => pools),
    ...amountFields,
    gas: field(bigint, ({ gas }) => gas),
    loss: field(
      bigint,
      ({ loss }) => loss,
      'What it gives less, or costs more, than the route: raw units of the token that is quoted, after gas.',
    ),
  },
)
