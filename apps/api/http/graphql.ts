import express, { type RequestHandler } from 'express'
import { createGraphqlHandler } from '#api/graphql/handler.ts'
import { sendProblem } from './problem.ts'
import type { RouteOf } from './route.ts'

/** A query of `TOKENS_MAX` tokens and its variables fit. */
const BODY_BYTES_MAX = 100_000
/** The one way to send an operation: no form of another site can, without asking first. */
const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i

const onlyJson: RequestHandler = (req, res, next) => {
  if (JSON_TYPE.test(req.headers['content-type'] ?? '')) {
    next()
    return
  }
  res.setHeader('accept', 'application/json')
  sendProblem(res, {
    name: 'unsupported-media-type',
    title: 'Unsupported media type',
    status: 415,
    detail: 'send the operation as application/json in UTF-8',
  })
}

const onlyObject: RequestHandler = (req, res, next) => {
  const { body } = req
  if (typeof body === 'object' && body !== null && !Array.isArray(body) && 'query' in body) {
    next()
    return
  }
  sendProblem(res, {
    name: 'invalid',
    title: 'Bad request',
    status: 400,
    detail: 'send one operation as an object with query, and variables and operationName if needed',
  })
}

export const graphql: RouteOf = async (api) => {
  const get = await createGraphqlHandler(api)
  const parseBody = express.json({ limit: BODY_BYTES_MAX, inflate: false, type: () => true })
  return { path: '/graphql', get, post: [onlyJson, parseBody, onlyObject, get] }
}
