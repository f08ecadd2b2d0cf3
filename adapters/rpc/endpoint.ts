import { Pool } from 'undici'
import { kindOf, type RpcFailureKind } from './refusals.ts'

export type RpcCall = {
  readonly method: string
  readonly params: readonly unknown[]
  /** Reads the answer's bytes where the call is sent alone; where it gives undefined, they are read as JSON. */
  readonly read?: (bytes: Buffer) => Answer | undefined
}

/** What is shown of a node's words: enough to know its message by, and never what a terminal would obey. */
const MESSAGE_LENGTH_MAX = 300
// oxlint-disable-next-line no-control-regex -- these are what is taken out
const CONTROL = /[\u0000-\u001F\u007F-\u009F]+/g

export class RpcFailure extends Error {
  readonly kind: RpcFailureKind
  readonly retryAfterMs: number | undefined
  /** The JSON-RPC error's code, where there was one. */
  readonly code: number | undefined
  /** What a reverted call returned, where the node tells. */
  readonly data: unknown

  constructor(
    kind: RpcFailureKind,
    message: string,
    options: { retryAfterMs?: number; code?: number; data?: unknown; cause?: unknown } = {},
  ) {
    super(message.slice(0, MESSAGE_LENGTH_MAX).replaceAll(CONTROL, ' '), { cause: options.cause })
    this.kind = kind
    this.retryAfterMs = options.retryAfterMs
    this.code = options.code
    this.data = options.data
  }
}

/** One node, spoken to over HTTP. */
export type Endpoint = {
  /** Scheme, host and port; never the path, which may hold a key. */
  readonly name: string
  /**
   * Answers in the order of `calls`; an `RpcFailure` stands for one that failed by itself. More than one go as a
   * JSON-RPC batch.
   *
   * @throws RpcFailure where the request as a whole failed
   */
  send(calls: readonly RpcCall[], timeoutMs: number, stop?: AbortSignal): Promise<unknown[]>
  close(): Promise<void>
}

const CONNECTIONS_MAX = 8
/** What a node may answer at most; getLogs ranges are kept far below. */
const BODY_BYTES_MAX = 64 * 1024 * 1024

export function createEndpoint(url: string): Endpoint {
  const parsed = new URL(url)
  const { origin, pathname, search } = parsed
  const pool = new Pool(origin, { connections: CONNECTIONS_MAX, pipelining: 1 })
  const path = `${pathname}${search}`
  const secrets = secretsOf(parsed)
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...authorizationOf(parsed),
  }
  let nextId = 1

  async function post(
    body: string,
    timeoutMs: number,
    stop: AbortSignal | undefined,
    read: RpcCall['read'],
  ): Promise<unknown> {
    // One deadline over connection, headers and body: a body that trickles must not hold a slot.
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = stop ? AbortSignal.any([deadline, stop]) : deadline
    try {
      const response = await pool.request({ path, method: 'POST', headers, body, signal })
      const { statusCode: status } = response
      const wait = retryAfterMs(response.headers['retry-after'])
      const bytes = await readBytes(response.body)
      // Some nodes send their JSON-RPC errors with a 4xx or 5xx.
      if (status < 400) return read?.(bytes) ?? parseJson(bytes)
      const told = jsonOrUndefined(bytes)
      if (isRpcAnswer(told) && !isSlowDown(status, wait)) return told
      throw new RpcFailure(kindOfStatus(status, wait), `HTTP ${status}`, {
        ...(wait !== undefined && { retryAfterMs: wait }),
      })
    } catch (error) {
      if (error instanceof RpcFailure) throw error
      if (stop?.aborted) throw new RpcFailure('stopped', 'it was stopped', { cause: error })
      if (deadline.aborted)
        throw new RpcFailure('timeout', `no answer within ${timeoutMs} ms`, { cause: error })
      throw new RpcFailure('unreachable', reasonOf(error), { cause: error })
    }
  }

  return {
    name: origin,
    async send(calls, timeoutMs, stop) {
      const requests = calls.map(({ method, params }) => ({
        jsonrpc: '2.0',
        id: nextId++,
        method,
        params,
      }))
      const single = requests.length === 1
      const body = JSON.stringify(single ? requests[0] : requests)
      const answer = await post(body, timeoutMs, stop, single ? calls[0]?.read : undefined)
      const answers = Array.isArray(answer) ? (answer as Answer[]) : [answer as Answer]
      // A batch that is refused as a whole comes back as one error.
      if (!single && answers.length === 1 && answers[0]?.error)
        throw failureOf(answers[0].error, secrets)
      const byId = new Map(answers.map((each) => [each?.id, each]))
      return requests.map(({ id, method }) => {
        // To a single request there is but one answer; some gateways lose its id where it is an error.
        const each = byId.get(id) ?? (single && answers[0]?.error ? answers[0] : undefined)
        if (!each) return new RpcFailure('bad-answer', `${method}: no answer with the request's id`)
        if (each.error) return failureOf(each.error, secrets)
        if (each.result === undefined)
          return new RpcFailure('bad-answer', `${method}: neither a result nor an error`)
        return each.result
      })
    },
    close: () => pool.destroy(),
  }
}

/** A server that is busy names a time to come back with a 503; one without is just not well. */
const isSlowDown = (status: number, wait: number | undefined): boolean =>
  status === 429 || (status === 503 && wait !== undefined)

function kindOfStatus(status: number, wait: number | undefined): RpcFailureKind {
  if (isSlowDown(status, wait)) return 'rate-limited'
  if (status === 413) return 'too-large'
  return status >= 401 && status <= 403 ? 'denied' : 'failed'
}

const isRpcAnswer = (told: unknown): boolean =>
  Array.isArray(told) ||
  (typeof told === 'object' && told !== null && ('error' in told || 'result' in told))

/** A user and password in a URL, which are no part of a request's address. */
function authorizationOf({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}

/** Names of paths are shorter, keys are not. */
const KEY_LENGTH_MIN = 8

/** What of its URL a node may repeat in an error. */
const secretsOf = ({ password, pathname, searchParams }: URL): string[] =>
  [...pathname.split('/'), ...searchParams.values()]
    .filter((part) => part.length >= KEY_LENGTH_MIN)
    .concat(password === '' ? [] : [password, decodeURIComponent(password)])

/** As a node sends it; none of it can be relied on. */
type JsonRpcError = {
  readonly code?: unknown
  readonly message?: unknown
  readonly data?: unknown
}

type Answer = {
  readonly id?: unknown
  readonly result?: unknown
  readonly error?: JsonRpcError
} | null

async function readBytes(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > BODY_BYTES_MAX)
      throw new RpcFailure('too-large', `more than ${BODY_BYTES_MAX} bytes in one answer`)
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}

function parseJson(bytes: Buffer): unknown {
  const value = jsonOrUndefined(bytes)
  if (value === undefined) throw new RpcFailure('bad-answer', 'an answer that is not JSON')
  return value
}

function jsonOrUndefined(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Seconds or a date, as HTTP has it. */
function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header
  if (!text) return undefined
  const seconds = Number(text)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000)
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now())
}

/** As much of a message as is looked at: it may be of any length. */
const MESSAGE_LENGTH_READ = 10 * MESSAGE_LENGTH_MAX

function failureOf(error: JsonRpcError, secrets: readonly string[]): RpcFailure {
  const code = typeof error.code === 'number' ? error.code : undefined
  let words = typeof error.message === 'string' ? error.message : 'no message'
  words = words.slice(0, MESSAGE_LENGTH_READ)
  for (const secret of secrets) words = words.replaceAll(secret, '***')
  const message = `${words.slice(0, MESSAGE_LENGTH_MAX / 2)} (code ${code ?? 'none'})`
  return new RpcFailure(kindOf(code, message), message, {
    ...(code !== undefined && { code }),
    ...(error.data !== undefined && { data: error.data }),
  })
}

/** The innermost reason: undici wraps the socket's error, and the address may hold credentials. */
function reasonOf(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  const code = (inner as { code?: string }).code
  return code ?? (inner instanceof Error ? inner.message : String(inner))
}
