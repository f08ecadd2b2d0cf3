import type { Response } from 'express'
import type { Quote, QuoteOutcome, QuoteRefusal } from '#core/dex/quote.ts'
import { kinds } from '#api/errors.ts'
import type { Ports } from '#api/wire.ts'
import { quoteBlock } from '#resources/blocks.ts'
import { toJson, tokensOf } from '#resources/json.ts'
import { quote, quoteRefusal } from '#resources/quotes.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { readTokens } from '#api/tokens.ts'
import { writeItems } from './join.ts'
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
  res.setHeader('cache-control', 'no-store')
  res.type('json').send(await textOf(ports, outcome))
}

/**
 * The texts of quotes that were handed out. The quoter gives the same object to all who ask the same of a block, so a
 * text lives as long as it does.
 */
const texts = new WeakMap<Quote, { readonly tokens: readonly TokenInfo[]; readonly text: string }>()

async function textOf(ports: Pick<Ports, 'tokens'>, outcome: Quote): Promise<string> {
  const known = texts.get(outcome)
  const addresses = known?.tokens.map(({ address }) => address) ?? tokensOf(quote, [outcome])
  const tokens = await readTokens(ports, addresses)
  // What a token says of itself may have become known meanwhile.
  if (known?.tokens.every((token, index) => token === tokens[index])) return known.text
  const [item] = writeItems(quote, [outcome], tokens)
  const text = JSON.stringify({ block: toJson(quoteBlock, outcome.block), item })
  texts.set(outcome, { tokens, text })
  return text
}
