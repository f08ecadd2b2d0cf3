import { InvalidArgumentError, Option } from 'commander'
import { configOption } from '#cli/options.ts'

export type LedgerOptions = {
  readonly config: string
  readonly ledger: string
  readonly json?: boolean
}

/** Of a command whose operations follow from rules, and have keys that follow from them too. */
export type RuleOptions = LedgerOptions & {
  readonly actor?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** Of a command that does one operation. */
export type MutationOptions = RuleOptions & { readonly key?: string }

/** What every command on a ledger takes. */
export const ledgerOptions = (): Option[] => [
  configOption(),
  new Option('--ledger <name>', 'which ledger').default('points'),
  new Option('--json', 'one line of JSON'),
]

/** What every command takes that changes one. */
export const ruleOptions = (): Option[] => [
  ...ledgerOptions(),
  new Option(
    '--actor <name>',
    'who does it, for the record; the user of this machine unless given',
  ),
  new Option('--yes', 'do it without asking'),
  new Option('--dry-run', 'only tell what would become of it'),
]

/** What every command takes that does one operation. */
export const mutationOptions = (): Option[] => [
  ...ruleOptions(),
  new Option(
    '--key <key>',
    'names this operation: given again, it is not done again; random unless given',
  ),
]

export const assetOption = (): Option =>
  new Option('--asset <name>', 'of which asset').default('points')

export const memoOption = (): Option =>
  new Option('--memo <text>', 'a line for the record').default('')

/** An amount of points in raw units; its bounds are those of the ledger. */
export function parsePoints(text: string): bigint {
  if (/^\d{1,30}$/.test(text)) return BigInt(text)
  throw new InvalidArgumentError('not a whole number of raw units in decimal digits.')
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `90d`, `12h`, `30m`, `45s`, in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  if (match) return Number(match[1]) * (UNITS_MS[match[2] as string] as number)
  throw new InvalidArgumentError('not a duration such as 90d, 12h, 30m or 45s.')
}

/** `2026-11-26T12:00:00Z`, in milliseconds since 1970. */
export function parseTime(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new InvalidArgumentError('not a time such as 2026-11-26 or 2026-11-26T12:00:00Z.')
}
