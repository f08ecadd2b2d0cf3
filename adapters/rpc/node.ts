import { isBulkheadRejectedError } from 'cockatiel'
import { partsOf } from '#core/concurrent.ts'
import { type Capabilities, unknownCapabilities } from './capabilities.ts'
import { createEndpoint, type RpcCall, RpcFailure } from './endpoint.ts'
import { withGas } from './gas-floor.ts'
import { createPace, type Pace, type PaceLimits } from './pace.ts'
import type { RpcFailureKind } from './refusals.ts'

/** One endpoint of a chain, and all that is known of it. */
export type Node = {
  readonly name: string
  readonly pace: Pace
  readonly learned: Capabilities
  /**
   * Answers in the order of `calls`, in as many batches as it takes; an `RpcFailure` stands for a call that failed by
   * itself.
   *
   * @param watch told when a request leaves and when its answer is there
   * @throws RpcFailure where none could be asked
   */
  send(calls: readonly RpcCall[], watch?: Watch): Promise<unknown[]>
  /** The newest failure, for telling why it is not asked. */
  lastFailure(): RpcFailure | undefined
  /** Usual time from request to answer, milliseconds. */
  latencyMs(): number
  isBroken(): boolean
  close(): Promise<void>
}

/** Who wants to know how long an endpoint takes over one request, and may give up. */
export type Watch = {
  /** A request leaves; what it returns is called when its answer is there, or it failed. */
  asked(): () => void
  readonly stop: AbortSignal
}

/** After this many failures in a row the others are asked first for a while. */
const FAILURES_MAX = 5
const BROKEN_MS = 5_000
/** A batch that is refused is tried again with so many times fewer calls. */
const BATCH_DIVISOR = 4
/** Batches in a row that are told to come later before smaller ones are tried. */
const LIMITED_BATCHES_MAX = 3
/** Batches smaller than this go several at once, or blocks would come one by one. */
const SMALL_BATCH = 25
const SMALL_BATCHES_AT_ONCE = 8
/** Calls of a batch that are told to come later, each by itself, are asked again so often. */
const PARTIAL_TRIES = 5
/** Weight of the newest answer in the usual time. */
const LATENCY_WEIGHT = 0.1

/** What says something about its health; what it refuses or finds too large does not. */
const ILLNESS: ReadonlySet<RpcFailureKind> = new Set(['unreachable', 'timeout', 'bad-answer'])

/** What a whole batch may fail of because it is one. */
const BATCH_REFUSALS: ReadonlySet<RpcFailureKind> = new Set([
  'failed',
  'too-large',
  'bad-answer',
  'refused',
])
const isRateLimited = (answer: unknown): answer is RpcFailure =>
  answer instanceof RpcFailure && answer.kind === 'rate-limited'

export type NodeTimes = {
  /** For one request, connection and body included. */
  readonly timeoutMs: number
  /** For its turn to come, where requests a second are limited. */
  readonly turnMsMax: number
}

export function createNode(url: string, name: string, limits: PaceLimits, times: NodeTimes): Node {
  const { timeoutMs, turnMsMax } = times
  const endpoint = createEndpoint(url)
  const pace = createPace(limits, turnMsMax)
  const learned = unknownCapabilities()
  let last: RpcFailure | undefined
  let latencyMs = 0
  let failuresInRow = 0
  let brokenUntil = 0
  let limitedBatches = 0

  /** One request over the wire. */
  async function post(calls: readonly RpcCall[], watch: Watch | undefined): Promise<unknown[]> {
    try {
      const answers = await pace.run(
        () => timed(() => endpoint.send(calls, timeoutMs, watch?.stop), watch),
        watch?.stop,
      )
      failuresInRow = 0
      if (!answers.every(isRateLimited)) pace.sped()
      return answers
    } catch (error) {
      const failure = failureFrom(error)
      if (failure.kind === 'rate-limited') pace.slowDown(failure.retryAfterMs)
      if (failure.kind !== 'stopped') last = failure
      if (ILLNESS.has(failure.kind) && ++failuresInRow >= FAILURES_MAX)
        brokenUntil = performance.now() + BROKEN_MS
      throw failure
    }
  }

  async function timed<T>(request: () => Promise<T>, watch: Watch | undefined): Promise<T> {
    const startedAt = performance.now()
    const answered = watch?.asked()
    try {
      const answer = await request()
      const took = performance.now() - startedAt
      latencyMs = latencyMs === 0 ? took : latencyMs + (took - latencyMs) * LATENCY_WEIGHT
      return answer
    } finally {
      answered?.()
    }
  }

  /** One batch, in smaller ones where it is refused as such. */
  async function batch(calls: readonly RpcCall[], watch: Watch | undefined): Promise<unknown[]> {
    if (calls.length === 1) return post(calls, watch)
    const refused = await post(calls, watch).then(refusedBatch, (error: unknown) => {
      noteLimited(error, calls.length)
      return failureOrThrow(error)
    })
    if (!(refused instanceof RpcFailure)) {
      limitedBatches = 0
      learned.batchCalls.fits(calls.length)
      return refused
    }
    const size = Math.ceil(calls.length / BATCH_DIVISOR)
    const first = await batch(calls.slice(0, size), watch)
    if (first.some((answer) => !(answer instanceof RpcFailure))) learned.batchCalls.lower(size)
    return [...first, ...(await inBatches(calls.slice(size), watch))]
  }

  /** "Too many requests" may mean the calls of a batch: where it is told so time after time, fewer are sent. */
  function noteLimited(error: unknown, calls: number): void {
    if (!(error instanceof RpcFailure) || error.kind !== 'rate-limited') return
    if (++limitedBatches % LIMITED_BATCHES_MAX === 0)
      learned.batchCalls.lower(Math.ceil(calls / BATCH_DIVISOR))
  }

  async function inBatches(
    calls: readonly RpcCall[],
    watch: Watch | undefined,
  ): Promise<unknown[]> {
    const answers: unknown[] = []
    while (answers.length < calls.length) {
      const size = learned.batchCalls.max()
      const lanes = size < SMALL_BATCH ? SMALL_BATCHES_AT_ONCE : 1
      const some = calls.slice(answers.length, answers.length + size * lanes)
      // oxlint-disable-next-line no-await-in-loop -- what one batch teaches holds for the next
      const parts = await Promise.all(partsOf(some, size).map((part) => batch(part, watch)))
      answers.push(...parts.flat())
    }
    return answers
  }

  async function send(calls: readonly RpcCall[], watch: Watch | undefined): Promise<unknown[]> {
    const answers = await inBatches(calls, watch)
    for (let tries = 0; tries < PARTIAL_TRIES && calls.length > 1; tries++) {
      const later = answers.flatMap((answer, index) => (isRateLimited(answer) ? [index] : []))
      if (later.length === 0 || later.length === calls.length) break
      pace.slowDown((answers[later[0] as number] as RpcFailure).retryAfterMs)
      // oxlint-disable-next-line no-await-in-loop -- each try asks for what is left
      const again = await inBatches(
        later.map((index) => calls[index] as RpcCall),
        watch,
      )
      for (const [place, index] of later.entries()) answers[index] = again[place]
    }
    const limited = answers.find(isRateLimited)
    if (limited) pace.slowDown(limited.retryAfterMs)
    last = answers.find((answer) => answer instanceof RpcFailure) ?? last
    return answers
  }

  return {
    name,
    pace,
    learned,
    send: (calls, watch) => withGas(learned, calls, (some) => send(some, watch)),
    lastFailure: () => last,
    latencyMs: () => latencyMs,
    isBroken: () => brokenUntil > performance.now(),
    close: () => endpoint.close(),
  }
}

/** A batch of which every call was refused in one way may have been refused for being one. */
function refusedBatch(answers: unknown[]): unknown[] | RpcFailure {
  const [first] = answers
  return answers.every((answer) => answer instanceof RpcFailure) &&
    BATCH_REFUSALS.has((first as RpcFailure).kind)
    ? (first as RpcFailure)
    : answers
}

function failureOrThrow(error: unknown): RpcFailure {
  if (error instanceof RpcFailure && BATCH_REFUSALS.has(error.kind)) return error
  throw error
}

function failureFrom(error: unknown): RpcFailure {
  if (error instanceof RpcFailure) return error
  if (isBulkheadRejectedError(error))
    return new RpcFailure('unreachable', 'too many requests wait for it already')
  throw error
}
