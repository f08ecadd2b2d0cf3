import { type AppError, isAppError } from '#core/errors.ts'
import { refuseLeftView, whileStale } from '#core/history/at-head.ts'
import type { Address } from '#core/chain.ts'
import type { QuotePorts } from './ports.ts'
import type { Quotable } from './quotable.ts'
import type { QuoteInput, QuoteOutcome, SimulateInput } from './quote.ts'
import type { QuoteSettings } from './quote-settings.ts'
import type { QuoteContext } from './quoting/context.ts'
import { createCosts } from './quoting/costs.ts'
import { findQuote, refusalOf } from './quoting/find-quote.ts'
import { createSlices } from './quoting/in-slices.ts'
import { refuseQuote, refuseSimulation } from './quoting/limits.ts'
import { counted, createSessions, type Moment, type Session } from './quoting/session.ts'
import { quotableNow } from './quoting/quotable-now.ts'
import { simulateSwap } from './quoting/simulate-swap.ts'

/** Answers what a swap would give, and what to send for it. */
export type Quoter = {
  /** @throws AppError `invalid` naming the field */
  quote(input: QuoteInput): Promise<QuoteOutcome>
  /** The same for a route that the caller chose. @throws AppError `invalid` naming the field */
  simulate(input: SimulateInput): Promise<QuoteOutcome>
  /**
   * Whether a pool of the history is quoted at the newest block, for which the chain is asked.
   *
   * @throws AppError `not-found` where it is not indexed, `unavailable` where the history cannot be read
   */
  quotableNow(pool: Address): Promise<Quotable>
}

/** Quotes of a block that are kept for whoever asks the same. */
const ANSWERS_MAX = 1_000
/** The deadline of a transaction counts from when it was made, so one that is handed on is made anew this often. */
const TRANSACTION_MS = 1_000

export function createQuoter(ports: QuotePorts, settings: QuoteSettings): Quoter {
  const sessions = createSessions(ports, settings)
  const context: QuoteContext = {
    ports,
    settings,
    costs: createCosts(ports, settings.wrappedNative),
    slices: createSlices(ports.clock),
  }

  /** One computation for all who ask the same at the same moment. */
  async function answer(
    moment: Moment,
    key: string,
    compute: (session: Session) => Promise<QuoteOutcome>,
  ): Promise<QuoteOutcome> {
    const session = await sessions.open(moment)
    const { answers, busy, market } = session
    const known = answers.get(key)
    if (known) return known
    const result = counted(busy, 'trying', async () => {
      const outcome = await compute(session)
      const { view } = market.place
      if (view) await refuseLeftView(ports.views, view)
      return outcome
    })
    result.catch(() => answers.delete(key))
    answers.set(key, result)
    const [oldest] = answers.keys()
    if (answers.size > ANSWERS_MAX && oldest !== undefined) answers.delete(oldest)
    return result
  }

  return {
    quote(input) {
      return refusing(
        ports,
        () => refuseQuote(input),
        input,
        (moment) =>
          answer(moment, keyOf(input, ports.clock.nowMs()), (session) =>
            findQuote(context, session, input),
          ),
      )
    },
    simulate(input) {
      return refusing(
        ports,
        () => refuseSimulation(input),
        input,
        (moment) =>
          answer(moment, keyOf(input, ports.clock.nowMs()), (session) =>
            simulateSwap(context, session, input),
          ),
      )
    },
    quotableNow: (pool) =>
      whileStale(ports.views, async () => quotableNow(ports, await sessions.open({}), pool)),
  }
}

/**
 * The index answers in the place of a chain that goes away meanwhile; who insists on a block or on live states is told
 * why not.
 */
async function refusing(
  { views }: Pick<QuotePorts, 'views'>,
  refuse: () => void,
  moment: Moment,
  attempt: (moment: Moment) => Promise<QuoteOutcome>,
): Promise<QuoteOutcome> {
  refuse()
  let failure: AppError
  try {
    return await whileStale(views, () => attempt(moment))
  } catch (error) {
    if (!isUnavailable(error)) throw error
    if (moment.state !== undefined || moment.at !== undefined) return unavailable(error)
    failure = error
  }
  try {
    return await whileStale(views, () => attempt({ state: 'indexed' }))
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return unavailable(failure)
  }
}

const isUnavailable = (error: unknown): error is AppError =>
  isAppError(error) && error.kind === 'unavailable'

const unavailable = (failure: AppError): QuoteOutcome => ({
  ...refusalOf(failure),
  block: null,
})

function keyOf(input: QuoteInput | SimulateInput, nowMs: number): string {
  const age = input.recipient === undefined ? '' : Math.floor(nowMs / TRANSACTION_MS)
  return `${age}${JSON.stringify(input, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`
}
