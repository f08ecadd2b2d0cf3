import { listen } from '#faces/listen.ts'
import { startOperatorServer } from '#faces/operator-server.ts'
import { createApp } from './http/app.ts'
import type { RouteOf } from './http/route.ts'
import { readStatus } from './status.ts'
import type { Api } from './wire.ts'

export type RunningServer = AsyncDisposable & {
  readonly url: string
  /** Metrics are for the operator: on a port of their own, which need not be reachable from outside. */
  readonly metricsUrl: string
}

/**
 * Begins to answer. Disposing finishes what is under way.
 *
 * @param more routes beside those that the API has
 * @throws AppError `unavailable` when a port is taken
 */
export async function startServer(api: Api, more: readonly RouteOf[] = []): Promise<RunningServer> {
  const { host, port, metricsHost, metricsPort } = api.config.api
  const app = await createApp(api, more)
  const main = await listen(app, { host, port, field: 'api.port' })
  try {
    const metrics = await startOperatorServer(
      { '/metrics': () => renderMetrics(api) },
      { host: metricsHost, port: metricsPort, field: 'api.metricsPort' },
      (error, path) => api.ports.log.error({ err: error, path }, 'the operator gets no answer'),
    )
    return {
      url: main.url,
      metricsUrl: metrics.url,
      async [Symbol.asyncDispose]() {
        // Streams of updates have no end of their own to wait for.
        api.subscriptions.end()
        await Promise.all([main[Symbol.asyncDispose](), metrics[Symbol.asyncDispose]()])
      },
    }
  } catch (error) {
    await main[Symbol.asyncDispose]()
    throw error
  }
}

/** Where a store cannot be read, all other metrics are given nevertheless. */
async function renderMetrics({ chains, ports: { metrics } }: Api) {
  const statuses = await Promise.all(
    chains.map(async ({ chain, ports }) => ({
      name: chain.name,
      status: await readStatus(ports).catch(() => undefined),
    })),
  )
  return { contentType: metrics.contentType, text: await metrics.render(statuses) }
}
