import { z } from 'zod'
import { type Fault, faultsOf, InvalidRequest } from '#api/errors.ts'
import { ownCursor } from '#api/chain-cursors.ts'
import { type Cursor, UINT256_MAX } from '#api/cursors.ts'
import {
  ADDRESS,
  BLOCK,
  oneOf,
  plainWords,
  rightChecksum,
  TIME,
  TOKEN_ID,
  type Want,
  wholeFrom,
  words,
} from '#api/words.ts'
import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import type { ChainName } from '#core/chain-choice.ts'
import type { JsonSchema } from '#resources/json-schema.ts'

/**
 * How the reference shows what a parameter takes. Everything in a URL is text: what is a number in the end is shown as
 * one, so that clients and forms are made for numbers.
 */
export const forms = z.registry<JsonSchema>()

export const address = z
  .string(words(ADDRESS))
  .regex(/^0x[0-9a-fA-F]{40}$/, words(ADDRESS))
  .check(rightChecksum)
  .transform((text) => text.toLowerCase() as Address)
  .register(forms, { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' })

/** A pool: a contract, or of Uniswap V4 the 32 bytes that name it. */
export const poolAddress = z
  .string(words(ADDRESS))
  .regex(/^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/, words(ADDRESS))
  .check(rightChecksum)
  .transform((text) => text.toLowerCase() as Address)
  .register(forms, { type: 'string', pattern: '^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$' })

export const tokenId = z
  .string(words(TOKEN_ID))
  .regex(/^\d{1,78}$/, words(TOKEN_ID))
  .transform(BigInt)
  .refine((value) => value <= UINT256_MAX, words(TOKEN_ID))
  .register(forms, { type: 'string', pattern: '^[0-9]{1,78}$' })

/** A whole number in digits; block numbers and times fit. */
const digits = (want: Want) =>
  z
    .string(words(want))
    .regex(/^\d{1,15}$/, words(want))
    .transform(Number)

const whole: JsonSchema = { type: 'integer', minimum: 0, maximum: 1e15 - 1 }

/** The direction in which events are listed. */
export const orderOfEvents = z
  .enum(['desc', 'asc'], words(oneOf(['desc', 'asc'])))
  .default('desc')
  .describe('Newest or oldest first.')

export const block = digits(BLOCK).register(forms, whole)
export const time = digits(TIME).register(forms, whole)

export const limit = (fallback: number, max: number) => {
  const want = wholeFrom(1, max, fallback)
  return digits(want)
    .refine((value) => value >= 1 && value <= max, words(want))
    .register(forms, { type: 'integer', minimum: 1, maximum: max })
    .default(fallback)
    .describe('How many at most.')
}

/** A number in digits that `value` then judges. */
export const numeric = (value: z.ZodType<number, number>) =>
  z
    .string()
    // Any other text is left to the judge, whose words say what it takes.
    .transform((text) => (/^\d{1,15}$/.test(text) ? Number(text) : (text as unknown as number)))
    .pipe(value)
    .register(forms, jsonSchemaOf(value))

export const flag = z
  .enum(['true', 'false'], words(oneOf(['true', 'false'])))
  .transform((text) => text === 'true')
  .register(forms, { type: 'boolean' })

const NO_CURSOR = 'not a cursor of this list; take nextCursor of the page before, or leave it out'

export const after = <P>({ decode }: Cursor<P>) =>
  z
    .string()
    .transform((text, context): P => {
      const place = decode(text)
      if (place !== undefined) return place
      context.addIssue(NO_CURSOR)
      return z.NEVER
    })
    .register(forms, { type: 'string', description: '`nextCursor` of the page before.' })

/** The same of a list whose chain another parameter names: see `readCursor`. */
export const cursorText = z
  .string()
  .register(forms, { type: 'string', description: '`nextCursor` of the page before.' })

/**
 * The place that a cursor of a chain's list names.
 *
 * @throws AppError `invalid` for one of another chain or list
 */
export function readCursor<P>({ decode }: Cursor<P>, chain: ChainName, text: string): P {
  const place = decode(ownCursor(chain, text, 'after'))
  if (place !== undefined) return place
  throw invalidField('after', NO_CURSOR)
}

/** What a schema takes, as JSON Schema. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

/**
 * The parameters of a request, of its path and its query together.
 *
 * @param chain that the request is about: cursors of another one are refused
 * @throws InvalidRequest for one that is unknown, repeated, missing or wrong
 */
export function readParameters<S extends z.ZodObject>(
  schema: S,
  req: { readonly params: Readonly<Record<string, unknown>>; readonly url: string },
  chain?: ChainName,
): z.output<S> {
  const given: Record<string, unknown> = Object.assign(Object.create(null), req.params)
  const faults: Fault[] = []
  for (const [field, value] of new URLSearchParams(queryOf(req.url))) {
    if (field in given) faults.push({ field, message: 'given more than once; give it once' })
    else given[field] = field === 'after' && chain ? ownCursor(chain, value, field) : value
  }
  const parsed = schema.safeParse(given, { error: plainWords })
  if (parsed.success && faults.length === 0) return parsed.data
  throw new InvalidRequest([...faults, ...(parsed.error ? faultsOf(parsed.error, schema) : [])])
}

export function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start + 1)
}
