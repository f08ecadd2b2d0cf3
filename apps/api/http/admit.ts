import type { Socket } from 'node:net'
import type { RequestHandler } from 'express'
import { principalOf } from '#api/principal.ts'
import type { Turns } from '#api/turns.ts'
import type { Api } from '#api/wire.ts'
import { badRequest, sendProblem } from './problem.ts'

declare global {
  namespace Express {
    interface Locals {
      /** Who asks, as far as rates and slots are counted. */
      principal: string
    }
  }
}

/** Of names, of IPv4 and of IPv6, each with a port or without. */
const HOST = /^(?:[\w.-]{1,255}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/

/** Refuses what no URL can be made of: later parts rely on one. */
export const wellFormed: RequestHandler = (req, res, next) => {
  const { host } = req.headers
  const isHost = host !== undefined && HOST.test(host)
  if (isHost && req.url.startsWith('/') && URL.canParse(`http://${host}${req.url}`)) {
    next()
    return
  }
  sendProblem(res, badRequest(isHost ? 'the path is none' : 'the Host header names no host'))
}

/** How long a client may take to read an answer, counted from its request. */
const ANSWER_MS_MAX = 60_000
/** What a stream of events may have waiting for a client that does not read. */
const STREAM_BYTES_MAX = 1024 * 1024

/** Ends connections of clients that do not take what they asked for, so that answers do not pile up in memory. */
export const boundAnswer =
  (msMax = ANSWER_MS_MAX): RequestHandler =>
  (_req, res, next) => {
    const check = (): void => {
      const isStream = String(res.getHeader('content-type')).startsWith('text/event-stream')
      if (isStream && res.writableLength < STREAM_BYTES_MAX) return
      clearInterval(timer)
      res.destroy()
    }
    const timer = setInterval(check, msMax)
    timer.unref()
    res.once('close', () => clearInterval(timer))
    next()
  }

/** What any request costs its principal, in points; see `Route.points` for more. */
const REQUEST_POINTS = 1
/** Asked for by orchestrators while the process is busy most of all. */
const PROBES: ReadonlySet<string> = new Set(['/live', '/ready'])

/** Waits for the request's turn: right before the work, when its body has been read. */
export const inTurn =
  (turns: Turns): RequestHandler =>
  async (req, res, next) => {
    if (!PROBES.has(req.path)) await turns.take(res.locals.principal)
    if (!res.destroyed) next()
  }

/**
 * Lets a request in: behind those of the same connection, whose answers must go out before its own does (so that one
 * connection has one answer in memory), and for its points.
 */
export const admit = ({ limiter, config }: Api): RequestHandler => {
  const last = new WeakMap<Socket, Promise<void>>()
  return async (req, res, next) => {
    const { socket } = req
    const before = last.get(socket)
    last.set(
      socket,
      new Promise((resolve) => {
        res.once('close', () => resolve())
      }),
    )
    const forwarded = req.headers['x-forwarded-for']
    const principal = principalOf(
      socket.remoteAddress,
      Array.isArray(forwarded) ? forwarded.join(',') : forwarded,
      config.api.proxies,
    )
    res.locals.principal = principal
    await before
    if (!PROBES.has(req.path)) await limiter.spend(principal, REQUEST_POINTS)
    if (!res.destroyed) next()
  }
}
