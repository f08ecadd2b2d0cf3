import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Fetched, OutsideFetcher } from '#core/nft/metadata/ports.ts'
import {
  codeOf,
  createOutsideGuard,
  InsideAddress,
  type LookUp,
  retryAfterMs,
} from './outside-guard.ts'

export type FetchLimits = {
  /** Of a body, as it is sent. */
  readonly bytesMax: number
  /** From the first connection to the last byte, all redirects together. */
  readonly timeoutMs: number
  /** Requests under way, to all hosts and to one. */
  readonly requestsMax: number
  readonly ofHostMax: number
  /** Failures in a row of a host, or of a part of it, with which it is left alone for `pauseMs`. */
  readonly failuresMax: number
  readonly pauseMs: number
  /** Hosts whose failures are remembered, besides those that are being asked. */
  readonly hostsMax: number
}

const LIMITS: FetchLimits = {
  bytesMax: 512 * 1024,
  timeoutMs: 15_000,
  requestsMax: 16,
  ofHostMax: 4,
  failuresMax: 5,
  pauseMs: 30_000,
  hostsMax: 1_000,
}
const REDIRECTS_MAX = 3

/**
 * Fetches documents of strangers from the public internet, see `createOutsideGuard`: redirects are followed, and each is
 * looked at as the first URL is.
 *
 * @param allowed hosts with their ports (`127.0.0.1:8080`) that are asked wherever they are
 * @param nowMs a clock that only grows
 * @param resolve another way from names to addresses, for tests
 */
export function createOutsideFetcher(
  allowed: readonly string[],
  nowMs: () => number,
  {
    limits: own,
    resolve,
  }: { readonly limits?: Partial<FetchLimits>; readonly resolve?: LookUp } = {},
): OutsideFetcher {
  const limits = { ...LIMITS, ...own }
  const { faultOf, connectionTo } = createOutsideGuard(allowed, ['https:', 'http:'], resolve)
  const all = createGate(limits.requestsMax)
  const hosts = createHosts(limits, nowMs)

  async function followed(first: string): Promise<Fetched> {
    const signal = AbortSignal.timeout(limits.timeoutMs)
    let text = first
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const why = faultOf(text)
      if (why !== null) return { status: 'refused', why }
      // oxlint-disable-next-line no-await-in-loop -- one leads to the next
      const given = await getOne(new URL(text), signal)
      if ('status' in given) return given
      text = given.location
    }
    return { status: 'refused', why: `it leads on more than ${REDIRECTS_MAX} times` }
  }

  function getOne(url: URL, signal: AbortSignal): Promise<Fetched | { readonly location: string }> {
    const get = url.protocol === 'https:' ? requestHttps : requestHttp
    return new Promise((done) => {
      const failureOf = (error: Error): Fetched =>
        error instanceof InsideAddress
          ? { status: 'refused', why: error.message }
          : {
              status: 'failed',
              why: signal.aborted
                ? `no whole answer within ${limits.timeoutMs / 1_000} s`
                : codeOf(error),
              retryAfterMs: null,
            }
      const failed = (error: Error): void => done(failureOf(error))
      const request = get(
        url,
        {
          method: 'GET',
          // What is packed may be a thousand times as long when it is unpacked.
          headers: { accept: 'application/json, */*;q=0.5', 'accept-encoding': 'identity' },
          signal,
          ...connectionTo(url),
        },
        (response) => {
          response.on('error', failed)
          const at = locationOf(response, url)
          if (at !== undefined) {
            response.destroy()
            done({ location: at })
          } else {
            done(answer(response).catch(failureOf))
          }
        },
      )
      request.on('error', failed)
      // An answer that changes the protocol is none, and comes without an error.
      request.on('close', () =>
        done({ status: 'failed', why: 'it ended without an answer', retryAfterMs: null }),
      )
      request.end()
    })
  }

  async function answer(response: IncomingMessage): Promise<Fetched> {
    const { statusCode: code = 0, headers } = response
    if (code !== 200) {
      response.destroy()
      const why = `it answered HTTP ${code}`
      if (code === 404 || code === 410) return { status: 'missing', why }
      const isForever = code >= 400 && code < 500 && code !== 408 && code !== 425 && code !== 429
      return isForever
        ? { status: 'refused', why }
        : { status: 'failed', why, retryAfterMs: retryAfterMs(headers['retry-after']) }
    }
    const tooLarge = {
      status: 'refused',
      why: `it has more than ${limits.bytesMax} bytes`,
    } as const
    const parts: Buffer[] = []
    let size = 0
    if (Number(headers['content-length'] ?? 0) > limits.bytesMax) {
      response.destroy()
      return tooLarge
    }
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length
      if (size > limits.bytesMax) {
        response.destroy()
        return tooLarge
      }
      parts.push(part)
    }
    try {
      return { status: 'fetched', text: utf8.decode(Buffer.concat(parts)) }
    } catch {
      return { status: 'refused', why: 'it is not text in UTF-8' }
    }
  }

  return {
    async get(text, part) {
      const why = faultOf(text)
      if (why !== null) return { status: 'refused', why }
      const { host } = new URL(text)
      return hosts.with(host, part, () => all(() => followed(text)))
    },
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Where a redirect leads; undefined for an answer that is none. */
function locationOf({ statusCode = 0, headers }: IncomingMessage, from: URL): string | undefined {
  const { location } = headers
  if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return undefined
  return URL.canParse(location, from.href) ? new URL(location, from.href).href : location
}

type Gate = <T>(step: () => Promise<T>) => Promise<T>

/** Lets so many go at a time; the others wait in line. */
function createGate(max: number): Gate {
  let running = 0
  const waiting: (() => void)[] = []
  return async (step) => {
    if (running >= max) await new Promise<void>((go) => waiting.push(go))
    else running++
    try {
      return await step()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

type Host = { readonly gate: Gate; users: number }
type Place = { failures: number; pausedUntilMs: number; users: number }

/**
 * So many at a time of each host, so that one that is slow holds up none of the others. What fails again and again is left
 * alone for a while: the host, or a part of it that is named.
 */
function createHosts(
  { ofHostMax, failuresMax, pauseMs, hostsMax }: FetchLimits,
  nowMs: () => number,
) {
  const hosts = new Map<string, Host>()
  const places = new Map<string, Place>()
  const paused = (until: number): Fetched => ({
    status: 'failed',
    why: 'its host has not answered for several times in a row',
    retryAfterMs: until - nowMs(),
  })

  /** Strangers name as many as they like, each of which may fail: those that were asked first are forgotten. */
  function forgetOldest(): void {
    for (const [name, { users }] of places) {
      if (places.size <= hostsMax) return
      if (users === 0) places.delete(name)
    }
  }

  return {
    async with(
      name: string,
      part: string | undefined,
      step: () => Promise<Fetched>,
    ): Promise<Fetched> {
      const host = hosts.get(name) ?? { gate: createGate(ofHostMax), users: 0 }
      hosts.set(name, host)
      const at = part === undefined ? name : `${name} ${part}`
      const place = places.get(at) ?? { failures: 0, pausedUntilMs: 0, users: 0 }
      places.set(at, place)
      host.users++
      place.users++
      try {
        return await host.gate(async () => {
          if (place.pausedUntilMs > nowMs()) return paused(place.pausedUntilMs)
          const fetched = await step()
          place.failures = fetched.status === 'failed' ? place.failures + 1 : 0
          if (place.failures >= failuresMax) {
            place.failures = 0
            place.pausedUntilMs = nowMs() + pauseMs
          }
          return fetched
        })
      } finally {
        host.users--
        place.users--
        if (host.users === 0) hosts.delete(name)
        if (place.users === 0 && place.failures === 0 && place.pausedUntilMs <= nowMs())
          places.delete(at)
        forgetOldest()
      }
    },
  }
}
