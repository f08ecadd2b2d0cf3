import type { ErrorDetails } from '#core/errors.ts'
import type { Capabilities } from './capabilities.ts'
import { type RpcCall, RpcFailure } from './endpoint.ts'
import { createMember, type Member } from './member.ts'
import { inTurn, type Told } from './in-turn.ts'
import { sleep } from './sleep.ts'
import { isFinal, unavailable } from './unavailable.ts'
import type { PaceLimits } from './pace.ts'

/** Where a node is, and how fast it may be asked. */
export type EndpointSetting = PaceLimits & { readonly url: string }

export type RpcOptions = {
  /** `eth_chainId` of every endpoint must be this; one that serves another chain is barred. */
  readonly chainId: number
  /** Total time for one request, connection and body included. */
  readonly timeoutMs?: number
  /** How many times all endpoints are gone through at most before giving up; unlimited where not named. */
  readonly rounds?: number
  /** How long a question is asked again; a Retry-After is waited for to its end, however long, up to an hour. */
  readonly patienceMs?: number
  /** Ends all waiting when aborted. */
  readonly stop?: AbortSignal
  /** Told once when an endpoint is barred or an answer of it fails a proof. */
  readonly warn?: (message: string, details: ErrorDetails) => void
  /** Told before every pause that is long enough to wonder about. */
  readonly onWait?: (reason: string, ms: number) => void
}

/** One endpoint, in a conversation with it. */
export type Talk = {
  readonly name: string
  readonly learned: Capabilities
  /** @throws RpcFailure of the first call that failed */
  ask(calls: readonly RpcCall[]): Promise<unknown[]>
  /** An `RpcFailure` stands for a call that failed by itself. */
  askEach(calls: readonly RpcCall[]): Promise<unknown[]>
}

/** How an endpoint is doing, for people. */
export type EndpointStatus = {
  readonly name: string
  readonly state: 'ok' | 'untried' | 'paused' | 'failing' | 'wrong-chain'
  /** Why it is not `ok`, or its newest failure. */
  readonly reason: string | null
  /** Requests a second that it is asked at most; null: no limit has shown. */
  readonly perSecond: number | null
  readonly learned: Capabilities
}

/**
 * All access to a chain's nodes. Endpoints are used in the order of their standing (given order among equals); what
 * one fails, the next is asked.
 */
export type Rpc = {
  readonly endpointCount: number
  /** Calls answered by one endpoint. `accept` may refuse the answer by throwing an `RpcFailure`. */
  call<T>(calls: readonly RpcCall[], accept: (results: unknown[]) => T): Promise<Told<T>>
  /** Several calls, each of which may depend on the answers before it, all to one endpoint. */
  converse<T>(talk: (node: Talk) => Promise<T>): Promise<Told<T>>
  /**
   * One conversation with every endpoint that is not out of use, at the same time; those that fail are left out. In the
   * order of their standing, however quick they are.
   */
  survey<T>(talk: (node: Talk) => Promise<T>): Promise<Told<T>[]>
  /** The configured chain id where one endpoint serves it, else what one serves instead. Every endpoint is asked. */
  chainId(): Promise<number>
  /** An answer of this endpoint failed a proof: prefer the others for a while. */
  distrust(provider: string, reason: string): void
  isDistrusted(provider: string): boolean
  status(): EndpointStatus[]
  /** Ends what is asked and waited for; whoever asked it is told that it was stopped. */
  close(): Promise<void>
}

const TIMEOUT_MS = 10_000
const PATIENCE_MS = 60_000
/** Where no endpoint has ever answered, a URL may be misspelt: whoever wrote it is told soon. */
const UNKNOWN_MS = 5_000
const BACKOFF_FIRST_MS = 250
const BACKOFF_MS_MAX = 8_000
/** A Retry-After beyond this is for the operator. */
const ASKED_WAIT_MS_MAX = 3_600_000
/** What no endpoint gives in the form that was asked for is not asked for all the time that an outage may take. */
const BAD_ANSWER_ROUNDS = 3
/** Shorter pauses are nobody's business. */
const TOLD_WAIT_MS_MIN = 2_000
/** What a survey waits for the rest when one has answered. */
const SURVEY_REST_MS = 1_000

export function createRpc(
  endpoints: readonly (string | EndpointSetting)[],
  options: RpcOptions,
): Rpc {
  const { timeoutMs = TIMEOUT_MS, patienceMs = PATIENCE_MS } = options
  const closed = new AbortController()
  const stop = options.stop ? AbortSignal.any([options.stop, closed.signal]) : closed.signal
  const rounds = options.rounds ?? Number.POSITIVE_INFINITY
  const members = namesOf(endpoints).map(({ name, setting }) =>
    createMember(name, setting, options, {
      timeoutMs,
      // Who asks once wants an answer now.
      turnMsMax: rounds === 1 ? timeoutMs : Number.POSITIVE_INFINITY,
    }),
  )

  let hasAnswered = false

  const ranked = (): Member[] => members.toSorted((a, b) => a.rank() - b.rank())

  /** Asks until one endpoint answers, or nothing will be different in a second. */
  async function ask<T>(question: (node: Talk) => Promise<T>): Promise<Told<T>> {
    let until = performance.now() + (hasAnswered ? patienceMs : Math.min(patienceMs, UNKNOWN_MS))
    for (let round = 1; ; round++) {
      const failures = new Map<Member, RpcFailure>()
      // oxlint-disable-next-line no-await-in-loop -- the next round is only for where this one fails
      const told = await inTurn(ranked(), question, failures, stop)
      if (told) {
        hasAnswered = true
        return told
      }
      if (stop.aborted) throw unavailable(failures, true)
      if (isFinal(failures) || round >= rounds) throw unavailable(failures)
      if (round >= BAD_ANSWER_ROUNDS && allAre(failures, 'bad-answer')) throw unavailable(failures)
      const left = until - performance.now()
      const asked = Math.min(...members.map((member) => member.node.pace.pausedMs()))
      const isTooLong = Number.isFinite(rounds) ? asked > left : asked > ASKED_WAIT_MS_MAX
      if (isTooLong || (left <= 0 && asked === 0)) throw unavailable(failures)
      // A pause that was asked for is nobody's failure.
      if (!Number.isFinite(rounds)) until += asked
      // Never before an endpoint asked to be called again; the last try is when patience ends.
      const ms = Math.max(asked, Math.min(left, backoffMs(round)))
      if (ms >= TOLD_WAIT_MS_MIN) options.onWait?.(unavailable(failures).message, ms)
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sleep(ms, stop)
    }
  }

  async function survey<T>(question: (node: Talk) => Promise<T>): Promise<Told<T>[]> {
    const told: Told<T>[] = []
    const usable = members.filter((member) => member.isUsable())
    const waiting = new Set(usable.filter((member) => !member.isSlow()))
    const asked = usable.map(async (member) => {
      const outcome = await inTurn([member], question, new Map(), stop)
      waiting.delete(member)
      if (!outcome) return
      hasAnswered = true
      told.push(outcome)
    })
    const all = Promise.all(asked)
    // One endpoint that hangs must not hold up what the others know.
    await Promise.race([all, firstOf(asked, () => told.length > 0)])
    if (waiting.size > 0) await Promise.race([all, sleep(SURVEY_REST_MS, stop)])
    for (const member of waiting) member.markSlow()
    return ranked().flatMap(({ node }) => told.find(({ provider }) => provider === node.name) ?? [])
  }

  return {
    endpointCount: members.length,
    converse: ask,
    call: (calls, accept) => ask(async (node) => accept(await node.ask(calls))),
    survey,
    async chainId() {
      const seen = await Promise.all(members.map((member) => member.chainId()))
      if (seen.includes(options.chainId)) return options.chainId
      const other = seen.find((id) => id !== undefined)
      if (other !== undefined) return other
      return (await ask(async () => options.chainId)).value
    },
    distrust(provider, reason) {
      options.warn?.(`${provider} gave an answer that cannot be proven: ${reason}`, {
        endpoint: provider,
        why: reason,
      })
      for (const member of members) if (member.node.name === provider) member.distrust()
    },
    isDistrusted: (provider) =>
      members.some((member) => member.node.name === provider && member.isDistrusted()),
    status: () => members.map((member) => member.status()),
    async close() {
      closed.abort()
      await Promise.all(members.map((member) => member.node.close()))
    },
  }
}

/** Resolves when one of these is done and `isEnough`; never where none is. */
const firstOf = (asked: readonly Promise<void>[], isEnough: () => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    for (const each of asked) each.then(() => isEnough() && resolve(), reject)
  })

/** Doubles each round, with jitter. */
const backoffMs = (round: number): number =>
  Math.min(BACKOFF_FIRST_MS * 2 ** round, BACKOFF_MS_MAX) * (0.5 + Math.random() / 2)

const allAre = (failures: ReadonlyMap<Member, RpcFailure>, kind: RpcFailure['kind']): boolean =>
  [...failures.values()].every((failure) => failure.kind === kind)

/** Names without the path, which may hold a key; those that are then the same are numbered. */
function namesOf(
  endpoints: readonly (string | EndpointSetting)[],
): { name: string; setting: EndpointSetting }[] {
  const seen = new Map<string, number>()
  return endpoints.map((each) => {
    const setting = typeof each === 'string' ? { url: each } : each
    const { origin } = new URL(setting.url)
    const count = (seen.get(origin) ?? 0) + 1
    seen.set(origin, count)
    return { name: count === 1 ? origin : `${origin} (${count})`, setting }
  })
}
