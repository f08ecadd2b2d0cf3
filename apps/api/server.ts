import type { RequestListener } from 'node:http'
import { createApp } from './http/app.ts'
import { listen } from './listen.ts'
import { readStatus } from './status.ts'
import type { Api, Ports } from './wire.ts'

export type RunningServer = AsyncDisposable & {
  readonly url: string
  /** Metrics are for the operator: on a port of their own, which need not be reachable from outside. */
  readonly metricsUrl: string
}

/** Begins to answer. Disposing finishes what is under way. @throws AppError `unavailable` when a port is taken */
export async function startServer(api: Api): Promise<RunningServer> {
  const { host, port, metricsHost, metricsPort } = api.config.api
  const app = await createApp(api)
  const main = await listen(app, { host, port, field: 'api.port' })
  try {
    const metrics = await listen(metricsListener(api.ports), {
      host: metricsHost,
      port: metricsPort,
      field: 'api.metricsPort',
    })
    return {
      url: main.url,
      metricsUrl: metrics.url,
      async [Symbol.asyncDispose]() {
        // Streams of updates have no end of their own to wait for.
        api.subscriptions.end()
        await Promise.all([main.close(), metrics.close()])
      },
    }
  } catch (error) {
    await main.close()
    throw error
  }
}

const metricsListener =
  (ports: Ports): RequestListener =>
  (req, res) => {
    if (req.url !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(404).end()
      return
    }
    renderMetrics(ports).then(
      (text) => res.writeHead(200, { 'content-type': ports.metrics.contentType }).end(text),
      (error: unknown) => {
        ports.log.error({ err: error }, 'metrics cannot be rendered')
        res.writeHead(500).end()
      },
    )
  }

/** Where the store cannot be read, all other metrics are given nevertheless. */
async function renderMetrics(ports: Ports): Promise<string> {
  const status = await readStatus(ports).catch(() => undefined)
  return ports.metrics.render(status)
}
