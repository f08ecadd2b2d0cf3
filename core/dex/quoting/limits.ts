import { INT256_MAX } from '#core/dex/protocols/rounding.ts'
import { DEADLINE_SECONDS_MAX, type QuoteInput, type SimulateInput } from '#core/dex/quote.ts'
import { invalidField } from '#core/errors.ts'

const LEGS_MAX = 20
const POOLS_PER_LEG_MAX = 4
const SLIPPAGE_BPS_MAX = 10_000
/** Nobody; and what SwapRouter02 reads as the sender, and as itself, where the output would lie for anybody to take. */
const NO_RECIPIENTS: ReadonlySet<string> = new Set(
  [0, 1, 2].map((last) => `0x${last.toString(16).padStart(40, '0')}`),
)

/** @throws AppError `invalid` naming the field; what a search takes is refused by the search */
export function refuseQuote(input: QuoteInput): void {
  if (input.tokenIn === input.tokenOut)
    throw invalidField('tokenOut', 'the same token as tokenIn; name another one')
  refuseAmount(input.amountRaw, 'amount')
  refuseTerms(input)
}

function refuseAmount(amount: bigint, field: string): void {
  if (amount <= 0n) throw invalidField(field, 'must be more than 0')
  if (amount > INT256_MAX) throw invalidField(field, 'does not fit int256, as pools count')
}

function refuseTerms({
  slippageBps = 0,
  deadlineSeconds = 1,
  recipient,
}: Pick<QuoteInput, 'slippageBps' | 'deadlineSeconds' | 'recipient'>): void {
  if (recipient !== undefined && NO_RECIPIENTS.has(recipient))
    throw invalidField(
      'recipient',
      `${recipient} has a meaning of its own to routers; name an account`,
    )
  const whole = (value: number, min: number, max: number): boolean =>
    Number.isInteger(value) && value >= min && value <= max
  if (!whole(slippageBps, 0, SLIPPAGE_BPS_MAX))
    throw invalidField('slippageBps', `not a whole number from 0 to ${SLIPPAGE_BPS_MAX}`)
  if (!whole(deadlineSeconds, 1, DEADLINE_SECONDS_MAX))
    throw invalidField('deadlineSeconds', `not a whole number from 1 to ${DEADLINE_SECONDS_MAX}`)
}

/** @throws AppError `invalid` naming the field */
export function refuseSimulation(input: SimulateInput): void {
  refuseTerms(input)
  if (input.legs.length === 0 || input.legs.length > LEGS_MAX)
    throw invalidField('legs', `1 to ${LEGS_MAX} are needed`)
  for (const [index, { amountRaw, pools }] of input.legs.entries()) {
    const field = `legs[${index}]`
    refuseAmount(amountRaw, `${field}.amount`)
    if (pools.length === 0 || pools.length > POOLS_PER_LEG_MAX)
      throw invalidField(`${field}.pools`, `1 to ${POOLS_PER_LEG_MAX} are needed`)
    if (new Set(pools).size !== pools.length)
      throw invalidField(`${field}.pools`, 'a path names a pool once')
  }
}
