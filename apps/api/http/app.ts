import compression from 'compression'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import helmet from 'helmet'
import { isAppError } from '#core/errors.ts'
import type { Api } from '#api/wire.ts'
import { admit, boundAnswer, wellFormed } from './admit.ts'
import { crossOrigin } from './methods.ts'
import { observe } from './observe.ts'
import { failureOf, sendProblem } from './problem.ts'
import { reference, referencePage } from './reference.ts'
import { mount, policyOf, type RouteOf } from './route.ts'
import { routes } from './routes.ts'

/**
 * Everything that clients ask for, in the order that a request goes through it.
 *
 * @param more routes beside those of `routes.ts`
 */
export async function createApp(api: Api, more: readonly RouteOf[] = []): Promise<Express> {
  const app = express()
  app.disable('x-powered-by')
  // Answers are told apart by their block, not by hashing them; parameters are parsed once, strictly.
  app.set('etag', false)
  app.set('query parser', false)
  app.use(observe(api.ports))
  app.use(wellFormed, boundAnswer())
  app.use(secure)
  app.use(crossOrigin)
  app.use(admit(api))
  app.use(compression({ filter: isCompressible }))
  const mounted = await Promise.all([...routes, ...more].map(async (routeOf) => routeOf(api)))
  const references = [reference(mounted), ...(api.config.api.development ? referencePage : [])]
  for (const routeOf of references) mounted.push(await routeOf(api))
  const pages = api.config.identity?.origins ?? []
  for (const route of mounted) mount(app, route, { ...api, pages })
  app.use(notFound)
  app.use(onError(api))
  return app
}

/** JSON needs nothing, and no page may frame it; a route that serves a page says what that one needs. */
const secure: RequestHandler = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: policyOf({}) },
  // Answers may be read by pages of other origins, as CORS says.
  crossOriginResourcePolicy: { policy: 'cross-origin' },
})

/** Compression gathers what is written; a stream of events must go out at once. */
const isCompressible: compression.CompressionFilter = (req, res) =>
  !String(res.getHeader('content-type')).startsWith('text/event-stream') &&
  compression.filter(req, res)

const notFound: RequestHandler = (_req, res) =>
  sendProblem(res, {
    name: 'not-found',
    title: 'Not found',
    status: 404,
    detail: 'there is nothing at this path',
  })

/** The one place that turns what was thrown into an answer. */
const onError =
  ({ config, ports: { log } }: Api): ErrorRequestHandler =>
  (error: unknown, _req, res, next) => {
    const { requestId } = res.locals
    const failure = failureOf(error, config.api.development)
    if (failure.status >= 500) {
      if (isAppError(error)) log.warn({ requestId, reason: error.message }, 'not answered')
      else log.error({ requestId, err: error }, 'a request failed')
    }
    // Nothing sensible can be added to half an answer: the connection is closed.
    if (res.headersSent) next(error)
    else sendProblem(res, failure)
  }
