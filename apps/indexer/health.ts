import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError, messageOf } from '#core/errors.ts'
import type { Health } from './jobs/follow-head.ts'
import type { Indexer } from './wire.ts'

/** A follower that has not got through a round for so long is stuck. */
const STALLED_MS = 120_000

/** A server that answers. Disposing ends it, open connections too: nobody waits for a probe. */
export type HealthServer = AsyncDisposable & { readonly url: string }

/** @throws AppError `unavailable` when the port is taken */
export async function startHealthServer(indexer: Indexer, health: Health): Promise<HealthServer> {
  const { host, metricsPort } = indexer.config.indexer
  const server = createHealthServer(indexer, health)
  server.listen(metricsPort, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `indexer.metricsPort: ${host}:${metricsPort} cannot be listened on (${(cause as NodeJS.ErrnoException).code ?? messageOf(cause)}); ` +
        'stop what uses it or name another port',
      { details: { field: 'indexer.metricsPort' }, cause },
    )
  }
  const { address, family, port } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** `/live`, `/ready`, `/endpoints` and `/metrics`: nothing else is served here. */
function createHealthServer({ ports, metrics, endpoints }: Indexer, health: Health): Server {
  const stalledMs = (): number => ports.clock.monotonicMs() - health.progressAtMs

  return createServer((request, response) => {
    const send = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : text)
    }
    const sendJson = (status: number, body: object): void =>
      send(status, 'application/json', JSON.stringify(body))
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(405, {})
    switch (request.url) {
      case '/live':
        return stalledMs() < STALLED_MS || health.trouble !== undefined
          ? sendJson(200, { status: 'live' })
          : sendJson(503, { status: 'stalled', stalledMs: Math.round(stalledMs()) })
      case '/ready':
        if (health.trouble !== undefined)
          return sendJson(503, { status: 'degraded', reason: health.trouble })
        return health.hasBegun
          ? sendJson(200, { status: 'ready' })
          : sendJson(503, { status: 'starting' })
      case '/endpoints':
        return sendJson(200, endpoints())
      case '/metrics':
        metrics.render().then(
          (text) => send(200, metrics.contentType, text),
          () => sendJson(500, {}),
        )
        return undefined
      case undefined:
      default:
        return sendJson(404, {})
    }
  })
}
