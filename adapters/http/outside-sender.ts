import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { OutsideSender, Sent } from '#core/webhooks/ports.ts'
import {
  codeOf,
  createOutsideGuard,
  InsideAddress,
  type LookUp,
  retryAfterMs,
} from './outside-guard.ts'

const TIMEOUT_MS = 10_000

/**
 * Sends over HTTPS to addresses of the public internet alone, see `createOutsideGuard`.
 *
 * @param allowed hosts with their ports (`127.0.0.1:8080`) that are sent to wherever they are, over HTTP too
 * @param resolve another way from names to addresses, for tests
 */
export function createOutsideSender(allowed: readonly string[], resolve?: LookUp): OutsideSender {
  const { faultOf, connectionTo } = createOutsideGuard(allowed, ['https:'], resolve)
  return {
    faultOf,
    async post({ url: text, headers, body }) {
      const why = faultOf(text)
      if (why !== null) return { status: 'forbidden', why }
      const url = new URL(text)
      const send = url.protocol === 'https:' ? requestHttps : requestHttp
      return new Promise<Sent>((done) => {
        const signal = AbortSignal.timeout(TIMEOUT_MS)
        const request = send(
          url,
          {
            method: 'POST',
            headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
            signal,
            ...connectionTo(url),
          },
          (response) => {
            const { statusCode: code = 0, headers: given } = response
            // Of the answer nothing but its status is looked at.
            response.destroy()
            done({ status: 'answered', code, retryAfterMs: retryAfterMs(given['retry-after']) })
          },
        )
        request.on('error', (error) => {
          if (error instanceof InsideAddress) done({ status: 'forbidden', why: error.message })
          else if (signal.aborted)
            done({ status: 'failed', why: `no answer within ${TIMEOUT_MS / 1_000} s` })
          else done({ status: 'failed', why: codeOf(error) })
        })
        // An answer that changes the protocol is none, and comes without an error.
        request.on('close', () => done({ status: 'failed', why: 'it ended without an answer' }))
        request.end(body)
      })
    },
  }
}
