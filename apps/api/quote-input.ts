import { z } from 'zod'
import type { Address } from '#core/chain.ts'
import { DEADLINE_SECONDS_MAX, type QuoteInput, type SimulateInput } from '#core/dex/quote.ts'
import { INT256_MAX } from '#core/dex/protocols/rounding.ts'
import { ALTERNATIVES_MAX, HOPS_MAX, PARTS_MAX } from '#core/dex/routing/request.ts'
import { invalidField } from '#core/errors.ts'
import { faultsOf, InvalidRequest } from './errors.ts'

const BPS = 10_000
const BLOCK_MAX = 1e15 - 1

const whole = (min: number, max: number) => {
  const message = `not a whole number from ${min} to ${max}`
  return z.int(message).min(min, message).max(max, message)
}

/** Raw units. */
const amount = z
  .bigint('not a whole number')
  .positive('not more than 0')
  .max(INT256_MAX, 'more than 2^255 - 1, which is all that pools count')

const poolId = z
  .string()
  .regex(/^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/, 'neither the address of a pool nor a V4 pool id')
  .transform((id) => id.toLowerCase())

/** What quotes take, as values; those written as text are read first. */
export const quoteValues = {
  amount,
  exact: z.enum(['in', 'out'], 'neither in nor out'),
  maxHops: whole(1, HOPS_MAX),
  maxParts: whole(1, PARTS_MAX),
  slippageBps: whole(0, BPS),
  deadlineSeconds: whole(1, DEADLINE_SECONDS_MAX),
  alternatives: whole(0, ALTERNATIVES_MAX),
  at: z.int('not a block number').min(0, 'not a block number').max(BLOCK_MAX, 'not a block number'),
  state: z.enum(['live', 'indexed'], 'neither live nor indexed'),
} as const

/** The pools of one leg, in the order of the trade. */
export const poolsOfLeg = z
  .array(poolId, 'not a list of pools')
  .min(1, 'no pool')
  .max(HOPS_MAX, `more than ${HOPS_MAX} pools`)

/** The legs of a route that is given. */
export const legsOf = <L extends z.ZodType>(leg: L) =>
  z.array(leg, 'not a list of legs').min(1, 'no leg').max(PARTS_MAX, `more than ${PARTS_MAX} legs`)

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
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new InvalidRequest(faultsOf(parsed.error))
  return parsed.data
}

type Given<T> = { readonly [K in keyof T]: Exclude<T[K], null | undefined> }

/** Without what was not given. */
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Given<T>
