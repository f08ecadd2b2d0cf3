import { formatRatio } from '#core/amount.ts'
import { amountsJson, confirmationJson } from '#core/dex/quote-json.ts'
import type { Rational } from '#core/dex/protocols/protocols.ts'
import type {
  Quote,
  QuotedAlternative,
  QuotedHop,
  QuotedLeg,
  QuoteOutcome,
} from '#core/dex/quote.ts'

const BPS = 10_000
const PRICE_DIGITS = 18

/** One line; amounts as decimal strings in raw units, prices as raw units bought for one sold. */
export const quoteLine = (outcome: QuoteOutcome): string =>
  JSON.stringify(outcome.status === 'filled' ? quoteJson(outcome) : refusalJson(outcome))

const refusalJson = ({ block, ...refusal }: Exclude<QuoteOutcome, Quote>): object => ({
  status: refusal.status,
  reason: refusal.reason,
  ...('field' in refusal && { field: refusal.field }),
  ...('largest' in refusal && { largest: amountsJson(refusal.largest) }),
  blockNumber: block?.number ?? null,
  blockHash: block?.hash ?? null,
})

const quoteJson = (quote: Quote): object => ({
  status: quote.status,
  blockNumber: quote.block.number,
  blockHash: quote.block.hash,
  stateSource: quote.stateSource,
  kind: quote.exact === 'in' ? 'exact-in' : 'exact-out',
  tokenIn: quote.tokenIn,
  tokenOut: quote.tokenOut,
  ...amountsJson(quote),
  amountInConsumed: quote.amountInConsumed.toString(),
  ...(quote.minimumReceived !== null && { minimumReceived: quote.minimumReceived.toString() }),
  ...(quote.maximumSent !== null && { maximumSent: quote.maximumSent.toString() }),
  slippageBps: quote.slippageBps,
  executionPrice: priceText(quote.executionPrice),
  midPrice: priceText(quote.midPrice),
  priceImpactBps: quote.priceImpactBps,
  lpFeeBps: quote.lpFeeBps,
  taxInBps: quote.taxInBps,
  taxOutBps: quote.taxOutBps,
  gas: quote.gas.toString(),
  gasCost: quote.gasCost === null ? null : quote.gasCost.toString(),
  route: quote.legs.map(legJson),
  alternatives: quote.alternatives.map(alternativeJson),
  transaction: quote.transaction && {
    ...quote.transaction,
    value: quote.transaction.value.toString(),
  },
  confirmation: confirmationJson(quote.confirmation),
  warnings: quote.warnings,
})

/** `share`: of the fixed amount, as a fraction of 1. */
const legJson = (leg: QuotedLeg): object => ({
  shareBps: leg.shareBps,
  share: leg.shareBps / BPS,
  ...amountsJson(leg),
  pools: leg.hops.map(hopJson),
})

const hopJson = (hop: QuotedHop): object => ({
  id: hop.pool.id,
  protocol: hop.pool.protocol,
  feePips: hop.pool.feePips,
  tokenIn: hop.tokenIn,
  tokenOut: hop.tokenOut,
  ...amountsJson(hop),
  feeAmount: hop.feeAmount.toString(),
  ticksCrossed: hop.ticksCrossed,
})

const alternativeJson = (alternative: QuotedAlternative): object => ({
  pools: alternative.pools.map(({ id, protocol, feePips }) => ({ id, protocol, feePips })),
  ...amountsJson(alternative),
  gas: alternative.gas.toString(),
  loss: alternative.loss.toString(),
})

const priceText = ({ numerator, denominator }: Rational): string | null =>
  denominator === 0n ? null : formatRatio(numerator, denominator, PRICE_DIGITS)
