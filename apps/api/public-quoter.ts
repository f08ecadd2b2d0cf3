import type { QuoteOutcome } from '#core/dex/quote.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import type { AppError } from '#core/errors.ts'
import type { Logger } from '#wiring/telemetry.ts'
import { publicMessage } from './errors.ts'

/**
 * The same quotes with reasons that clients may read. Where a part of a quote failed, the failure says who may read its
 * message; the log has those that clients do not get.
 */
export function createPublicQuoter(
  quoter: Quoter,
  log: Pick<Logger, 'warn'>,
  development = false,
): Quoter {
  function publicReason(failure: AppError): string {
    const told = publicMessage(failure, development)
    if (told !== failure.message)
      log.warn({ reason: failure.message }, 'a quote is without a part, or not given')
    return told
  }

  /** The same with the reason that clients may read, and without the failure. */
  function readable<T extends { readonly reason: string; readonly failure?: AppError }>(
    refusal: T,
  ): Omit<T, 'failure'> {
    const { failure, ...rest } = refusal
    return failure ? { ...rest, reason: publicReason(failure) } : rest
  }

  function publicOutcome(outcome: QuoteOutcome): QuoteOutcome {
    if (outcome.status === 'unavailable' || outcome.status === 'busy') return readable(outcome)
    if (outcome.status !== 'filled') return outcome
    const { confirmation } = outcome
    if (confirmation.status !== 'unconfirmed') return outcome
    return { ...outcome, confirmation: readable(confirmation) }
  }

  return {
    quote: async (input) => publicOutcome(await quoter.quote(input)),
    simulate: async (input) => publicOutcome(await quoter.simulate(input)),
    quotableNow: (pool) => quoter.quotableNow(pool),
  }
}
