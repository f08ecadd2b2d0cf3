import { type LookupAddress, lookup as lookUp } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { OutsideSender, Sent } from '#core/webhooks/ports.ts'
import { isPublicAddress } from './addresses.ts'

const TIMEOUT_MS = 10_000

/** A name leads to an address inside. */
class InsideAddress extends Error {}

/** How a name becomes addresses. */
type LookUp = (
  name: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

const bySystem: LookUp = (name, done) =>
  lookUp(name, { all: true }, (error, addresses) => done(error, addresses))

/**
 * Sends over HTTPS to addresses of the public internet alone. The address that was looked at is the one that is connected
 * to, so that a name cannot lead elsewhere in between; of several addresses of a name none may be inside.
 *
 * @param allowed hosts with their ports (`127.0.0.1:8080`) that are sent to wherever they are, over HTTP too
 * @param resolve another way from names to addresses, for tests
 */
export function createOutsideSender(
  allowed: readonly string[],
  resolve: LookUp = bySystem,
): OutsideSender {
  const isAllowed = (url: URL): boolean => allowed.includes(`${url.hostname}:${portOf(url)}`)

  const lookup: LookupFunction = (name, options, done) => {
    resolve(name, (error, addresses) => {
      const found = error ? [] : addresses
      const inside = found.find(({ address }) => !isPublicAddress(address))
      const [first] = found
      if (inside) done(new InsideAddress('it leads to an address that is not public'), '')
      else if (!first) done(error ?? new Error('it has no address'), '')
      else if (options.all === true) done(null, [...found])
      else done(null, first.address, first.family)
    })
  }

  function faultOf(text: string): string | null {
    if (!URL.canParse(text)) return 'not a URL'
    const url = new URL(text)
    if (url.username !== '' || url.password !== '') return 'it holds a user or a password'
    if (isAllowed(url))
      return url.protocol === 'http:' || url.protocol === 'https:' ? null : PROTOCOL
    if (url.protocol !== 'https:') return PROTOCOL
    const host = url.hostname.replace(/^\[|\]$/g, '')
    return isIP(host) !== 0 && !isPublicAddress(host) ? INSIDE : null
  }

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
            // A connection that is kept would be used again without a look at its address.
            agent: false,
            ...(!isAllowed(url) && { lookup }),
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
        request.end(body)
      })
    },
  }
}

const PROTOCOL = 'it takes an https URL'
const INSIDE = 'it leads to an address that is not public'

const portOf = ({ port, protocol }: URL): string =>
  port !== '' ? port : protocol === 'https:' ? '443' : '80'

/** What went wrong, without the words of the other side. */
const codeOf = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? 'it cannot be reached' : `it cannot be reached (${code})`
}

/** Seconds; a date is as good as nothing said. */
function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : null
}
