import type { RequestListener } from 'node:http'
import { type Address, type Listener, listen } from './listen.ts'

/** What a path of the operator's port answers. */
export type OperatorAnswer = { readonly status: number; readonly body: object } | MetricsText
/** Metrics in the text format of Prometheus. */
type MetricsText = { readonly contentType: string; readonly text: string }

export type OperatorRoutes = Readonly<
  Record<string, () => OperatorAnswer | Promise<OperatorAnswer>>
>

/**
 * Serves probes and metrics, which are for the operator: on a port of their own, which need not be reachable from
 * outside.
 *
 * @param onError told of an answer that could not be made; the client gets 500
 * @throws AppError `unavailable` naming the setting when the port is taken
 */
export const startOperatorServer = (
  routes: OperatorRoutes,
  address: Address,
  onError: (error: unknown, path: string) => void,
): Promise<Listener> =>
  // Nobody waits for a probe.
  listen(answerFrom(routes, onError), { ...address, drainMsMax: 0 })

function answerFrom(
  routes: OperatorRoutes,
  onError: (error: unknown, path: string) => void,
): RequestListener {
  return (request, response) => {
    const send = (status: number, type: string, text: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
      response.end(request.method === 'HEAD' ? undefined : text)
    }
    const sendJson = (status: number, body: object): void =>
      send(status, 'application/json', JSON.stringify(body))
    const path = request.url ?? ''
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (!route) return sendJson(404, {})
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      return sendJson(405, {})
    }
    new Promise<OperatorAnswer>((resolve) => resolve(route())).then(
      (answer) =>
        'text' in answer
          ? send(200, answer.contentType, answer.text)
          : sendJson(answer.status, answer.body),
      (error: unknown) => {
        onError(error, path)
        sendJson(500, {})
      },
    )
    return undefined
  }
}
