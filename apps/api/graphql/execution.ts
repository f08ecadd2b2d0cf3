import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
} from 'graphql'
import { isAppError } from '#core/errors.ts'
import { expectView, refuseLeftView, whileStale } from '#core/history/at-head.ts'
import { isStaleView } from '#core/history/view.ts'
import type { Api } from '#api/wire.ts'
import { createContext } from './context.ts'
import { causeOf, isInternal, toGraphqlError } from './errors.ts'

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>

/** A result that may know its own text. */
type Result = ExecutionResult & { readonly stringify?: () => string }

/**
 * Executes an operation at one view. Resolvers do not see the request but what `createContext` gives: where the view is
 * swept while they read, all of them begin again with another.
 */
export async function executeAtHead(
  { config, ports, answers }: Api,
  execute: Execute,
  args: ExecutionArgs,
  requestId: string,
): Promise<Result> {
  const startedAt = performance.now()
  const { development } = config.api
  const request = requestOf(args)

  function tell(error: unknown): GraphQLError {
    const cause = causeOf(error)
    if (isInternal(error)) ports.log.error({ err: cause, requestId }, 'an operation failed')
    else if (isAppError(cause, 'unavailable'))
      ports.log.warn({ reason: cause.message, requestId }, 'not answered')
    return toGraphqlError(error, { development, requestId })
  }

  async function attempt(): Promise<Result> {
    const view = await ports.views.current()
    const known = view && request && answers.get(view, request)
    if (known) return { stringify: () => known }
    const context = createContext(ports, () => expectView(view))
    const result = await execute({ ...args, contextValue: context })
    const stale = result.errors?.map(causeOf).find(isStaleView)
    if (stale) throw stale
    if (view) await refuseLeftView(ports.views, view)
    if (!view || !request || result.errors || context.isLive()) return result
    const text = JSON.stringify({ data: result.data })
    answers.set(view, request, text)
    return { ...result, stringify: () => text }
  }

  let result: Result
  try {
    result = await whileStale(attempt)
    if (result.errors) result = { ...result, errors: result.errors.map(tell) }
  } catch (error) {
    result = { errors: [tell(error)] }
  }
  const name = getOperationAST(args.document, args.operationName)?.name?.value
  const seconds = (performance.now() - startedAt) / 1_000
  ports.metrics.operation(name, result.errors ? 'error' : 'ok', seconds)
  return result
}

/** Equal texts are one document as long as they are kept, so that a number stands for a text. */
const numbers = new WeakMap<DocumentNode, number>()
let count = 0

/** What was asked, as text that is equal only for what is answered alike; undefined for variables beyond reason. */
function requestOf({ document, operationName, variableValues }: ExecutionArgs): string | undefined {
  let number = numbers.get(document)
  if (number === undefined) numbers.set(document, (number = ++count))
  try {
    return `graphql ${number} ${JSON.stringify([operationName, variableValues])}`
  } catch {
    // Lists in lists in lists, deeper than the stack.
    return undefined
  }
}
