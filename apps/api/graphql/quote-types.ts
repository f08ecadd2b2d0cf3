import { quote, quoteRefusal } from '#resources/quotes.ts'
import { builder } from './builder.ts'
import { typeOf } from './resources.ts'

const Quote = typeOf(quote)
const QuoteRefusal = typeOf(quoteRefusal)

/** A quote, or why there is none. */
export const QuoteResult = builder.unionType('QuoteResult', {
  types: [Quote, QuoteRefusal],
  resolveType: (outcome) => (outcome.status === 'filled' ? Quote : QuoteRefusal),
})
