import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError, messageOf } from '#core/errors.ts'

/** A server that accepts requests. */
export type Listener = {
  /** With the port that was given to it, where 0 was asked for. */
  readonly url: string
  /** Accepts no more, finishes what is under way, and cuts off what takes too long. */
  close(): Promise<void>
}

/** One request line and its headers; queries by GET are short enough. */
const HEADER_BYTES_MAX = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than load balancers keep theirs, so that none of them sends into a connection that just closes. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000
const TIMEOUT_CHECK_MS = 5_000
/** How long requests may take when the process is told to stop; orchestrators kill after 30 s. */
const DRAIN_MS_MAX = 10_000
const DRAIN_CHECK_MS = 50

/** @throws AppError `unavailable` naming `field` when the address cannot be used */
export async function listen(
  handle: RequestListener,
  { host, port, field }: { readonly host: string; readonly port: number; readonly field: string },
): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    handle,
  )
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
    close: () => drain(server),
  }
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  // A connection that is kept alive becomes idle only when its request is answered.
  const idle = setInterval(() => server.closeIdleConnections(), DRAIN_CHECK_MS)
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS_MAX)
  await closed
  clearInterval(idle)
  clearTimeout(late)
}
