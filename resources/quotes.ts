import type {
  Quote,
  QuoteOutcome,
  QuoteRefusal,
  QuoteWarning,
  StateSource,
  SwapTransaction,
} from '#core/dex/quote.ts'
import { quoteBlock } from './blocks.ts'
import { confirmation } from './confirmations.ts'
import {
  address,
  bigint,
  choice,
  field,
  hex,
  int,
  listOf,
  maybe,
  only,
  resource,
  text,
} from './resource.ts'
import { alternative, amountFields, leg, swapAmounts } from './routes.ts'
import { token } from './tokens.ts'
import { tradePrice } from './trade-prices.ts'

export const swapSide = choice<Quote['exact']>('SwapSide', {
  in: { description: 'What is sold.' },
  out: { description: 'What is bought.' },
})

const stateSource = choice<StateSource>(
  'StateSource',
  {
    live: { description: 'Read from the chain, at exactly the block.' },
    indexed: { description: 'From the index as it stands at the block.' },
    historical: { description: 'From the events up to the block.' },
  },
  'Where the states of pools came from.',
)

const transaction = resource<SwapTransaction>(
  'SwapTransaction',
  'A transaction for the router. Whoever signs it must have approved the router to spend the token that is sold.',
  {
    to: field(address, ({ to }) => to),
    data: field(hex, ({ data }) => data, '0x and hex digits.'),
    value: field(bigint, ({ value }) => value, 'Wei.'),
  },
)

const warningCode = choice<QuoteWarning['code']>('QuoteWarningCode', {
  'thin-pool': {},
  'stale-state': {},
  'pools-left-out': {},
  tax: {},
  'tax-unknown': {},
  'no-tolerance': {},
  'high-impact': {},
  reverts: {},
  'beyond-limits': {},
  'no-floor': {},
})

const warning = resource<QuoteWarning>('QuoteWarning', undefined, {
  code: field(warningCode, ({ code }) => code),
  message: field(text, ({ message }) => message),
})

const quoteStatus = choice<Quote['status']>('QuoteStatus', { filled: {} })

export const quote = resource<Quote>(
  'Quote',
  'What a swap gives at a block, to the wei, and by which route. Amounts in raw units. The token that is quoted is the ' +
    'one whose amount is not fixed: the one that is bought where `exact` is `in`.',
  {
    // In GraphQL the type says it, and a field of another type than a refusal's would need an alias.
    status: only(
      ['json'],
      field(quoteStatus, ({ status }) => status),
    ),
    // Nullable as a refusal's is: a query may then ask for both by one name (GraphQL, "Field Selection Merging").
    block: maybe(
      quoteBlock,
      ({ block }) => block,
      'The block that the quote is of. A quote always has one.',
    ),
    stateSource: field(stateSource, (of) => of.stateSource),
    exact: field(
      swapSide,
      ({ exact }) => exact,
      'Which amount is fixed: of the token that is sold (in) or bought (out).',
    ),
    tokenIn: field(token, ({ tokenIn }) => tokenIn),
    tokenOut: field(token, ({ tokenOut }) => tokenOut),
    ...amountFields,
    amountInConsumed: field(
      bigint,
      ({ amountInConsumed }) => amountInConsumed,
      'What the pools take: less than amountIn where a given route cannot take it all.',
    ),
    minimumReceived: maybe(
      bigint,
      ({ minimumReceived }) => minimumReceived,
      'Exact in: the least that the transaction accepts.',
    ),
    maximumSent: maybe(
      bigint,
      ({ maximumSent }) => maximumSent,
      'Exact out: the most that the transaction spends.',
    ),
    slippageBps: field(int, ({ slippageBps }) => slippageBps),
    executionPrice: field(tradePrice, ({ executionPrice, tokenIn, tokenOut }) => ({
      ratio: executionPrice,
      tokens: [tokenIn, tokenOut] as const,
    })),
    midPrice: field(
      tradePrice,
      ({ midPrice, tokenIn, tokenOut }) => ({
        ratio: midPrice,
        tokens: [tokenIn, tokenOut] as const,
      }),
      'The price of a very small swap along the same route, before fees.',
    ),
    priceImpactBps: field(
      int,
      ({ priceImpactBps }) => priceImpactBps,
      'Without fees and taxes; rounded up.',
    ),
    lpFeeBps: field(int, ({ lpFeeBps }) => lpFeeBps, 'Of the whole route; rounded up.'),
    taxInBps: maybe(
      int,
      ({ taxInBps }) => taxInBps,
      'The share of a transfer that the token which is sold keeps, in basis points; null where it is not known.',
    ),
    taxOutBps: maybe(int, ({ taxOutBps }) => taxOutBps, 'The same of the token that is bought.'),
    gas: field(bigint, ({ gas }) => gas, 'Estimated gas units of the swap.'),
    gasCost: maybe(
      bigint,
      ({ gasCost }) => gasCost,
      'What that gas costs, in raw units of the token that is quoted; null where no price of it is known.',
    ),
    legs: field(listOf(leg), ({ legs }) => legs),
    alternatives: field(
      listOf(alternative),
      ({ alternatives }) => alternatives,
      'The next best single paths, and what they lose; as many as were asked for.',
    ),
    transaction: maybe(
      transaction,
      (of) => of.transaction,
      'Null where no recipient was named, where no configured router reaches all of the pools, and where the trial shows ' +
        'that it would fail.',
    ),
    confirmation: field(confirmation, (of) => of.confirmation),
    warnings: field(listOf(warning), ({ warnings }) => warnings),
  },
)

type Refusal = Exclude<QuoteOutcome, Quote>

const refusalStatus = choice<QuoteRefusal['status']>('QuoteRefusalStatus', {
  'unknown-token': {},
  'no-route': {},
  'insufficient-liquidity': {},
  busy: { description: 'More is asked for than can be answered at once: ask again in a moment.' },
  unavailable: { description: 'The same may be answered later.' },
})

export const quoteRefusal = resource<Refusal>('QuoteRefusal', 'Why there is no quote.', {
  status: field(refusalStatus, ({ status }) => status),
  reason: field(text, ({ reason }) => reason),
  field: maybe(text, (of) => ('field' in of ? of.field : null), 'Which token is not known.'),
  largest: maybe(
    swapAmounts,
    (of) => ('largest' in of ? of.largest : null),
    'Where there is too little liquidity: the most that a single path can swap.',
  ),
  block: maybe(
    quoteBlock,
    ({ block }) => block,
    'The block that the refusal is of; null where it is of none.',
  ),
})
