import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Ports } from '#api/wire.ts'

declare global {
  namespace Express {
    /** What is known of a request from its beginning, in `res.locals`. */
    interface Locals {
      requestId: string
      /** The pattern of the route that answers, for metrics. */
      route: string
    }
  }
}

/** An id that a proxy gave is kept; anything stranger is not put into logs. */
const REQUEST_ID = /^[\w.-]{1,64}$/
/** So that a client cannot make up label values. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'OPTIONS',
  'PUT',
  'PATCH',
  'DELETE',
])
/** Asked for every few seconds, and of no interest to anybody. */
const PROBES: ReadonlySet<string> = new Set(['/live', '/ready'])
/** What proxies log for a client that did not wait. */
const CLIENT_CLOSED = 499

/** Gives a request its id; when it is over, counts it and logs one line: never a query string, a header or a body. */
export const observe =
  ({ log, metrics }: Ports): RequestHandler =>
  (req, res, next) => {
    const startedAt = performance.now()
    const given = req.headers['x-request-id']
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    Object.assign(res.locals, { requestId, route: 'unmatched' })
    res.setHeader('x-request-id', requestId)
    const { path } = req
    res.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1_000
      const status = res.writableFinished ? res.statusCode : CLIENT_CLOSED
      const method = METHODS.has(req.method) ? req.method : 'OTHER'
      const { route } = res.locals
      metrics.request({ route, method, status }, seconds)
      const fields = { requestId, method, path, status, ms: Math.round(seconds * 1e5) / 100 }
      if (PROBES.has(route)) log.debug(fields, 'request')
      else log.info(fields, 'request')
    })
    next()
  }
