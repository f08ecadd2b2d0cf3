import {
  bulkhead,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhen,
  isBrokenCircuitError,
  type CircuitBreakerPolicy,
} from 'cockatiel'
import { AppError, type ErrorDetails } from '#core/errors.ts'
import { createEndpoint, type Endpoint, type RpcCall, RpcFailure } from './endpoint.ts'
import { toNumber } from './parse.ts'

/** An answer and the endpoint that gave it. */
type Told<T> = { readonly value: T; readonly provider: string }

export type RpcOptions = {
  /** `eth_chainId` of every endpoint must be this; one that serves another chain is barred. */
  readonly chainId: number
  /** Total time for one request, connection and body included. */
  readonly timeoutMs?: number
  /** How many times all endpoints are gone through before giving up. */
  readonly rounds?: number
  /** Told once when an endpoint is barred or an answer of it fails a proof. */
  readonly warn?: (message: string, details: ErrorDetails) => void
}

/** Calls to the endpoint that a conversation is with; answers in their order. */
type Ask = (calls: readonly RpcCall[]) => Promise<unknown[]>

/**
 * All access to a chain's nodes. Endpoints are used in the order of their standing (given order among equals); what
 * one fails, the next is asked.
 */
export type Rpc = {
  readonly endpointCount: number
  /** Calls answered by one endpoint. `accept` may refuse the answer by throwing an `RpcFailure`. */
  call<T>(calls: readonly RpcCall[], accept: (results: unknown[]) => T): Promise<Told<T>>
  /** Several calls, each of which may depend on the answers before it, all to one endpoint. */
  converse<T>(talk: (ask: Ask) => Promise<T>): Promise<Told<T>>
  /** The chain id that the first reachable endpoint serves, whatever is configured. */
  chainId(): Promise<number>
  /** An answer of this endpoint failed a proof: prefer the others for a while. */
  distrust(provider: string, reason: string): void
  close(): Promise<void>
}

const TIMEOUT_MS = 30_000
const ROUNDS = 3
const REQUESTS_AT_ONCE_MAX = 16
const QUEUE_MAX = 10_000
/** After this many failures in a row an endpoint is left alone for a while. */
const BREAKER_FAILURES = 5
const BREAKER_PAUSE_MS = 5_000
const BACKOFF_FIRST_MS = 250
const BACKOFF_MS_MAX = 8_000
/** A failed proof counts as much as being slow for this long. */
const DISTRUST_MS = 60_000

type Member = {
  readonly endpoint: Endpoint
  readonly breaker: CircuitBreakerPolicy
  readonly limit: ReturnType<typeof bulkhead>
  /** Not before this time, by the monotonic clock. */
  pausedUntil: number
  distrustedUntil: number
  /** Undefined until it has told its chain id. */
  isRightChain: boolean | undefined
}

export function createRpc(urls: readonly string[], options: RpcOptions): Rpc {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const rounds = options.rounds ?? ROUNDS
  const members = urls.map((url): Member => ({
    endpoint: createEndpoint(url),
    // What a node refuses or finds too large says nothing about its health.
    breaker: circuitBreaker(handleWhen(isIllness), {
      halfOpenAfter: BREAKER_PAUSE_MS,
      breaker: new ConsecutiveBreaker(BREAKER_FAILURES),
    }),
    limit: bulkhead(REQUESTS_AT_ONCE_MAX, QUEUE_MAX),
    pausedUntil: 0,
    distrustedUntil: 0,
    isRightChain: undefined,
  }))

  const send = (member: Member, calls: readonly RpcCall[]): Promise<unknown[]> =>
    member.limit.execute(() => member.breaker.execute(() => member.endpoint.send(calls, timeoutMs)))

  async function refuseWrongChain(member: Member): Promise<void> {
    if (member.isRightChain === undefined) {
      const actual = await chainIdOf(member)
      member.isRightChain = actual === options.chainId
      if (!member.isRightChain)
        options.warn?.(`${member.endpoint.name} serves chain ${actual}; it is not used`, {
          endpoint: member.endpoint.name,
          expected: options.chainId,
          actual,
        })
    }
    if (!member.isRightChain) throw new RpcFailure('wrong-chain', 'it serves another chain')
  }

  async function chainIdOf(member: Member): Promise<number> {
    const [result] = await send(member, [{ method: 'eth_chainId', params: [] }])
    return toNumber(result, 'eth_chainId')
  }

  /** Those not paused first, then by standing; `sort` is stable, so given order decides among equals. */
  function ranked(): Member[] {
    const now = performance.now()
    const rank = (member: Member): number =>
      (member.pausedUntil > now ? 2 : 0) + (member.distrustedUntil > now ? 1 : 0)
    return members.toSorted((a, b) => rank(a) - rank(b))
  }

  /** Asks one endpoint after the other. */
  async function ask<T>(question: (member: Member) => Promise<T>): Promise<Told<T>> {
    const failures = new Map<string, RpcFailure>()
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await pause(round, ranked()[0] as Member)
      for (const member of ranked()) {
        const provider = member.endpoint.name
        try {
          return { value: await question(member), provider }
        } catch (error) {
          const failure = failureFrom(error)
          // Only the caller can ask for less.
          if (failure.kind === 'too-large') throw failure
          if (failure.kind === 'rate-limited')
            member.pausedUntil = performance.now() + (failure.retryAfterMs ?? BACKOFF_FIRST_MS)
          failures.set(provider, failure)
        }
      }
      // Nothing of this will be different in a second.
      if ([...failures.values()].every(({ kind }) => kind === 'refused' || kind === 'wrong-chain'))
        break
    }
    throw unavailable(failures)
  }

  const converse: Rpc['converse'] = (talk) =>
    ask(async (member) => {
      await refuseWrongChain(member)
      return talk((calls) => send(member, calls))
    })

  return {
    endpointCount: members.length,
    converse,
    call: (calls, accept) => converse(async (tell) => accept(await tell(calls))),
    async chainId() {
      return (await ask(chainIdOf)).value
    },
    distrust(provider, reason) {
      options.warn?.(`${provider} gave an answer that cannot be proven: ${reason}`, {
        endpoint: provider,
        why: reason,
      })
      for (const member of members)
        if (member.endpoint.name === provider)
          member.distrustedUntil = performance.now() + DISTRUST_MS
    },
    async close() {
      await Promise.all(members.map((member) => member.endpoint.close()))
    },
  }
}

const isIllness = (error: unknown): boolean =>
  error instanceof RpcFailure && (error.kind === 'unreachable' || error.kind === 'bad-answer')

function failureFrom(error: unknown): RpcFailure {
  if (error instanceof RpcFailure) return error
  if (isBrokenCircuitError(error))
    return new RpcFailure('unreachable', `left alone after ${BREAKER_FAILURES} failures in a row`)
  throw error
}

/** Doubles each round, with jitter, and never before the endpoint asked to be called again. */
async function pause(round: number, next: Member): Promise<void> {
  const backoff = Math.min(BACKOFF_FIRST_MS * 2 ** round, BACKOFF_MS_MAX)
  const asked = Math.min(next.pausedUntil - performance.now(), BACKOFF_MS_MAX)
  const ms = Math.max(asked, backoff * (0.5 + Math.random() / 2))
  await new Promise((resolve) => setTimeout(resolve, ms))
}

function unavailable(failures: ReadonlyMap<string, RpcFailure>): AppError {
  const reasons = [...failures].map(([provider, failure]) => `${provider}: ${failure.message}`)
  const wrongChain = [...failures.values()].every(({ kind }) => kind === 'wrong-chain')
  return new AppError(
    wrongChain ? 'invalid' : 'unavailable',
    wrongChain
      ? `chain.rpc: no endpoint serves the configured chain (${reasons.join('; ')})`
      : `chain.rpc: no endpoint gives an answer (${reasons.join('; ')}); ` +
          'check that the node runs, that the URL is right, and that this machine may reach it',
    { details: { field: 'chain.rpc' }, cause: [...failures.values()].at(-1) },
  )
}
