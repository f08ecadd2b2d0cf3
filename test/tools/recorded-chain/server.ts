import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FailedRequest, Fault } from './faults.ts'
import { createInjector } from './inject.ts'
import { createMethods } from './methods.ts'
import type { Recording } from './recording.ts'
import { INVALID_REQUEST, PARSE_ERROR, RpcError, unknownMethod } from './rpc-error.ts'

export type RecordedChainOptions = {
  /** A part of a recording is one as well: `{ ...recording, blocks: recording.blocks.slice(0, 3) }`. */
  readonly recording: Recording
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly faults?: readonly Fault[]
  /** The recording's own by default. */
  readonly chainId?: number
  /** Number of the finalized block, by default the head. */
  readonly finalized?: number
}

export type RecordedChain = AsyncDisposable & {
  readonly url: string
  /** How many calls of each method have come in so far; each call of a batch counts. The object is live. */
  readonly requests: Readonly<Record<string, number>>
  /** Replaces all faults. Throws for one that names what is not recorded. */
  setFaults(faults: readonly Fault[]): void
  /** Ends open requests too, those that hang among them. */
  close(): Promise<void>
}

/** What go-ethereum takes. */
const BODY_BYTES_MAX = 5 * 1024 * 1024
const BATCH_MAX = 1_000

/**
 * Serves recorded blocks as a node would, over HTTP on 127.0.0.1. The highest recorded block is the head, the lowest
 * one `earliest`. A block that is not recorded is null and has no logs. Transactions are hashes even where their
 * bodies are asked for, since bodies are not recorded.
 *
 * @throws Error where the port is taken, or a fault names what is not recorded
 */
export async function startRecordedChain(options: RecordedChainOptions): Promise<RecordedChain> {
  const { recording } = options
  const methods = createMethods(recording, {
    chainId: options.chainId ?? Number(recording.chainId),
    finalized: options.finalized ?? Infinity,
  })
  const injector = createInjector(recording)
  injector.set(options.faults ?? [])
  const requests: Record<string, number> = {}
  const closing = new AbortController()

  function answerCall(call: unknown): Answer {
    if (!isCall(call)) return refusal(null, new RpcError(INVALID_REQUEST, 'invalid request'))
    const id = call.id ?? null
    try {
      const method = methods.get(call.method)
      const answer = method?.(call.params ?? [])
      const altered = injector.alter(call.method, answer)
      if (!method) throw unknownMethod(call.method)
      return { jsonrpc: '2.0', id, result: altered }
    } catch (error) {
      if (error instanceof RpcError) return refusal(id, error)
      throw error
    }
  }

  function answerBody(body: unknown): Answer | Answer[] {
    if (!Array.isArray(body)) return answerCall(body)
    if (body.length === 0) return refusal(null, new RpcError(INVALID_REQUEST, 'empty batch'))
    if (body.length > BATCH_MAX)
      return refusal(null, new RpcError(INVALID_REQUEST, 'batch too large'))
    return body.map(answerCall)
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return send(response, 405, 'text/plain', 'POST only')
    const text = await readBody(request)
    if (text === undefined) return send(response, 413, 'text/plain', 'request too large')
    const body = parse(text)
    if (body === undefined)
      return sendJson(response, refusal(null, new RpcError(PARSE_ERROR, 'parse error')))
    const called = [body].flat().filter(isCall)
    for (const { method } of called) requests[method] = (requests[method] ?? 0) + 1

    let instead: FailedRequest | undefined
    for (const fault of injector.takeTransport(called.map(({ method }) => method))) {
      if (fault.kind === 'slow') await delay(fault.ms, undefined, { signal: closing.signal })
      else instead = fault
    }
    if (instead) failInstead(response, instead, () => JSON.stringify(answerBody(body)))
    else sendJson(response, answerBody(body))
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      // The other side is gone, or this one is closing: nobody waits for an answer.
      if (closing.signal.aborted || !request.complete) response.destroy()
      else send(response, 500, 'text/plain', error instanceof Error ? String(error.stack) : '')
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })

  async function close(): Promise<void> {
    if (closing.signal.aborted) return
    closing.abort()
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    setFaults: (faults) => injector.set(faults),
    close,
    [Symbol.asyncDispose]: close,
  }
}

type Call = { readonly id?: unknown; readonly method: string; readonly params?: readonly unknown[] }

type Answer =
  | { readonly jsonrpc: '2.0'; readonly id: unknown; readonly result: unknown }
  | {
      readonly jsonrpc: '2.0'
      readonly id: unknown
      readonly error: { readonly code: number; readonly message: string }
    }

function isCall(value: unknown): value is Call {
  const call = value as Partial<Call> | null | undefined
  return (
    typeof call?.method === 'string' && (call.params === undefined || Array.isArray(call.params))
  )
}

const refusal = (id: unknown, { code, message }: RpcError): Answer => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
})

/** Undefined where there is more than is read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= BODY_BYTES_MAX) parts.push(part)
  }
  return size <= BODY_BYTES_MAX ? Buffer.concat(parts).toString() : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

const sendJson = (response: ServerResponse, answer: unknown): void =>
  send(response, 200, 'application/json', JSON.stringify(answer))

const PAGE =
  '<!doctype html>\n<html><head><title>Just a moment...</title></head><body></body></html>\n'

function failInstead(
  response: ServerResponse,
  fault: FailedRequest,
  rightAnswer: () => string,
): void {
  switch (fault.kind) {
    case 'hang':
      return
    case 'html':
      return send(response, 200, 'text/html', PAGE)
    case 'truncated-json': {
      const text = rightAnswer()
      return send(response, 200, 'application/json', text.slice(0, text.length >> 1))
    }
    case 'http-status':
      if (fault.retryAfterSeconds !== undefined)
        response.setHeader('retry-after', fault.retryAfterSeconds)
      return send(response, fault.status, 'text/plain', STATUS_CODES[fault.status] ?? 'error')
    default:
      return fault satisfies never
  }
}
