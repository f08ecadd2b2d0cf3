import { isAppError, messageOf } from '#core/errors.ts'

/** Exit codes, after sysexits.h. */
export const exitCodes = {
  ok: 0,
  usage: 2,
  refused: 3,
  unavailable: 69,
  internal: 70,
  permission: 77,
  configuration: 78,
  stopped: 130,
} as const

/** What each says, for help texts and docs. */
export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  usage: 'the command line is wrong, or names what is not indexed',
  refused:
    'there is no such quote (no route, too little liquidity, or a token that is not known), or the ledger refused',
  unavailable: 'a node, server or file cannot be used now: the same may succeed later',
  internal: 'a bug, or a history that a human must look at',
  permission: 'this user may not do it',
  configuration: 'the configuration is wrong',
  stopped: 'stopped by a signal: run it again to go on',
}

/** The line of a help text that tells the exit codes of a program. */
export const exitCodesHelp = (names: readonly (keyof typeof exitCodes)[]): string =>
  `Exit codes:\n${names.map((name) => `  ${String(exitCodes[name]).padEnd(3)}  ${exitMeanings[name]}`).join('\n')}`

/** Sections of the configuration file, and the file itself, as errors name them. */
export const configuredSections: ReadonlySet<string> = new Set([
  'config',
  'chain',
  'chains',
  'defaultChain',
  'store',
  'raw',
  'records',
  'sources',
  'quotes',
  'ownership',
  'relay',
  'points',
  'api',
  'identity',
  'discord',
  'metadata',
  'indexer',
  'workers',
  'webhooks',
])

/** Whether a field is a setting: `chain.rpc`, `sources[3].address`. */
const isSetting = (field: string | undefined): boolean => {
  const [first = ''] = (field ?? '').split('.', 1)
  const [section = ''] = first.split('[', 1)
  return configuredSections.has(section)
}

/** What a process that fails of this error exits with. */
export function exitCodeOf(error: unknown): number {
  if (!isAppError(error)) return exitCodes.internal
  const isConfigured = isSetting(error.details.field)
  switch (error.kind) {
    case 'invalid':
    case 'not-found':
      return isConfigured ? exitCodes.configuration : exitCodes.usage
    case 'unauthenticated':
    case 'forbidden':
      return exitCodes.permission
    case 'rate-limited':
    case 'unavailable':
      return exitCodes.unavailable
    case 'conflict':
      if (error.details.reason === 'deep-reorg') return exitCodes.internal
      if (isConfigured) return exitCodes.configuration
      return error.details.field ? exitCodes.usage : exitCodes.unavailable
    default:
      return error.kind satisfies never
  }
}

/** What a person reads: the message with its remedy; for a bug, where it happened. */
export const explain = (program: string, error: unknown): string =>
  isAppError(error)
    ? `${program}: ${error.message}`
    : `${program}: a bug: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`
