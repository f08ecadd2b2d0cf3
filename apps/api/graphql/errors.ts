import type { GraphQLError } from 'graphql'
import { createGraphQLError } from 'graphql-yoga'
import { isAppError, messageOf } from '#core/errors.ts'
import {
  clientKind,
  codeOf,
  isLimit,
  isRetryable,
  kinds,
  publicMessage,
  retrySecondsOf,
} from '#api/errors.ts'

/** By its name: whoever loads GraphQL.js as another kind of module gets another class. */
const isGraphqlError = (error: unknown): error is GraphQLError =>
  error instanceof Error && error.name === 'GraphQLError'

/** What was thrown in the first place: executors wrap it once for every level. */
export function causeOf(error: unknown): unknown {
  let cause = error
  while (isGraphqlError(cause) && cause.originalError) cause = cause.originalError
  return cause
}

/** Whether it is nobody's fault but ours. */
export function isInternal(error: unknown): boolean {
  const cause = causeOf(error)
  if (isAppError(cause)) return false
  if (!isGraphqlError(error) || !isGraphqlError(cause)) return true
  // GraphQL.js throws these of itself: before execution about the request, at a field about what a resolver gave.
  return error.path !== undefined && !cause.extensions.code
}

/** A request that is no GraphQL request. */
export const badRequest = (message: string): GraphQLError =>
  createGraphQLError(message, {
    extensions: { code: 'BAD_REQUEST', http: { status: kinds.invalid.status } },
  })

/** What a client is told. */
export function toGraphqlError(
  error: unknown,
  { development, requestId }: { readonly development: boolean; readonly requestId?: string },
): GraphQLError {
  const cause = causeOf(error)
  const { nodes, path } = isGraphqlError(error) ? error : {}
  const place = { nodes: nodes ?? null, path: path ?? null }
  if (isAppError(cause)) {
    const kind = clientKind(cause)
    const { status } = kinds[kind]
    const { field } = cause.details
    return createGraphQLError(publicMessage(cause, development), {
      ...place,
      extensions: {
        code: codeOf(cause),
        ...(isLimit(cause) && { http: { status } }),
        ...(kind === 'invalid' && field !== undefined && { argument: field }),
        ...(isRetryable(kind) && {
          http: { status, headers: { 'retry-after': String(retrySecondsOf(cause)) } },
        }),
      },
    })
  }
  if (!isInternal(error) && isGraphqlError(error)) {
    if (error.extensions.code) return error
    const extensions = { ...error.extensions, code: kinds.invalid.code }
    return createGraphQLError(error.message, { ...place, extensions })
  }
  return createGraphQLError(development ? messageOf(cause) : 'Unexpected error', {
    ...place,
    extensions: {
      code: 'INTERNAL_SERVER_ERROR',
      ...(requestId !== undefined && { requestId }),
    },
  })
}
