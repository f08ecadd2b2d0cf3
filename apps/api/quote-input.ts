import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import { DEADLINE_SECONDS_MAX, type QuoteInput, type SimulateInput } from '#core/dex/quote.ts'
import { INT256_MAX } from '#core/dex/protocols/rounding.ts'
import { ALTERNATIVES_MAX, HOPS_MAX, PARTS_MAX } from '#core/dex/routing/request.ts'
import { invalidField } from '#core/errors.ts'
import { faultsOf, InvalidRequest } from './errors.ts'
import {
  ADDRESS,
  AMOUNT,
  BLOCK,
  oneOf,
  plainWords,
  POOL_ID,
  rightChecksum,
  type Want,
  wholeFrom,
  words,
} from './words.ts'

const BPS = 10_000
const BLOCK_MAX = 1e15 - 1

const whole = (min: number, max: number, wanted: Want = wholeFrom(min, max)) =>
  z.int(words(wanted)).min(min, words(wanted)).max(max, words(wanted))

/** Raw units. */
const amount = z
  .bigint(words(AMOUNT))
  .positive(words(AMOUNT))
  // All that pools count.
  .max(INT256_MAX, words(AMOUNT))

const poolId = z
  .string(words(POOL_ID))
  .regex(/^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/, words(POOL_ID))
  .check(rightChecksum)
  .transform((id) => id.toLowerCase())

/** What quotes take, as values; those written as text are read first. */
export const quoteValues = {
  amount,
  exact: z.enum(['in', 'out'], words(oneOf(['in', 'out']))),
  maxHops: whole(1, HOPS_MAX),
  maxParts: whole(1, PARTS_MAX),
  slippageBps: whole(0, BPS),
  deadlineSeconds: whole(1, DEADLINE_SECONDS_MAX),
  alternatives: whole(0, ALTERNATIVES_MAX),
  at: whole(0, BLOCK_MAX, BLOCK),
  state: z.enum(['live', 'indexed'], words(oneOf(['live', 'indexed']))),
} as const

const POOLS: Want = {
  want: `a list of 1 to ${HOPS_MAX} pools`,
  example: `["${POOL_ID.example}"]`,
}
const LEGS: Want = {
  want: `a list of 1 to ${PARTS_MAX} legs`,
  example: `[{ "amount": "${AMOUNT.example}", "tokenIn": "${ADDRESS.example}", "pools": ${POOLS.example} }]`,
}

/** The pools of one leg, in the order of the trade. */
export const poolsOfLeg = z
  .array(poolId, words(POOLS))
  .min(1, words(POOLS))
  .max(HOPS_MAX, words(POOLS))

/** The legs of a route that is given. */
export const legsOf = <L extends z.ZodType>(leg: L) =>
  z.array(leg, words(LEGS)).min(1, words(LEGS)).max(PARTS_MAX, words(LEGS))

/** The same where what is not given may also be null or undefined. */
type Loose<T> = {
  readonly [K in keyof T]: undefined extends T[K] ? T[K] | null | undefined : T[K]
}

/** A quote as clients ask for it. */
export type QuoteFields = Loose<Omit<QuoteInput, 'amountRaw'>> & { readonly amount: bigint }

/** @throws AppError `invalid` for a token against itself */
export function toQuoteInput({ amount: amountRaw, ...fields }: QuoteFields): QuoteInput {
  if (fields.tokenIn === fields.tokenOut)
    throw invalidField('tokenOut', 'the same token as tokenIn; name another one')
  return { ...given(fields), amountRaw }
}

export type SimulateFields = Loose<Omit<SimulateInput, 'legs'>> & {
  readonly legs: readonly {
    readonly amount: bigint
    readonly tokenIn: Address
    readonly pools: readonly string[]
  }[]
}

export const toSimulateInput = ({ legs, ...fields }: SimulateFields): SimulateInput => ({
  ...given(fields),
  legs: legs.map(({ amount: amountRaw, tokenIn, pools }) => ({ amountRaw, tokenIn, pools })),
})

/** @throws InvalidRequest with every fault */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value, { error: plainWords })
  if (!parsed.success) throw new InvalidRequest(faultsOf(parsed.error, schema))
  return parsed.data
}

type Given<T> = { readonly [K in keyof T]: Exclude<T[K], null | undefined> }

/** Without what was not given. */
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Given<T>
