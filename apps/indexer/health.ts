import { createServer, type Server } from 'node:http'
import type { Health } from './jobs/follow-head.ts'
import type { Indexer } from './wire.ts'

/** A follower that has not got through a round for so long is stuck. */
const STALLED_MS = 120_000

/** `/live`, `/ready` and `/metrics`: nothing else is served here. */
export function createHealthServer({ ports, metrics }: Indexer, health: Health): Server {
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
        return health.trouble === undefined
          ? sendJson(200, { status: 'ready' })
          : sendJson(503, { status: 'degraded', reason: health.trouble })
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
