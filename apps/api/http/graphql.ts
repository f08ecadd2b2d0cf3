import type { RequestHandler } from 'express'
import { createGraphqlHandler } from '#api/graphql/handler.ts'
import { jsonBody } from './json-body.ts'
import { badRequest, sendProblem } from './problem.ts'
import type { RouteOf } from './route.ts'

/** A query of `TOKENS_MAX` tokens and its variables fit. */
const BODY_BYTES_MAX = 100_000
const onlyObject: RequestHandler = (req, res, next) => {
  const { body } = req
  if (typeof body === 'object' && body !== null && !Array.isArray(body) && 'query' in body) {
    next()
    return
  }
  sendProblem(
    res,
    badRequest(
      'send one operation as an object with query, and variables and operationName if needed',
    ),
  )
}

/** The page is one document with everything in it. */
const GRAPHIQL = {
  'script-src': ["'self'", "'unsafe-inline'"],
  'style-src': ["'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ['data:'],
  'worker-src': ['blob:'],
  'connect-src': ["'self'"],
} as const

export const graphql: RouteOf = async (api) => {
  const get = await createGraphqlHandler(api)
  return {
    path: '/graphql',
    get,
    post: [...jsonBody(BODY_BYTES_MAX), onlyObject, get],
    ...(api.config.api.development && { page: GRAPHIQL }),
  }
}
