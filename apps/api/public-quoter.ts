import type { Logger } from '#adapters/log/logger.ts'
import type { QuoteOutcome } from '#core/dex/quote.ts'
import type { Quoter } from '#core/dex/quoter.ts'

/** Failures of nodes and stores begin with their setting; the rest names hosts and files, which are for operators. */
const INTERNAL: readonly (readonly [RegExp, string])[] = [
  [/^chain\.rpc\b/, 'the chain cannot be asked now'],
  [/^store\b/, 'the store cannot be used now'],
]

/** The same quotes with reasons that clients may read; the log has them as they were. */
export function createPublicQuoter(quoter: Quoter, log: Pick<Logger, 'warn'>): Quoter {
  function publicReason(reason: string): string {
    const [, told] = INTERNAL.find(([internal]) => internal.test(reason)) ?? []
    if (told !== undefined) log.warn({ reason }, 'a quote is without a part, or not given')
    return told ?? reason
  }

  function publicOutcome(outcome: QuoteOutcome): QuoteOutcome {
    if (outcome.status !== 'filled') return { ...outcome, reason: publicReason(outcome.reason) }
    const { confirmation } = outcome
    if (confirmation.status !== 'unconfirmed') return outcome
    const reason = publicReason(confirmation.reason)
    return { ...outcome, confirmation: { ...confirmation, reason } }
  }

  return {
    quote: async (input) => publicOutcome(await quoter.quote(input)),
    simulate: async (input) => publicOutcome(await quoter.simulate(input)),
  }
}
