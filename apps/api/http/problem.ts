import type { Request, Response } from 'express'
import { isAppError, messageOf } from '#core/errors.ts'
import { type Fault, InvalidRequest, kinds, publicMessage, RETRY_SECONDS } from '#api/errors.ts'

/** RFC 9457, with the faults of a request by field, why there is no quote, and the id that the log has it under. */
type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly requestId: string
  readonly errors?: readonly Fault[]
  readonly refusal?: object
}

type Failure = Pick<Problem, 'title' | 'status' | 'detail' | 'errors' | 'refusal'> & {
  readonly name: string
}

export function sendProblem(res: Response, failure: Failure): void {
  const { name, ...members } = failure
  const problem: Problem = {
    type: `urn:halyard:problem:${name}`,
    ...members,
    instance: res.req.path,
    requestId: res.locals.requestId,
  }
  if (failure.status === kinds.unavailable.status) res.setHeader('retry-after', RETRY_SECONDS)
  // A body that nobody reads is not waited for.
  if (hasBody(res.req) && !res.req.complete) res.setHeader('connection', 'close')
  res.setHeader('cache-control', 'no-store')
  res.status(failure.status).type('application/problem+json').send(JSON.stringify(problem))
}

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** What is told of anything thrown. @param development whether causes are told that are for operators */
export function failureOf(error: unknown, development: boolean): Failure {
  if (isAppError(error)) {
    const { status, title } = kinds[error.kind]
    const { field } = error.details
    const faults =
      error instanceof InvalidRequest
        ? error.faults
        : error.kind === 'invalid' && typeof field === 'string'
          ? [{ field, message: error.message }]
          : undefined
    const detail = publicMessage(error, development)
    return { name: error.kind, title, status, detail, ...(faults && { errors: faults }) }
  }
  if (isRefusalOfExpress(error)) {
    const { title } = kinds.invalid
    return { name: 'invalid', title, status: error.status, detail: error.message }
  }
  return {
    name: 'internal',
    title: 'Internal error',
    status: 500,
    detail: development
      ? messageOf(error)
      : 'something went wrong that should not; the log has it under the request id',
  }
}

/** Errors that Express and its body parser throw at a request which is not well-formed. */
const isRefusalOfExpress = (error: unknown): error is Error & { readonly status: number } =>
  error instanceof Error &&
  'status' in error &&
  typeof error.status === 'number' &&
  error.status >= 400 &&
  error.status < 500
