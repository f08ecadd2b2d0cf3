import type { Address, BlockRef } from '#core/chain.ts'
import type { PoolTerms } from '#core/dex/ports.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import type {
  Confirmation as DexConfirmation,
  Quote as DexQuote,
  QuotedAlternative,
  QuotedHop,
  QuotedLeg,
  QuoteOutcome,
  QuoteWarning as Warning,
  SwapTransaction as Transaction,
} from '#core/dex/quote.ts'
import { type TradePrice as Price, tradePriceOf } from '#api/prices.ts'
import { decimalsOf } from '#api/tokens.ts'
import { builder } from './builder.ts'
import type { GraphqlContext } from './context.ts'
import { Token } from './tokens.ts'

export const SwapSide = builder.enumType('SwapSide', {
  values: {
    IN: { value: 'in', description: 'What is sold.' },
    OUT: { value: 'out', description: 'What is bought.' },
  } as const,
})

const StateSource = builder.enumType('StateSource', {
  description: 'Where the states of pools came from.',
  values: {
    LIVE: { value: 'live', description: 'Read from the chain, at exactly the block.' },
    INDEXED: { value: 'indexed', description: 'From the index as it stands at the block.' },
    HISTORICAL: { value: 'historical', description: 'From the events up to the block.' },
  } as const,
})

const SwapProtocol = builder.enumType('SwapProtocol', {
  values: {
    UNISWAP_V2: { value: 'uniswap-v2' },
    UNISWAP_V3: { value: 'uniswap-v3' },
    UNISWAP_V4: { value: 'uniswap-v4' },
  } as const,
})

const QuoteBlock = builder.objectRef<BlockRef>('QuoteBlock')

QuoteBlock.implement({
  description:
    'The block that a quote is of, which need not be that of other fields of the answer.',
  fields: (t) => ({
    number: t.exposeInt('number', { nullable: false }),
    hash: t.expose('hash', { type: 'Hash', nullable: false }),
  }),
})

type Amounts = { readonly amountIn: bigint; readonly amountOut: bigint }

const SwapAmounts = builder.objectRef<Amounts>('SwapAmounts')

SwapAmounts.implement({
  description: 'Raw units.',
  fields: (t) => ({
    amountIn: t.expose('amountIn', { type: 'BigInt', nullable: false }),
    amountOut: t.expose('amountOut', { type: 'BigInt', nullable: false }),
  }),
})

/** A ratio, and the tokens that it is of. */
type TradeRatio = { readonly ratio: Rational; readonly tokens: readonly [Address, Address] }

const TradePrice = builder.objectRef<TradeRatio>('TradePrice')

const inTokens =
  (name: 'tokens' | 'tokensInverse') =>
  async (
    price: TradeRatio,
    _args: object,
    { tokens }: GraphqlContext,
  ): Promise<Price['tokens']> => {
    const [sold, bought] = await Promise.all(price.tokens.map((token) => tokens.load(token)))
    return tradePriceOf(price.ratio, decimalsOf(sold, bought))[name]
  }

TradePrice.implement({
  description: 'What is bought for one of what is sold; cut after 18 significant digits.',
  fields: (t) => ({
    raw: t.field({
      type: 'Decimal',
      nullable: false,
      description: 'Raw units for a raw unit.',
      resolve: ({ ratio }) => tradePriceOf(ratio, undefined).raw,
    }),
    tokens: t.field({
      type: 'Decimal',
      description: 'Whole tokens for a whole token; null where the decimals of one are not known.',
      resolve: inTokens('tokens'),
    }),
    tokensInverse: t.field({
      type: 'Decimal',
      description: 'The other way round: what one whole token of those bought costs.',
      resolve: inTokens('tokensInverse'),
    }),
  }),
})

const QuotedPool = builder.objectRef<PoolTerms>('QuotedPool')

QuotedPool.implement({
  fields: (t) => ({
    id: t.exposeString('id', { nullable: false, description: 'Its address, or a V4 pool’s id.' }),
    protocol: t.expose('protocol', { type: SwapProtocol, nullable: false }),
    token0: t.expose('token0', { type: Token, nullable: false }),
    token1: t.expose('token1', { type: Token, nullable: false }),
    feePips: t.exposeInt('feePips', {
      nullable: false,
      description: 'LP fee in hundredths of a basis point: 3000 is 0.30 %.',
    }),
    tickSpacing: t.exposeInt('tickSpacing', { description: 'V3 and V4.' }),
    origin: t.expose('origin', {
      type: 'Address',
      description: 'The factory that made it, or a V4 pool’s manager; null where it is not known.',
    }),
  }),
})

const QuoteHop = builder.objectRef<QuotedHop>('QuoteHop')

QuoteHop.implement({
  description: 'A swap through one pool. Amounts in raw units, as the pool sees them.',
  fields: (t) => ({
    pool: t.expose('pool', { type: QuotedPool, nullable: false }),
    tokenIn: t.expose('tokenIn', { type: Token, nullable: false }),
    tokenOut: t.expose('tokenOut', { type: Token, nullable: false }),
    amountIn: t.expose('amountIn', { type: 'BigInt', nullable: false }),
    amountOut: t.expose('amountOut', { type: 'BigInt', nullable: false }),
    feeAmount: t.expose('feeAmount', {
      type: 'BigInt',
      nullable: false,
      description: 'What of amountIn is fee.',
    }),
    ticksCrossed: t.exposeInt('ticksCrossed', { nullable: false }),
  }),
})

const QuoteLeg = builder.objectRef<QuotedLeg>('QuoteLeg')

QuoteLeg.implement({
  description: 'A part of the amount, through one pool after the other.',
  fields: (t) => ({
    shareBps: t.exposeInt('shareBps', {
      nullable: false,
      description: 'Of the amount that is fixed, in basis points, rounded down.',
    }),
    amountIn: t.expose('amountIn', { type: 'BigInt', nullable: false }),
    amountOut: t.expose('amountOut', { type: 'BigInt', nullable: false }),
    hops: t.expose('hops', { type: [QuoteHop], nullable: false }),
  }),
})

const QuoteAlternative = builder.objectRef<QuotedAlternative>('QuoteAlternative')

QuoteAlternative.implement({
  description: 'All of the amount through one path that is not as good.',
  fields: (t) => ({
    pools: t.expose('pools', { type: [QuotedPool], nullable: false }),
    amountIn: t.expose('amountIn', { type: 'BigInt', nullable: false }),
    amountOut: t.expose('amountOut', { type: 'BigInt', nullable: false }),
    gas: t.expose('gas', { type: 'BigInt', nullable: false }),
    loss: t.expose('loss', {
      type: 'BigInt',
      nullable: false,
      description:
        'What it gives less, or costs more, than the route: raw units of the token that is quoted, after gas.',
    }),
  }),
})

const SwapTransaction = builder.objectRef<Transaction>('SwapTransaction')

SwapTransaction.implement({
  description: 'To be signed by who has allowed the router to take the token.',
  fields: (t) => ({
    to: t.expose('to', { type: 'Address', nullable: false }),
    data: t.exposeString('data', { nullable: false, description: '0x and hex digits.' }),
    value: t.expose('value', { type: 'BigInt', nullable: false, description: 'Wei.' }),
  }),
})

const ConfirmationStatus = builder.enumType('ConfirmationStatus', {
  values: {
    CONFIRMED: { value: 'confirmed', description: 'The chain gives exactly these amounts.' },
    DIFFERS: { value: 'differs', description: 'The chain gives others.' },
    UNCONFIRMED: {
      value: 'unconfirmed',
      description: 'It was not tried out, or failed: see cause.',
    },
  } as const,
})

const UnconfirmedCause = builder.enumType('UnconfirmedCause', {
  values: {
    REVERTED: { value: 'reverted', description: 'It was tried out, and the chain refuses it.' },
    NOT_ASKED: {
      value: 'not-asked',
      description: 'It is of a past block, or no node can be asked.',
    },
    NOT_TRIED: {
      value: 'not-tried',
      description:
        'The trial could not be set up or was not answered: this says nothing about the swap.',
    },
  } as const,
})

const ConfirmedBy = builder.enumType('ConfirmedBy', {
  values: {
    ROUTER: { value: 'router', description: 'The configured router, by its own calldata.' },
    POOLS: {
      value: 'pools',
      description: 'The pools themselves: the router does not reach them all.',
    },
  } as const,
})

const QuoteConfirmation = builder.objectRef<DexConfirmation>('QuoteConfirmation')

QuoteConfirmation.implement({
  description: 'What the transaction does when it is tried out on the state of the block.',
  fields: (t) => ({
    status: t.expose('status', { type: ConfirmationStatus, nullable: false }),
    by: t.field({
      type: ConfirmedBy,
      nullable: true,
      description: 'What was tried out; null where nothing was.',
      resolve: (confirmation) => ('by' in confirmation ? confirmation.by : null),
    }),
    cause: t.field({
      type: UnconfirmedCause,
      description: 'UNCONFIRMED: of which kind the reason is.',
      resolve: (confirmation) => ('cause' in confirmation ? confirmation.cause : null),
    }),
    reason: t.string({
      description: 'Why it is unconfirmed.',
      resolve: (confirmation) => ('reason' in confirmation ? confirmation.reason : null),
    }),
    gas: t.field({
      type: 'BigInt',
      description: 'Units that it used.',
      resolve: (confirmation) => ('gas' in confirmation ? confirmation.gas : null),
    }),
    quoted: t.field({
      type: SwapAmounts,
      description: 'Where it differs: what was computed.',
      resolve: (confirmation) => ('quoted' in confirmation ? confirmation.quoted : null),
    }),
    executed: t.field({
      type: SwapAmounts,
      description: 'Where it differs: what the chain gives.',
      resolve: (confirmation) => ('executed' in confirmation ? confirmation.executed : null),
    }),
  }),
})

const QuoteWarningCode = builder.enumType('QuoteWarningCode', {
  values: {
    THIN_POOL: { value: 'thin-pool' },
    STALE_STATE: { value: 'stale-state' },
    POOLS_LEFT_OUT: { value: 'pools-left-out' },
    TAX: { value: 'tax' },
    TAX_UNKNOWN: { value: 'tax-unknown' },
    NO_TOLERANCE: { value: 'no-tolerance' },
    HIGH_IMPACT: { value: 'high-impact' },
    REVERTS: { value: 'reverts' },
    BEYOND_LIMITS: { value: 'beyond-limits' },
    NO_FLOOR: { value: 'no-floor' },
  } as const,
})

const QuoteWarning = builder.objectRef<Warning>('QuoteWarning')

QuoteWarning.implement({
  fields: (t) => ({
    code: t.expose('code', { type: QuoteWarningCode, nullable: false }),
    message: t.exposeString('message', { nullable: false }),
  }),
})

const Quote = builder.objectRef<DexQuote>('Quote')

Quote.implement({
  description:
    'What a swap gives at a block, to the wei, and how. Amounts in raw units. The token whose side is not fixed is the ' +
    'one that is quoted.',
  fields: (t) => ({
    // Nullable as a refusal's is: a query may then ask for both by one name (GraphQL, "Field Selection Merging").
    block: t.expose('block', { type: QuoteBlock, description: 'Never null.' }),
    stateSource: t.expose('stateSource', { type: StateSource, nullable: false }),
    exact: t.expose('exact', { type: SwapSide, nullable: false, description: 'What is fixed.' }),
    tokenIn: t.expose('tokenIn', { type: Token, nullable: false }),
    tokenOut: t.expose('tokenOut', { type: Token, nullable: false }),
    amountIn: t.expose('amountIn', { type: 'BigInt', nullable: false }),
    amountOut: t.expose('amountOut', { type: 'BigInt', nullable: false }),
    amountInConsumed: t.expose('amountInConsumed', {
      type: 'BigInt',
      nullable: false,
      description:
        'What the pools take: less than amountIn where a given route cannot take it all.',
    }),
    minimumReceived: t.expose('minimumReceived', {
      type: 'BigInt',
      description: 'Exact in: the least that the transaction accepts.',
    }),
    maximumSent: t.expose('maximumSent', {
      type: 'BigInt',
      description: 'Exact out: the most that the transaction spends.',
    }),
    slippageBps: t.exposeInt('slippageBps', { nullable: false }),
    executionPrice: t.field({
      type: TradePrice,
      nullable: false,
      resolve: ({ executionPrice, tokenIn, tokenOut }) => ({
        ratio: executionPrice,
        tokens: [tokenIn, tokenOut] as const,
      }),
    }),
    midPrice: t.field({
      type: TradePrice,
      nullable: false,
      description: 'Of a swap of next to nothing along the same route, before fees.',
      resolve: ({ midPrice, tokenIn, tokenOut }) => ({
        ratio: midPrice,
        tokens: [tokenIn, tokenOut] as const,
      }),
    }),
    priceImpactBps: t.exposeInt('priceImpactBps', {
      nullable: false,
      description: 'Without fees and taxes; rounded up.',
    }),
    lpFeeBps: t.exposeInt('lpFeeBps', {
      nullable: false,
      description: 'Of the whole route; rounded up.',
    }),
    taxInBps: t.exposeInt('taxInBps', {
      description: 'What the token that is sold keeps of a transfer; null where it is not known.',
    }),
    taxOutBps: t.exposeInt('taxOutBps'),
    gas: t.expose('gas', { type: 'BigInt', nullable: false, description: 'Estimated units.' }),
    gasCost: t.expose('gasCost', {
      type: 'BigInt',
      description: 'What that gas costs in the token that is quoted; null without a price.',
    }),
    legs: t.expose('legs', { type: [QuoteLeg], nullable: false }),
    alternatives: t.expose('alternatives', {
      type: [QuoteAlternative],
      nullable: false,
      description: 'The next best single paths, and what they lose; as many as were asked for.',
    }),
    transaction: t.expose('transaction', {
      type: SwapTransaction,
      description:
        'Null without a recipient or a router that reaches all of the pools, and where the trial shows that it would revert.',
    }),
    confirmation: t.expose('confirmation', { type: QuoteConfirmation, nullable: false }),
    warnings: t.expose('warnings', { type: [QuoteWarning], nullable: false }),
  }),
})

type Refusal = Exclude<QuoteOutcome, DexQuote>

const QuoteRefusalStatus = builder.enumType('QuoteRefusalStatus', {
  values: {
    UNKNOWN_TOKEN: { value: 'unknown-token' },
    NO_ROUTE: { value: 'no-route' },
    INSUFFICIENT_LIQUIDITY: { value: 'insufficient-liquidity' },
    UNAVAILABLE: { value: 'unavailable', description: 'The same may be answered later.' },
  } as const,
})

const QuoteRefusal = builder.objectRef<Refusal>('QuoteRefusal')

QuoteRefusal.implement({
  description: 'Why there is no quote.',
  fields: (t) => ({
    status: t.expose('status', { type: QuoteRefusalStatus, nullable: false }),
    reason: t.exposeString('reason', { nullable: false }),
    field: t.string({
      description: 'UNKNOWN_TOKEN: which one.',
      resolve: (refusal) => ('field' in refusal ? refusal.field : null),
    }),
    largest: t.field({
      type: SwapAmounts,
      description: 'INSUFFICIENT_LIQUIDITY: the most that a single path carries.',
      resolve: (refusal) => ('largest' in refusal ? refusal.largest : null),
    }),
    block: t.expose('block', {
      type: QuoteBlock,
      description: 'The block that it holds for, where there is one.',
    }),
  }),
})

export const QuoteResult = builder.unionType('QuoteResult', {
  types: [Quote, QuoteRefusal],
  resolveType: (outcome) => (outcome.status === 'filled' ? Quote : QuoteRefusal),
})
