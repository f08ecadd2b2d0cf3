import type { WantedToken } from './metadata.ts'

/** Where content-addressed documents are asked for: URLs that a path is put behind. */
export type Gateways = { readonly ipfs: readonly string[]; readonly arweave: readonly string[] }

/** Where a document is. */
export type Places =
  /** In the URI itself. */
  | { readonly kind: 'inline'; readonly text: string }
  /** At any of these, which are tried in their order. */
  | {
      readonly kind: 'outside'
      readonly urls: readonly string[]
      /** Of a gateway: the document, or the folder that it is in. */
      readonly part?: string
    }
  | { readonly kind: 'refused'; readonly why: string }

/** A URI beyond this is kept nowhere, and read only where it holds the document itself. */
export const URI_CHARACTERS_MAX = 2_048
/** The document in a data URI; as much as is fetched from elsewhere. */
const INLINE_CHARACTERS_MAX = 700_000

/** ERC-1155: `{id}` stands for the id as 64 lower-case hexadecimal digits. */
export const withTokenId = (
  uri: string,
  { standard, tokenId }: Pick<WantedToken, 'standard' | 'tokenId'>,
): string =>
  standard === 'erc1155' ? uri.replaceAll('{id}', tokenId.toString(16).padStart(64, '0')) : uri

/** The bare name of a document in IPFS, as some contracts give it (CID version 0). */
const BARE_CID = /^Qm[1-9A-HJ-NP-Za-km-z]{44}(?=\/|$)/
const CID = /^[A-Za-z0-9]{46,100}$/
const ARWEAVE_ID = /^[A-Za-z0-9_-]{43}$/
/** Dots alone between slashes, be either written as an escape, which some gateways read as what it stands for. */
const LEADS_UP = /%2e|(?:^|%2f|%5c|\\)\.{1,2}(?:$|%2f|%5c|\\)/i

/** Where the document is that a URI names, after `withTokenId`. */
export function placesOf(uri: string, gateways: Gateways): Places {
  const scheme = schemeOf(uri)
  if (scheme === 'data')
    return uri.length > INLINE_CHARACTERS_MAX
      ? refused(`its data URI has more than ${INLINE_CHARACTERS_MAX} characters`)
      : inlineOf(uri)
  if (uri.length > URI_CHARACTERS_MAX)
    return refused(`its URI has more than ${URI_CHARACTERS_MAX} characters`)
  switch (scheme) {
    case 'http':
    case 'https':
      return { kind: 'outside', urls: [uri] }
    case 'ipfs':
      return throughGateways(uri.slice('ipfs://'.length).replace(/^ipfs\//, ''), CID, gateways.ipfs)
    case 'ar':
      return throughGateways(uri.slice('ar://'.length), ARWEAVE_ID, gateways.arweave)
    case null:
      return BARE_CID.test(uri)
        ? throughGateways(uri, CID, gateways.ipfs)
        : refused('its URI names no scheme')
    default:
      return refused(
        `its URI is of the scheme "${scheme}"; http, https, ipfs, ar and data are read`,
      )
  }
}

/** The scheme in small letters, 20 characters at most; null where there is none. */
export function schemeOf(uri: string): string | null {
  const match = /^([a-z][a-z0-9+.-]{0,19}):/i.exec(uri)
  return match ? (match[1] as string).toLowerCase() : null
}

const refused = (why: string): Places => ({ kind: 'refused', why })

function throughGateways(path: string, id: RegExp, gateways: readonly string[]): Places {
  const [name = '', ...rest] = asRead(path).split('/')
  if (!id.test(name)) return refused('its URI names no document of that network')
  if (gateways.length === 0) return refused('no gateway to that network is configured')
  // A path that goes up would leave the document for other pages of the gateway.
  if (rest.some((part) => LEADS_UP.test(part)))
    return refused('the path in its URI leads elsewhere')
  const tail = [name, ...rest.map(escapePart)].join('/')
  return { kind: 'outside', urls: gateways.map((gateway) => `${gateway}${tail}`), part: name }
}

/** As a URL is read: without tabs and ends of lines wherever they are, and without blanks and controls at its end. */
const asRead = (path: string): string =>
  path.replaceAll(/[\t\n\r]/g, '').replace(/[\p{Cc} ]+$/u, '')

/** What would end the path of a URL is a character of the name here. */
const escapePart = (part: string): string =>
  part.replaceAll('?', '%3F').replaceAll('#', '%23').replaceAll('\\', '%5C')

/** RFC 2397. */
function inlineOf(uri: string): Places {
  const comma = uri.indexOf(',')
  if (comma === -1) return refused('its data URI has no comma')
  const text = /;\s*base64\s*$/i.test(uri.slice(0, comma))
    ? textOfBase64(uri.slice(comma + 1))
    : textOfPercent(uri.slice(comma + 1))
  return text === undefined
    ? refused('its data URI holds no text in UTF-8')
    : { kind: 'inline', text }
}

/** Contracts that write JSON into a URI as it is often leave signs in it that only look like escapes. */
function textOfPercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const SIXES = new Map(Array.from(BASE64, (sign, six) => [sign, six]))
SIXES.set('-', 62).set('_', 63)

function textOfBase64(given: string): string | undefined {
  const text = textOfPercent(given).replaceAll(/\s/g, '').replace(/=+$/, '')
  const parts: string[] = []
  let [bits, held] = [0, 0]
  for (const sign of text) {
    const six = SIXES.get(sign)
    if (six === undefined) return undefined
    bits = ((bits << 6) | six) & 0xffff
    held += 6
    if (held < 8) continue
    held -= 8
    parts.push(`%${((bits >> held) & 0xff).toString(16).padStart(2, '0')}`)
  }
  try {
    return decodeURIComponent(parts.join(''))
  } catch {
    return undefined
  }
}
