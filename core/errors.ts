/**
 * What can go wrong on purpose. Everything thrown that is not an `AppError` is a bug.
 *
 * - `invalid`: the caller's input or configuration is wrong; another call with the same input fails the same way.
 * - `not-found`: what was asked for does not exist at the block that was asked for.
 * - `conflict`: somebody else was first (another writer moved the head), or the stored state forbids the step.
 * - `unavailable`: a server, a provider or a file cannot be used now; the same call may succeed later.
 */
export type ErrorKind = 'invalid' | 'not-found' | 'conflict' | 'unavailable'

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>

/** An expected failure. `message` names the field or resource and the remedy; it never holds a secret. */
export class AppError extends Error {
  readonly kind: ErrorKind
  readonly details: ErrorDetails

  constructor(
    kind: ErrorKind,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.kind = kind
    this.details = options.details ?? {}
  }
}

/** A field of an input that breaks a rule; the rule says what would do. */
export const invalidField = (field: string, rule: string): AppError =>
  new AppError('invalid', `${field}: ${rule}`, { details: { field } })

/** A store gives back something else than was put into it. */
export const damagedStore = (what: string, cause?: unknown): AppError =>
  new AppError(
    'unavailable',
    `store: it is damaged: ${what}; restore it from a backup, or index into a fresh one`,
    { details: { field: 'store', reason: 'damaged' }, cause },
  )

export const isAppError = (error: unknown, kind?: ErrorKind): error is AppError =>
  error instanceof AppError && (kind === undefined || error.kind === kind)

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** A broken invariant: a bug, never an input. Stops the writer rather than let it store something wrong. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`)
}
