import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError, messageOf } from '#core/errors.ts'

/**
 * A server that accepts requests. Disposing of it: it accepts no more, finishes what is under way, and cuts off what
 * takes too long.
 */
export type Listener = AsyncDisposable & {
  /** With the port that was given to it, where 0 was asked for. */
  readonly url: string
}

/** One request line and its headers; queries by GET are short enough. */
const HEADER_BYTES_MAX = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than load balancers keep theirs, so that none of them sends into a connection that just closes. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const TIMEOUT_CHECK_MS = 5_000
/** Each may have one answer in memory. */
const CONNECTIONS_MAX = 5_000
/** How long requests may take when the process is told to stop, unless said; orchestrators kill after 30 s. */
const DRAIN_MS_MAX = 10_000
const DRAIN_CHECK_MS = 50

/** Where to listen. */
export type Address = {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** The setting that names it. */
  readonly field: string
}

type ListenOptions = Address & {
  /** How long requests that are under way may take when the server is closed, in milliseconds. */
  readonly drainMsMax?: number
}

/** @throws AppError `unavailable` naming `field` when the address cannot be used */
export async function listen(
  handle: RequestListener,
  { host, port, field, drainMsMax = DRAIN_MS_MAX }: ListenOptions,
): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      // Told by ourselves, as any other bad request.
      requireHostHeader: false,
    },
    handle,
  )
  server.maxConnections = CONNECTIONS_MAX
  server.on('clientError', refuseBadRequest)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `${field}: ${host}:${port} cannot be listened on (${(cause as NodeJS.ErrnoException).code ?? messageOf(cause)}); ` +
        'stop what uses it or name another port',
      { details: { field }, cause },
    )
  }
  const { address, family, port: actual } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`,
    [Symbol.asyncDispose]: () => drain(server, drainMsMax),
  }
}

/** What the parser of requests refuses, by Node's codes; anything else is a bad request. */
const REFUSALS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request header fields too large', 'HEADERS_TOO_LARGE'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request timeout', 'REQUEST_TIMEOUT'],
}

/** Tells a client whose bytes are no HTTP request so, in the form that all other refusals have. */
function refuseBadRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Where an answer is under way on the connection nothing can be put between its bytes.
  const { _httpMessage: answer } = socket as { _httpMessage?: { readonly headersSent: boolean } }
  if (!socket.writable || error.code === 'ECONNRESET' || answer?.headersSent) {
    socket.destroy()
    return
  }
  const [status, title, code] = REFUSALS[error.code ?? ''] ?? [400, 'Bad request', 'BAD_REQUEST']
  const body = JSON.stringify({
    type: `urn:halyard:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    code,
    title,
    status,
    detail: `the connection is closed: ${title.toLowerCase()}`,
  })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

async function drain(server: Server, msMax: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  // A connection that is kept alive becomes idle only when its request is answered.
  const idle = setInterval(() => server.closeIdleConnections(), DRAIN_CHECK_MS)
  const late = setTimeout(() => server.closeAllConnections(), msMax)
  await closed
  clearInterval(idle)
  clearTimeout(late)
}
