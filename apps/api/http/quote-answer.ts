import type { Response } from 'express'
import type { QuoteOutcome, QuoteRefusal } from '#core/dex/quote.ts'
import { kinds } from '#api/errors.ts'
import type { Ports } from '#api/wire.ts'
import { quoteBlock } from '#resources/blocks.ts'
import { toJson } from '#resources/json.ts'
import { quote, quoteRefusal } from '#resources/quotes.ts'
import { joinTokens } from './join.ts'
import { sendProblem } from './problem.ts'

/** What a refusal is called; all but the last two are about the request, and well-formed: RFC 9110, 422. */
const refusals: Readonly<
  Record<QuoteRefusal['status'], { readonly title: string; readonly status: number }>
> = {
  'unknown-token': { title: 'Unknown token', status: 422 },
  'no-route': { title: 'No route', status: 422 },
  'insufficient-liquidity': { title: 'Insufficient liquidity', status: 422 },
  busy: { ...kinds.unavailable, title: 'Busy' },
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
      refusal: toJson(quoteRefusal, outcome),
    })
    return
  }
  const { written } = await joinTokens(ports, quote, [outcome])
  res.setHeader('cache-control', 'no-store')
  res.json({ block: toJson(quoteBlock, outcome.block), item: written[0] })
}
