import { z } from 'zod'
import { addressFault, isAddress } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import { AMOUNT_MAX_RAW } from '#core/ledger/check-request.ts'
import { faultText, type Want, words } from '#api/words.ts'

const POINTS: Want = {
  want: 'a whole number of raw units in decimal digits, from 1 to 10^18',
  example: '100',
}
const ACCOUNT: Want = {
  want: 'an account: 1 to 100 letters, digits or :._@~- that begin with a letter or a digit',
  example: 'discord:1234',
}
const ASSET: Want = {
  want: 'an asset: 1 to 32 small letters, digits or dashes that begin with a letter',
  example: 'points',
}
const DISCORD: Want = {
  want: 'the id of a Discord account in decimal digits',
  example: '80351110224678912',
}
const MEMO: Want = { want: 'a line of at most 500 characters', example: 'welcome' }
const OPERATION: Want = {
  want: 'the id of an operation, as a statement shows it: a scope and a key with a slash between',
  example: 'key:bot/6c1f2b7e-6f0f-4f5e-9a53-0d5c2c1f7f10',
}

const KEY: Want = {
  want: 'the key of a spend: 16 to 128 letters, digits or ._~-',
  example: '6c1f2b7e-6f0f-4f5e-9a53-0d5c2c1f7f10',
}
const WAY: Want = { want: 'relayed or voucher', example: 'relayed' }

/** Wallets are accounts by their addresses, which are the same in letters of any case. */
const inSmallLetters = (account: string): string =>
  isAddress(account) ? account.toLowerCase() : account

const judged = (text: string, context: z.RefinementCtx): void => {
  const fault = isAddress(text) ? addressFault(text) : undefined
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
}

export const accountName = z
  .string(words(ACCOUNT))
  .regex(/^[A-Za-z0-9][A-Za-z0-9:._@~-]{0,99}$/, words(ACCOUNT))
  .superRefine(judged)
  .transform(inSmallLetters)

/** A snowflake. */
export const discordAccount = z.string(words(DISCORD)).regex(/^\d{1,20}$/, words(DISCORD))

export const assetName = z
  .string(words(ASSET))
  .regex(/^[a-z][a-z0-9-]{0,31}$/, words(ASSET))
  .default('points')

export const pointsAmount = z
  .string(words(POINTS))
  .regex(/^\d{1,30}$/, words(POINTS))
  .transform(BigInt)
  .refine((amount) => isAmount(amount), words(POINTS))

export const memoLine = z
  .string(words(MEMO))
  // oxlint-disable-next-line no-control-regex -- as the ledger has it: what would change how the rest is shown
  .regex(/^[^\u0000-\u001f\u007f\u2028\u2029]{0,500}$/, words(MEMO))
  .default('')

export const operationName = z
  .string(words(OPERATION))
  .regex(/^[A-Za-z0-9:._@~-]{1,200}\/[A-Za-z0-9:._@~-]{1,200}$/, words(OPERATION))

/** A key, as the header that it was sent with has it. */
export const spendKey = z.string(words(KEY)).regex(/^[\w.~-]{16,128}$/, words(KEY))

export const spendWay = z.enum(['relayed', 'voucher'], words(WAY)).default('relayed')

const isAmount = (amount: bigint): boolean => amount >= 1n && amount <= AMOUNT_MAX_RAW

/** The same for an argument that is a number already. @throws AppError `invalid` naming it */
export function readAmount(argument: string, amount: bigint): bigint {
  if (isAmount(amount)) return amount
  throw invalidField(argument, faultText(POINTS, amount))
}

/** A value as `schema` takes it. @throws AppError `invalid` naming the argument */
export function readArgument<S extends z.ZodType>(
  schema: S,
  argument: string,
  value: unknown,
): z.output<S> {
  const parsed = schema.safeParse(value ?? undefined)
  if (parsed.success) return parsed.data
  throw invalidField(argument, parsed.error.issues[0]?.message ?? 'not as it should be')
}
