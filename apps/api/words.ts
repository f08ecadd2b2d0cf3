import type { z } from 'zod'
import { addressFault, isAddress } from '#core/chain.ts'

/** What a value is to be, for whoever gave another one. */
export type Want = {
  /** Behind "it takes". */
  readonly want: string
  /** One that would do, as the client writes it. */
  readonly example: string
}

const SHOWN_CHARACTERS_MAX = 80

const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX))
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

const takesText = ({ want, example }: Want): string => `it takes ${want}, for example ${example}`

/** What is said of a value that is missing (undefined) or another than it takes. */
export const faultText = (want: Want, value: unknown): string =>
  value === undefined ? `missing; ${takesText(want)}` : writtenFault(want, shown(value))

/** The same of a value as the client wrote it, with quotes where it has them. */
export const writtenFault = (want: Want, written: string): string =>
  `${takesText(want)}; here is ${written.slice(0, SHOWN_CHARACTERS_MAX)}`

/** The words of a check or type, whatever is wrong with the value. */
export const words = (want: Want) => ({
  error: ({ input }: { readonly input?: unknown }): string => faultText(want, input),
})

export const wholeFrom = (min: number, max: number, example = Math.max(min, 1)): Want => ({
  want: `a whole number from ${min} to ${max}`,
  example: String(example),
})

export const oneOf = (members: readonly string[]): Want => ({
  want: `${members.slice(0, -1).join(', ')} or ${members.at(-1)}`,
  example: members[0] ?? '',
})

export const ADDRESS: Want = {
  want: 'an address (0x and 40 hex digits)',
  example: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
}
export const HASH: Want = {
  want: 'a hash (0x and 64 hex digits)',
  example: `0x${'ab'.repeat(32)}`,
}
export const POOL_ID: Want = {
  want: 'the address of a pool, or the id of a V4 pool (0x and 40 or 64 hex digits)',
  example: '0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc',
}
export const AMOUNT: Want = {
  want: 'a whole number of raw units in decimal digits, from 1 to 2^255 - 1',
  example: '1000000000000000000',
}
export const TOKEN_ID: Want = {
  want: 'a whole number in decimal digits, from 0 to 2^256 - 1',
  example: '1',
}
export const EVENT_OF_CONTRACT: Want = {
  want: 'the name or the signature of an event, in up to 200 characters',
  example: 'Staked(address,uint256)',
}
export const BLOCK: Want = { want: 'the number of a block', example: '19000000' }
export const TIME: Want = {
  want: 'a time in whole seconds since 1970 (UTC)',
  example: '1767225600',
}
/** Refuses an address whose capitals are not those of its checksum. */
export const rightChecksum = (context: z.core.ParsePayload<string>): void => {
  const fault = isAddress(context.value) ? addressFault(context.value) : undefined
  if (fault !== undefined)
    context.issues.push({ code: 'custom', input: context.value, message: fault })
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

/** For schemas that have no words of their own: what a missing value or one of another type is told. */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined
  const takes = `it takes ${KINDS[issue.expected] ?? issue.expected}`
  return issue.input === undefined ? `missing; ${takes}` : `${takes}; here is ${shown(issue.input)}`
}
