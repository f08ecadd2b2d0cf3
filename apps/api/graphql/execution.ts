import type { Response } from 'express'
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
} from 'graphql'
import { isAppError } from '#core/errors.ts'
import { expectView, refuseLeftView, whileStale } from '#core/history/at-head.ts'
import { isStaleView, type Views } from '#core/history/view.ts'
import { refuseTooLarge } from '#api/answer-budget.ts'
import type { View } from '#core/history/head.ts'
import type { Api, ServedChain } from '#api/wire.ts'
import { credentialsOf } from '#api/http/cookies.ts'
import { chainsOf, withChains } from './chain-argument.ts'
import { createAttempt } from './context.ts'
import { costOf } from './cost.ts'
import { causeOf, isInternal, toGraphqlError } from './errors.ts'

/** A full page of rows costs some points more than the request by itself. */
const VALUES_A_POINT = 1_000

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>

/** A result that may know its own text. */
type Result = ExecutionResult & { readonly stringify?: () => string }

/**
 * Executes an operation at one view of each chain that it names. Resolvers do not see the request but what
 * `createAttempt` gives: where a view is swept while they read, all of them begin again with another.
 */
export async function executeAtHead(
  api: Api,
  execute: Execute,
  args: ExecutionArgs,
  res: Response,
): Promise<Result> {
  const { requestId, principal } = res.locals
  const authorization = credentialsOf(res.req)
  const startedAt = performance.now()
  const { answers } = api
  const request = requestOf(args)
  const tell = createTeller(api, requestId)
  const chains = chainsOf(api, args)

  async function attempt(): Promise<Result> {
    const { views, viewOf } = await readViews(chains)
    const at = [...views.values()]
    const isKept = request !== undefined && at.length > 0 && at.length === chains.length
    const known = isKept && answers.get('anyone', at, request)
    if (known) return { stringify: () => known }
    const { values } = costOf(args)
    await api.limiter.spend(principal, Math.floor(values / VALUES_A_POINT))
    const tried = createAttempt(api, viewOf, principal, { authorization })
    const result = await execute({ ...args, contextValue: withChains(tried) })
    if (tried.isPersonal()) res.setHeader('cache-control', 'no-store')
    const stale = result.errors?.map(causeOf).find(isStaleView)
    if (stale) throw stale
    for (const [chain, view] of views) await refuseLeftView(chain.ports.views, view)
    if (result.errors) return result
    const text = JSON.stringify({ data: result.data })
    refuseTooLarge(text)
    if (isKept && !tried.isLive()) answers.set('anyone', at, request, text)
    return { ...result, stringify: () => text }
  }

  let result: Result
  try {
    result = await whileStale(togetherOf(chains), attempt)
    api.budget.hold(principal, result.stringify?.().length ?? 0, res)
    if (result.errors) result = { ...result, errors: result.errors.map(tell) }
  } catch (error) {
    result = { errors: [tell(error)] }
  }
  measure(api, args, result.errors ? 'error' : 'ok', startedAt)
  return result
}

/**
 * The views of chains that have one. Where there are several, a store that cannot be read is told of by the fields of
 * its chain alone.
 */
async function readViews(chains: readonly ServedChain[]): Promise<{
  readonly views: ReadonlyMap<ServedChain, View>
  readonly viewOf: (chain: ServedChain) => View
}> {
  const views = new Map<ServedChain, View>()
  const failures = new Map<ServedChain, unknown>()
  for (const chain of chains) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- all of them belong to one answer, whose reads follow one another
      const view = await chain.ports.views.current()
      if (view) views.set(chain, view)
    } catch (error) {
      if (chains.length === 1 || !isAppError(error)) throw error
      failures.set(chain, error)
    }
  }
  function viewOf(chain: ServedChain): View {
    if (failures.has(chain)) throw failures.get(chain)
    return expectView(views.get(chain))
  }
  return { views, viewOf }
}

/** One answer of all that these chains have in one store; chains of several stores are read each by itself. */
const togetherOf = ([first, ...others]: readonly ServedChain[]): Pick<Views, 'asOneAnswer'> =>
  first && others.every(({ ports }) => ports.heads === first.ports.heads)
    ? first.ports.views
    : { asOneAnswer: (read) => read() }

type Subscribe = (
  args: ExecutionArgs,
) => ExecutionResult | AsyncIterable<ExecutionResult> | Promise<unknown>

type Results = AsyncIterableIterator<ExecutionResult, unknown>

/** Executes a subscription: each of its results at whatever block it is of. */
export async function subscribeLive(
  api: Api,
  subscribe: Subscribe,
  args: ExecutionArgs,
  { req, locals: { requestId, principal } }: Response,
): Promise<ExecutionResult | Results> {
  const startedAt = performance.now()
  const tell = createTeller(api, requestId)
  const told = (result: ExecutionResult): ExecutionResult =>
    result.errors ? { ...result, errors: result.errors.map(tell) } : result
  const contextValue = withChains(
    createAttempt(api, () => expectView(undefined), principal, {
      authorization: credentialsOf(req),
      isStream: true,
    }),
  )
  const results = (await subscribe({ ...args, contextValue })) as
    | ExecutionResult
    | AsyncIterable<ExecutionResult>
  const isStream = Symbol.asyncIterator in results
  measure(api, args, isStream ? 'ok' : 'error', startedAt)
  if (!isStream) return told(results)
  const iterator = results[Symbol.asyncIterator]()
  const answers: Results = {
    async next() {
      try {
        const result = await iterator.next()
        return result.done ? result : { value: told(result.value), done: false }
      } catch (error) {
        return { value: { errors: [tell(error)] }, done: false }
      }
    },
    // Not by way of a generator: that would wait for the next result before it ends.
    return: async () => (await iterator.return?.()) ?? { value: undefined, done: true },
    [Symbol.asyncIterator]: () => answers,
  }
  return answers
}

/** Gives what a client is told of a failure, and tells the log the rest. */
const createTeller =
  ({ config, ports: { log } }: Api, requestId: string) =>
  (error: unknown): GraphQLError => {
    const cause = causeOf(error)
    if (isInternal(error)) log.error({ err: cause, requestId }, 'an operation failed')
    else if (isAppError(cause, 'unavailable'))
      log.warn({ reason: cause.message, requestId }, 'not answered')
    return toGraphqlError(error, { development: config.api.development, requestId })
  }

function measure(
  { ports }: Api,
  { document, operationName }: ExecutionArgs,
  outcome: 'ok' | 'error',
  startedAt: number,
): void {
  const name = getOperationAST(document, operationName)?.name?.value
  ports.metrics.operation(name, outcome, (performance.now() - startedAt) / 1_000)
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
