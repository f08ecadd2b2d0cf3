import { Pool } from 'undici'

export type RpcCall = { readonly method: string; readonly params: readonly unknown[] }

/** What went wrong with one answer of one endpoint, and so what to do about it. */
export type RpcFailureKind =
  /** No connection, a time-out, a 5xx: ask elsewhere, come back later. */
  | 'unreachable'
  /** Told to slow down; `retryAfterMs` says for how long, where the endpoint did. */
  | 'rate-limited'
  /** The answer would be, or was, too large: ask for less. */
  | 'too-large'
  /** Not JSON-RPC, or not what was asked for. */
  | 'bad-answer'
  /** The endpoint refuses these parameters or knows no such method. */
  | 'refused'
  /** It serves another chain. */
  | 'wrong-chain'

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
  /** Answers in the order of `calls`. More than one go as a JSON-RPC batch. */
  send(calls: readonly RpcCall[], timeoutMs: number): Promise<unknown[]>
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

  async function post(body: string, timeoutMs: number): Promise<string> {
    // One deadline over connection, headers and body: a body that trickles must not hold a slot.
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const response = await pool.request({
        path,
        method: 'POST',
        headers,
        body,
        signal,
      })
      if (response.statusCode === 429 || response.statusCode === 503) {
        await response.body.dump()
        const wait = retryAfterMs(response.headers['retry-after'])
        throw new RpcFailure('rate-limited', `HTTP ${response.statusCode}`, {
          ...(wait !== undefined && { retryAfterMs: wait }),
        })
      }
      if (response.statusCode === 413) {
        await response.body.dump()
        throw new RpcFailure('too-large', 'HTTP 413')
      }
      const text = await readText(response.body)
      // Some nodes send their JSON-RPC errors with a 4xx.
      if (response.statusCode >= 500 || (response.statusCode >= 400 && !text.startsWith('{')))
        throw new RpcFailure('unreachable', `HTTP ${response.statusCode}`)
      return text
    } catch (error) {
      if (error instanceof RpcFailure) throw error
      const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error)
      throw new RpcFailure('unreachable', reason, { cause: error })
    }
  }

  return {
    name: origin,
    async send(calls, timeoutMs) {
      const requests = calls.map((call) => ({ jsonrpc: '2.0', id: nextId++, ...call }))
      const single = requests.length === 1
      const text = await post(JSON.stringify(single ? requests[0] : requests), timeoutMs)
      const answer = parseJson(text)
      const answers = Array.isArray(answer) ? (answer as Answer[]) : [answer as Answer]
      // A batch that is refused as a whole comes back as one error.
      if (!single && answers.length === 1 && answers[0]?.error)
        throw failureOf(answers[0].error, secrets)
      const byId = new Map(answers.map((each) => [each?.id, each]))
      return requests.map(({ id, method }) => {
        const each = byId.get(id)
        if (!each) throw new RpcFailure('bad-answer', `${method}: no answer with the request's id`)
        if (each.error) throw failureOf(each.error, secrets)
        if (each.result === undefined)
          throw new RpcFailure('bad-answer', `${method}: neither a result nor an error`)
        return each.result
      })
    },
    close: () => pool.destroy(),
  }
}

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

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > BODY_BYTES_MAX)
      throw new RpcFailure('too-large', `more than ${BODY_BYTES_MAX} bytes in one answer`)
    parts.push(part)
  }
  return Buffer.concat(parts, size).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RpcFailure('bad-answer', 'an answer that is not JSON', { cause })
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

/** How nodes word that a range or its answer is too large; there is no standard code for it. */
const TOO_LARGE =
  /(block|range|result|response|log|query|batch).{0,40}(too (large|wide|many|big)|limit|exceed|more than|maximum|max is)|more than \d+ (results|logs)|(limit|exceed)\w*.{0,40}(range|blocks|results|logs|response size)/i
const RATE_LIMITED = /rate limit|too many requests|capacity|throttl|compute units/i
const RATE_LIMIT_CODES: ReadonlySet<number> = new Set([429, -32_005, -32_097])

/** The code of "execution reverted"; some nodes give another and say it in words. */
const REVERTED = 3
const REVERTED_WORDS = /\brevert(ed)?\b/i

/** As much of a message as is looked at: it may be of any length. */
const MESSAGE_LENGTH_READ = 10 * MESSAGE_LENGTH_MAX

function failureOf(error: JsonRpcError, secrets: readonly string[]): RpcFailure {
  const code = typeof error.code === 'number' ? error.code : undefined
  let words = typeof error.message === 'string' ? error.message : 'no message'
  words = words.slice(0, MESSAGE_LENGTH_READ)
  for (const secret of secrets) words = words.replaceAll(secret, '***')
  const message = `${words.slice(0, MESSAGE_LENGTH_MAX / 2)} (code ${code ?? 'none'})`
  const options = {
    ...(code !== undefined && { code }),
    ...(error.data !== undefined && { data: error.data }),
  }
  // First, since a contract's reason may speak of limits too.
  if (code === REVERTED || REVERTED_WORDS.test(message))
    return new RpcFailure('refused', message, options)
  // -32005 stands for both "limit exceeded" in the answer and in requests a second: the words decide.
  if (TOO_LARGE.test(message) && !RATE_LIMITED.test(message))
    return new RpcFailure('too-large', message, options)
  if (RATE_LIMITED.test(message) || RATE_LIMIT_CODES.has(code ?? 0))
    return new RpcFailure('rate-limited', message, options)
  return new RpcFailure('refused', message, options)
}

/** The innermost reason: undici wraps the socket's error, and the address may hold credentials. */
function reasonOf(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  const code = (inner as { code?: string }).code
  return code ?? (inner instanceof Error ? inner.message : String(inner))
}
