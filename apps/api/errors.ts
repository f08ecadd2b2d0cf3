import type { z } from 'zod'
import { AppError, type ErrorKind } from '#core/errors.ts'

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
const PUBLIC_REASONS: ReadonlySet<unknown> = new Set(['empty', 'stale-view', 'busy'])

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
    const [first] = faults
    super('invalid', faults.map(({ field, message }) => `${field}: ${message}`).join('; '), {
      details: first ? { field: first.field } : {},
    })
    this.faults = faults
  }
}

/** What is wrong with a request, by parameter. */
export const faultsOf = ({ issues }: z.ZodError): Fault[] =>
  issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          field: fieldOf([...issue.path, key]),
          message: 'no such parameter',
        }))
      : [{ field: fieldOf(issue.path), message: issue.message }],
  )

/** `legs[0].pools` */
const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('')
