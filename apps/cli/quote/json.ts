import type { QuoteOutcome } from '#core/dex/quote.ts'
import { type TokenInfos, toJson } from '#resources/json.ts'
import { quote, quoteRefusal } from '#resources/quotes.ts'

/**
 * One line: a quote, or why there is none, with the fields that the API's JSON has.
 *
 * @param tokens what the tokens of the quote say of themselves, where the chain could be asked
 */
export const quoteLine = (outcome: QuoteOutcome, tokens: TokenInfos = new Map()): string =>
  JSON.stringify(
    outcome.status === 'filled'
      ? toJson(quote, outcome, tokens)
      : toJson(quoteRefusal, outcome, tokens),
  )
