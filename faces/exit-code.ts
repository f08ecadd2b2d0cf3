import { isAppError, messageOf } from '#core/errors.ts'

/** Exit codes, after sysexits.h. */
export const exitCodes = {
  ok: 0,
  usage: 2,
  /** Asked for well, but there is none: no route, too little liquidity. */
  refused: 3,
  /** A server, provider or file cannot be used now. */
  unavailable: 69,
  /** A bug of Halyard, or a history that a human must look at. */
  internal: 70,
  /** Somebody else may do this, or nobody may. */
  permission: 77,
  configuration: 78,
} as const

/** Sections of the configuration file, and the file itself, as errors name them. */
export const configuredSections: ReadonlySet<string> = new Set([
  'config',
  'chain',
  'store',
  'raw',
  'records',
  'sources',
  'quotes',
  'api',
  'indexer',
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
