import { amountsJson, confirmationJson } from '#core/dex/quote-json.ts'
import type { Response } from 'express'
import type {
  Quote,
  QuotedAlternative,
  QuotedHop,
  QuotedLeg,
  QuoteOutcome,
  QuoteRefusal,
} from '#core/dex/quote.ts'
import type { PoolTerms, TokenInfo } from '#core/dex/ports.ts'
import { kinds } from '#api/errors.ts'
import { tradePriceOf } from '#api/prices.ts'
import { decimalsOf, readTokens } from '#api/tokens.ts'
import type { Ports } from '#api/wire.ts'
import { sendProblem } from './problem.ts'

/** What a refusal is called; all but the last are about the request, and well-formed: RFC 9110, 422. */
const refusals: Readonly<
  Record<QuoteRefusal['status'], { readonly title: string; readonly status: number }>
> = {
  'unknown-token': { title: 'Unknown token', status: 422 },
  'no-route': { title: 'No route', status: 422 },
  'insufficient-liquidity': { title: 'Insufficient liquidity', status: 422 },
  unavailable: kinds.unavailable,
}

/** A quote is of its block alone, and its transaction of its second: it is not to be kept. */
export async function sendOutcome(
  res: Response,
  ports: Pick<Ports, 'tokens' | 'log'>,
  outcome: QuoteOutcome,
): Promise<void> {
  if (outcome.status !== 'filled') {
    const { title, status } = refusals[outcome.status]
    const { reason } = outcome
    sendProblem(res, {
      name: outcome.status,
      title,
      status,
      detail: reason,
      ...(outcome.status === 'unknown-token' && {
        errors: [{ field: outcome.field, message: reason }],
      }),
      refusal: refusalJson(outcome),
    })
    return
  }
  const [tokenIn, tokenOut] = await readTokens(ports, [outcome.tokenIn, outcome.tokenOut])
  const { number, hash } = outcome.block
  res.setHeader('cache-control', 'no-store')
  res.json({ block: { number, hash }, item: quoteJson(outcome, tokenIn, tokenOut) })
}

const refusalJson = (refusal: Exclude<QuoteOutcome, Quote>): object => ({
  status: refusal.status,
  reason: refusal.reason,
  block: refusal.block && { number: refusal.block.number, hash: refusal.block.hash },
  ...(refusal.status === 'unknown-token' && { field: refusal.field }),
  ...(refusal.status === 'insufficient-liquidity' && { largest: amountsJson(refusal.largest) }),
})

function quoteJson(
  quote: Quote,
  tokenIn: TokenInfo | undefined,
  tokenOut: TokenInfo | undefined,
): object {
  const decimals = decimalsOf(tokenIn, tokenOut)
  return {
    status: quote.status,
    exact: quote.exact,
    stateSource: quote.stateSource,
    tokenIn,
    tokenOut,
    ...amountsJson(quote),
    amountInConsumed: quote.amountInConsumed.toString(),
    minimumReceived: text(quote.minimumReceived),
    maximumSent: text(quote.maximumSent),
    slippageBps: quote.slippageBps,
    executionPrice: tradePriceOf(quote.executionPrice, decimals),
    midPrice: tradePriceOf(quote.midPrice, decimals),
    priceImpactBps: quote.priceImpactBps,
    lpFeeBps: quote.lpFeeBps,
    taxInBps: quote.taxInBps,
    taxOutBps: quote.taxOutBps,
    gas: quote.gas.toString(),
    gasCost: text(quote.gasCost),
    legs: quote.legs.map(legJson),
    alternatives: quote.alternatives.map(alternativeJson),
    transaction: quote.transaction && {
      to: quote.transaction.to,
      data: quote.transaction.data,
      value: quote.transaction.value.toString(),
    },
    confirmation: confirmationJson(quote.confirmation),
    warnings: quote.warnings.map(({ code, message }) => ({ code, message })),
  }
}

const legJson = (leg: QuotedLeg): object => ({
  shareBps: leg.shareBps,
  ...amountsJson(leg),
  hops: leg.hops.map(hopJson),
})

const hopJson = (hop: QuotedHop): object => ({
  pool: poolJson(hop.pool),
  tokenIn: hop.tokenIn,
  tokenOut: hop.tokenOut,
  ...amountsJson(hop),
  feeAmount: hop.feeAmount.toString(),
  ticksCrossed: hop.ticksCrossed,
})

const poolJson = (pool: PoolTerms): object => ({
  id: pool.id,
  protocol: pool.protocol,
  token0: pool.token0,
  token1: pool.token1,
  feePips: pool.feePips,
  tickSpacing: pool.tickSpacing,
  origin: pool.origin,
})

const alternativeJson = (alternative: QuotedAlternative): object => ({
  pools: alternative.pools.map(poolJson),
  ...amountsJson(alternative),
  gas: alternative.gas.toString(),
  loss: alternative.loss.toString(),
})

const text = (value: bigint | null): string | null => (value === null ? null : value.toString())
