import type { Request, Response } from 'express'
import { type AppError, isAppError, messageOf } from '#core/errors.ts'
import { refTo } from '#resources/json-schema.ts'
import { quoteRefusal } from '#resources/quotes.ts'
import {
  clientKind,
  codeOf,
  type Fault,
  InvalidRequest,
  kinds,
  publicMessage,
  RETRY_SECONDS,
  retrySecondsOf,
} from '#api/errors.ts'

/** RFC 9457, with the faults of a request by field, why there is no quote, and the id that the log has it under. */
type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  /** What programs go by: the same word as in GraphQL. */
  readonly code: string
  readonly detail: string
  readonly instance: string
  readonly requestId: string
  readonly errors?: readonly Fault[]
  readonly refusal?: object
  /** How each chain is, where none is ready. */
  readonly chains?: readonly object[]
}

/** The same for the reference. */
export const problemSchema = {
  type: 'object',
  description: 'Why a request is not answered (RFC 9457). Programs go by `code`.',
  properties: {
    type: { type: 'string', format: 'uri' },
    code: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    requestId: { type: 'string', description: 'What the log knows the request by.' },
    errors: {
      type: 'array',
      description: 'What is wrong, by parameter.',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, message: { type: 'string' } },
        required: ['field', 'message'],
        additionalProperties: false,
      },
    },
    refusal: refTo(quoteRefusal.name),
  },
  required: ['type', 'code', 'title', 'status', 'detail', 'instance', 'requestId'],
  additionalProperties: false,
} as const

export type Failure = Pick<
  Problem,
  'title' | 'status' | 'detail' | 'errors' | 'refusal' | 'chains'
> & {
  /** Of the problem's type; the code is made of it unless it has one of its own. */
  readonly name: string
  readonly code?: string
  readonly retrySeconds?: number
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** A failure as the body of the answer to this request. */
export function problemText(res: Response, failure: Failure): string {
  const { name, code = codeOfName(name), retrySeconds: _, ...members } = failure
  const problem: Problem = {
    type: `urn:halyard:problem:${name}`,
    code,
    ...members,
    instance: res.req.path,
    requestId: res.locals.requestId,
  }
  return JSON.stringify(problem)
}

export function sendProblem(res: Response, failure: Failure): void {
  const { retrySeconds = RETRY_SECONDS } = failure
  if (
    failure.status === kinds.unavailable.status ||
    failure.status === kinds['rate-limited'].status
  )
    res.setHeader('retry-after', retrySeconds)
  // A body that nobody reads is not waited for.
  if (hasBody(res.req) && !res.req.complete) res.setHeader('connection', 'close')
  res.setHeader('cache-control', 'no-store')
  if (failure.status === kinds.unauthenticated.status) res.setHeader('www-authenticate', 'Bearer')
  res.status(failure.status).type(PROBLEM_TYPE).send(problemText(res, failure))
}

/** `method-not-allowed` is METHOD_NOT_ALLOWED. */
const codeOfName = (name: string): string => name.replaceAll('-', '_').toUpperCase()

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** A request that is not one, as far as HTTP goes. */
export const badRequest = (detail: string): Failure => ({
  name: 'invalid',
  code: 'BAD_REQUEST',
  title: kinds.invalid.title,
  status: kinds.invalid.status,
  detail,
})

/** What is told of anything thrown. @param development whether causes are told that are for operators */
export function failureOf(error: unknown, development: boolean): Failure {
  if (isAppError(error)) {
    const kind = clientKind(error)
    const { status, title } = kinds[kind]
    const { field } = error.details
    const faults =
      error instanceof InvalidRequest
        ? error.faults
        : kind === 'invalid' && field !== undefined
          ? [{ field, message: ruleOf(error, field) }]
          : undefined
    const detail = publicMessage(error, development)
    return {
      name: kind === 'unavailable' && error.details.reason === 'busy' ? 'busy' : kind,
      code: codeOf(error),
      retrySeconds: retrySecondsOf(error),
      title,
      status,
      detail,
      ...(faults && { errors: faults }),
    }
  }
  if (isRefusalOfExpress(error)) {
    const { title } = kinds.invalid
    return {
      name: 'invalid',
      code: kinds.invalid.code,
      title,
      status: error.status,
      detail: error.message,
    }
  }
  return {
    name: 'internal',
    code: 'INTERNAL_SERVER_ERROR',
    title: 'Internal error',
    status: 500,
    detail: development
      ? messageOf(error)
      : 'something went wrong that should not; the log has it under the request id',
  }
}

/** What is wrong with a field, without its name. */
const ruleOf = ({ details: { rule }, message }: AppError, field: string): string =>
  rule ?? (message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message)

/** Errors that Express and its body parser throw at a request which is not well-formed. */
const isRefusalOfExpress = (error: unknown): error is Error & { readonly status: number } =>
  error instanceof Error &&
  'status' in error &&
  typeof error.status === 'number' &&
  error.status >= 400 &&
  error.status < 500
