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
  'To be signed by who has allowed the router to take the token.',
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
  'What a swap gives at a block, to the wei, and how. Amounts in raw units. The token whose side is not fixed is the ' +
    'one that is quoted.',
  {
    // In GraphQL the type says it, and a field of another type than a refusal's would need an alias.
    status: only(
      ['json'],
      field(quoteStatus, ({ status }) => status),
    ),
    // Nullable as a refusal's is: a query may then ask for both by one name (GraphQL, "Field Selection Merging").
    block: maybe(quoteBlock, ({ block }) => block, 'Never null.'),
    stateSource: field(stateSource, (of) => of.stateSource),
    exact: field(swapSide, ({ exact }) => exact, 'What is fixed.'),
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
      'Of a swap of next to nothing along the same route, before fees.',
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
      'What the token that is sold keeps of a transfer; null where it is not known.',
    ),
    taxOutBps: maybe(int, ({ taxOutBps }) => taxOutBps),
    gas: field(bigint, ({ gas }) => gas, 'Estimated units.'),
    gasCost: maybe(
      bigint,
      ({ gasCost }) => gasCost,
      'What that gas costs in the token that is quoted; null without a price.',
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
      'Null without a recipient or a router that reaches all of the pools, and where the trial shows that it would revert.',
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
    'Where liquidity does not suffice: the most that a single path carries.',
  ),
  block: maybe(
    quoteBlock,
    ({ block }) => block,
    'The block that it holds for, where there is one.',
  ),
})
