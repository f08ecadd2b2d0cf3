import type { QuoteInput, SimulateInput } from '#core/dex/quote.ts'
import { AppError } from '#core/errors.ts'

const LEGS_MAX = 20
const POOLS_PER_LEG_MAX = 4
const SLIPPAGE_BPS_MAX = 10_000
/** Nobody; and what SwapRouter02 reads as the sender, and as itself, where the output would lie for anybody to take. */
const NO_RECIPIENTS: ReadonlySet<string> = new Set(
  [0, 1, 2].map((last) => `0x${last.toString(16).padStart(40, '0')}`),
)
const DEADLINE_SECONDS_MAX = 30 * 24 * 3_600

/** @throws AppError `invalid` naming the field; what a search takes is refused by the search */
export function refuseQuote(input: QuoteInput): void {
  if (input.tokenIn === input.tokenOut)
    throw invalid('tokenOut', 'the same token as tokenIn; name another one')
  refuseAmount(input.amountRaw, 'amount')
  refuseTerms(input)
}

function refuseAmount(amount: bigint, field: string): void {
  if (amount <= 0n) throw invalid(field, 'must be more than 0')
  if (amount >= 1n << 255n) throw invalid(field, 'does not fit int256, as pools count')
}

function refuseTerms({
  slippageBps = 0,
  deadlineSeconds = 1,
  recipient,
}: Pick<QuoteInput, 'slippageBps' | 'deadlineSeconds' | 'recipient'>): void {
  if (recipient !== undefined && NO_RECIPIENTS.has(recipient))
    throw invalid('recipient', `${recipient} has a meaning of its own to routers; name an account`)
  const whole = (value: number, min: number, max: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max
  if (!whole(slippageBps, 0, SLIPPAGE_BPS_MAX))
    throw invalid('slippageBps', `not a whole number from 0 to ${SLIPPAGE_BPS_MAX}`)
  if (!whole(deadlineSeconds, 1, DEADLINE_SECONDS_MAX))
    throw invalid('deadlineSeconds', `not a whole number from 1 to ${DEADLINE_SECONDS_MAX}`)
}

/** @throws AppError `invalid` naming the field */
export function refuseSimulation(input: SimulateInput): void {
  refuseTerms(input)
  if (input.legs.length === 0 || input.legs.length > LEGS_MAX)
    throw invalid('legs', `1 to ${LEGS_MAX} are needed`)
  for (const [index, { amountRaw, pools }] of input.legs.entries()) {
    const field = `legs[${index}]`
    refuseAmount(amountRaw, `${field}.amount`)
    if (pools.length === 0 || pools.length > POOLS_PER_LEG_MAX)
      throw invalid(`${field}.pools`, `1 to ${POOLS_PER_LEG_MAX} are needed`)
    if (new Set(pools).size !== pools.length)
      throw invalid(`${field}.pools`, 'a path names a pool once')
  }
}

const invalid = (field: string, rule: string): AppError =>
  new AppError('invalid', `${field}: ${rule}`, { details: { field } })
