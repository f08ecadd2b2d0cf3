import { AppError, type ErrorKind, isAppError, messageOf } from '#core/errors.ts'

/** Exit codes, after sysexits.h. */
export const exitCodes = {
  ok: 0,
  usage: 2,
  /** A server, provider or file cannot be used now. */
  unavailable: 69,
  /** A bug of Halyard. */
  internal: 70,
  configuration: 78,
} as const

/** Fields of the configuration file, as errors name them. */
const CONFIGURED = /^(config|chain|store|sources|api|indexer)\b/

export function exitCodeOf(error: unknown): number {
  if (!isAppError(error)) return exitCodes.internal
  const isConfigured = CONFIGURED.test(String(error.details.field ?? ''))
  switch (error.kind) {
    case 'invalid':
    case 'not-found':
      return isConfigured ? exitCodes.configuration : exitCodes.usage
    case 'unavailable':
    case 'conflict':
      return exitCodes.unavailable
    default:
      return error.kind satisfies never
  }
}

/** What a person reads: the message with its remedy; for a bug, where it happened. */
export const explain = (error: unknown): string =>
  isAppError(error)
    ? `halyard-api: ${error.message}`
    : `halyard-api: a bug: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`

/** What a kind of failure is called: by HTTP, and by GraphQL. */
export const kinds: Readonly<
  Record<ErrorKind, { readonly status: number; readonly title: string; readonly code: string }>
> = {
  invalid: { status: 400, title: 'Bad request', code: 'BAD_USER_INPUT' },
  'not-found': { status: 404, title: 'Not found', code: 'NOT_FOUND' },
  conflict: { status: 409, title: 'Conflict', code: 'CONFLICT' },
  unavailable: { status: 503, title: 'Unavailable', code: 'UNAVAILABLE' },
}

/** Reasons for which an answer is unavailable that say nothing about the machine, and what to do about them. */
const PUBLIC_REASONS: ReadonlySet<unknown> = new Set(['empty', 'stale-view'])

/**
 * What a client is told of an expected failure. What is wrong with a store or a node is for operators, who find it in
 * the log: it names files and hosts.
 */
export function publicMessage(error: AppError, development: boolean): string {
  if (development || error.kind !== 'unavailable' || PUBLIC_REASONS.has(error.details.reason))
    return error.message
  const part = error.details.field === 'store' ? 'the store' : 'a part of the service'
  return `${part} cannot be used now; ask again later`
}

/** When to ask again after a 503. */
export const RETRY_SECONDS = 1

/** One thing that is wrong with a request. */
export type Fault = { readonly field: string; readonly message: string }

/** A request with parameters that are not as they should be: all of its faults at once. */
export class InvalidRequest extends AppError {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super('invalid', faults.map(({ field, message }) => `${field}: ${message}`).join('; '))
    this.faults = faults
  }
}

/** A value that an argument must not have. */
export const refused = (field: string, message: string): AppError =>
  new AppError('invalid', `${field}: ${message}`, { details: { field } })
