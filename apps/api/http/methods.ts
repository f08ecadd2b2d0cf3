import type { RequestHandler } from 'express'
import { sendProblem } from './problem.ts'

/** A browser need not ask again before it sends a JSON body. */
const PREFLIGHT_SECONDS = 86_400

/** Public data without sessions: pages of any origin may read it, none with credentials. */
export const crossOrigin: RequestHandler = (_req, res, next) => {
  res.setHeader('access-control-allow-origin', '*')
  res.setHeader('access-control-expose-headers', 'etag, retry-after, x-request-id')
  next()
}

/**
 * For what is one person's: pages of other sites may neither read nor embed it.
 *
 * @param allowed origins whose pages may read it all the same, where they show a token: no answer allows credentials, so that
 *   no page does anything with a session that it was not given
 */
export const sameOrigin =
  (allowed: readonly string[]): RequestHandler =>
  (req, res, next) => {
    const { origin } = req.headers
    if (allowed.length > 0) res.vary('origin')
    if (origin !== undefined && allowed.includes(origin)) {
      res.setHeader('access-control-allow-origin', origin)
      next()
      return
    }
    res.removeHeader('access-control-allow-origin')
    res.removeHeader('access-control-expose-headers')
    res.setHeader('cross-origin-resource-policy', 'same-origin')
    next()
  }

/** Names the route for metrics, whatever becomes of the request. */
export const named =
  (route: string): RequestHandler =>
  (_req, res, next) => {
    res.locals.route = route
    next()
  }

/** The end of a route: tells what it allows to who asks, or asks for something else. */
export const onlyAllow =
  (methods: readonly string[]): RequestHandler =>
  (req, res) => {
    const allow = methods.join(', ')
    res.setHeader('allow', allow)
    if (req.method === 'OPTIONS') {
      const allowed = res.getHeader('access-control-allow-origin')
      if (allowed === undefined) {
        res.status(204).end()
        return
      }
      res.setHeader('access-control-allow-methods', allow)
      // What anybody's page may read needs nobody to say who asks.
      const who = allowed === '*' ? '' : 'authorization, idempotency-key, '
      res.setHeader(
        'access-control-allow-headers',
        `${who}content-type, if-none-match, x-request-id`,
      )
      res.setHeader('access-control-max-age', PREFLIGHT_SECONDS)
      res.status(204).end()
      return
    }
    sendProblem(res, {
      name: 'method-not-allowed',
      title: 'Method not allowed',
      status: 405,
      detail: `${req.method.slice(0, 20)} is not allowed here; ${allow} are`,
    })
  }
