import { type LookupAddress, lookup as lookUp } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './addresses.ts'

/** A name leads to an address inside. */
export class InsideAddress extends Error {}

/** How a name becomes addresses. */
export type LookUp = (
  name: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/** Keeps requests for the public internet away from addresses inside. */
export type OutsideGuard = {
  /** Why nothing may be asked of a URL, as far as it shows; null: it may. Names are looked up with the request. */
  faultOf(url: string): string | null
  /** How a request connects. */
  connectionTo(url: URL): { readonly agent: false; readonly lookup?: LookupFunction }
}

const bySystem: LookUp = (name, done) =>
  lookUp(name, { all: true }, (error, addresses) => done(error, addresses))

/**
 * The address that is looked at is the one that is connected to, so that a name cannot lead elsewhere in between; of
 * several addresses of a name none may be inside.
 *
 * @param allowed hosts with their ports (`127.0.0.1:8080`) that are asked wherever they are, over HTTP too
 * @param protocols of public addresses, as URLs have them
 * @param resolve another way from names to addresses, for tests
 */
export function createOutsideGuard(
  allowed: readonly string[],
  protocols: readonly ('https:' | 'http:')[],
  resolve: LookUp = bySystem,
): OutsideGuard {
  const isAllowed = (url: URL): boolean => allowed.includes(`${url.hostname}:${portOf(url)}`)
  const isOf = (known: readonly string[], { protocol }: URL): boolean => known.includes(protocol)
  const wrongProtocol =
    protocols.length === 1 ? 'it takes an https URL' : 'it takes an http or https URL'

  const lookup: LookupFunction = (name, options, done) => {
    resolve(name, (error, addresses) => {
      const found = error ? [] : addresses
      const inside = found.find(({ address }) => !isPublicAddress(address))
      const [first] = found
      if (inside) done(new InsideAddress(INSIDE), '')
      else if (!first) done(error ?? new Error('it has no address'), '')
      else if (options.all === true) done(null, [...found])
      else done(null, first.address, first.family)
    })
  }

  return {
    faultOf(text) {
      if (!URL.canParse(text)) return 'not a URL'
      const url = new URL(text)
      if (url.username !== '' || url.password !== '') return 'it holds a user or a password'
      if (isAllowed(url)) return isOf(['http:', 'https:'], url) ? null : wrongProtocol
      if (!isOf(protocols, url)) return wrongProtocol
      const host = url.hostname.replace(/^\[|\]$/g, '')
      return isIP(host) !== 0 && !isPublicAddress(host) ? INSIDE : null
    },
    // A connection that is kept would be used again without a look at its address.
    connectionTo: (url) => ({ agent: false, ...(!isAllowed(url) && { lookup }) }),
  }
}

const INSIDE = 'it leads to an address that is not public'

const portOf = ({ port, protocol }: URL): string =>
  port !== '' ? port : protocol === 'https:' ? '443' : '80'

/** What went wrong, without the words of the other side. */
export const codeOf = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? 'it cannot be reached' : `it cannot be reached (${code})`
}

/** Of a Retry-After in seconds; a date is as good as nothing said. */
export const retryAfterMs = (header: string | undefined): number | null =>
  header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : null
