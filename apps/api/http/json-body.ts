import express, { type RequestHandler } from 'express'
import { sendProblem } from './problem.ts'

/** No form of another site can send it without asking first. */
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
    detail: 'send the body as application/json in UTF-8',
  })
}

/** Puts a JSON body of so many bytes at most into `req.body`; any other is refused. */
export const jsonBody = (bytesMax: number): readonly RequestHandler[] => [
  onlyJson,
  express.json({ limit: bytesMax, inflate: false, type: () => true }),
]
