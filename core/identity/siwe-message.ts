import { type Address, addressFault } from '#core/chain.ts'
import { withChecksum } from '#core/checksum.ts'

/** What a wallet signs to sign in (EIP-4361). Times are seconds since 1970. */
export type SiweMessage = {
  readonly scheme: string | null
  readonly domain: string
  readonly address: Address
  readonly statement: string | null
  readonly uri: string
  readonly chainId: number
  readonly nonce: string
  readonly issuedAt: number
  readonly expiresAt: number | null
  readonly notBefore: number | null
  readonly requestId: string | null
  readonly resources: readonly string[]
}

/** Far more than any message of a wallet has. */
export const MESSAGE_LENGTH_MAX = 4_000
const RESOURCES_MAX = 20

const HEADER =
  /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?([^\s/?#@]+) wants you to sign in with your Ethereum account:$/
/** RFC 3986: a scheme, and then nothing that a URI may not hold unescaped. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]*$/
/** Of a host with a port: letters, digits, dots and dashes, or an IPv6 address in brackets. */
const AUTHORITY = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
/** RFC 3986's reserved and unreserved characters, and the space: what a statement may hold. */
const STATEMENT = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;= ]+$/
const NONCE = /^[A-Za-z0-9]{8,128}$/
const CHAIN_ID = /^[1-9]\d{0,15}$/
const REQUEST_ID = /^[A-Za-z0-9\-._~!$&'()*+,;=:@%]*$/
/** RFC 3339. */
const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

/** A message, or what is wrong with it. */
export type ParsedMessage =
  | { readonly status: 'parsed'; readonly message: SiweMessage }
  | { readonly status: 'malformed'; readonly why: string }

class Malformed extends Error {}

/**
 * Reads a message by the whole grammar of EIP-4361, and writes it again: one that does not come out the same, letter by
 * letter, is malformed. So there is one reading of every message.
 */
export function parseSiweMessage(text: string): ParsedMessage {
  try {
    if (text.length > MESSAGE_LENGTH_MAX) throw new Malformed(`longer than ${MESSAGE_LENGTH_MAX}`)
    const { message, written } = readMessage(text)
    if (written !== text) throw new Malformed('it is not written as EIP-4361 says')
    return { status: 'parsed', message }
  } catch (error) {
    if (error instanceof Malformed) return { status: 'malformed', why: error.message }
    throw error
  }
}

function readMessage(text: string): { message: SiweMessage; written: string } {
  const lines = text.split('\n')
  let at = 0
  const next = (what: string): string => {
    const line = lines[at++]
    if (line === undefined) throw new Malformed(`it ends where ${what} should be`)
    return line
  }
  const take = (pattern: RegExp, what: string, value: string): string => {
    if (!pattern.test(value)) throw new Malformed(`${what} is not as EIP-4361 says`)
    return value
  }
  const field = (label: string): string => {
    const line = next(label)
    if (!line.startsWith(`${label}: `)) throw new Malformed(`there is no ${label}`)
    return line.slice(label.length + 2)
  }
  const maybe = (label: string): string | null =>
    lines[at]?.startsWith(`${label}: `) ? field(label) : null

  const header = HEADER.exec(next('the header'))
  if (!header) throw new Malformed('the first line is not that of a sign-in')
  const [, scheme = null, domain = ''] = header
  take(AUTHORITY, 'the domain', domain)
  const shown = next('the address')
  // The checksum is not optional here: a wallet shows this line to its owner.
  if (addressFault(shown) !== undefined || shown !== withChecksum(shown))
    throw new Malformed('the address is none, or not written with its checksum (EIP-55)')
  if (next('an empty line') !== '') throw new Malformed('there is no empty line behind the address')
  let statement: string | null = null
  const below = next('the statement or an empty line')
  if (below !== '') {
    statement = take(STATEMENT, 'the statement', below)
    if (next('an empty line') !== '')
      throw new Malformed('there is no empty line behind the statement')
  }
  const uri = take(URI, 'the URI', field('URI'))
  if (field('Version') !== '1') throw new Malformed('the version is not 1')
  const chainText = take(CHAIN_ID, 'the chain id', field('Chain ID'))
  const chainId = Number(chainText)
  if (!Number.isSafeInteger(chainId)) throw new Malformed('the chain id is too large')
  const nonce = take(NONCE, 'the nonce', field('Nonce'))
  const times = {
    issuedAt: field('Issued At'),
    expiresAt: maybe('Expiration Time'),
    notBefore: maybe('Not Before'),
  }
  const requestId = maybe('Request ID')
  if (requestId !== null) take(REQUEST_ID, 'the request id', requestId)
  const resources: string[] = []
  const hasResources = lines[at] === 'Resources:'
  if (hasResources) {
    at++
    while (at < lines.length) {
      if (resources.length === RESOURCES_MAX)
        throw new Malformed(`it has more than ${RESOURCES_MAX} resources`)
      const line = next('a resource')
      if (!line.startsWith('- ')) throw new Malformed('a resource does not begin with "- "')
      resources.push(take(URI, 'a resource', line.slice(2)))
    }
  }
  if (at !== lines.length) throw new Malformed(`line ${at + 1} is none that may be there`)
  const written = [
    `${scheme === null ? '' : `${scheme}://`}${domain} wants you to sign in with your Ethereum account:`,
    withChecksum(shown.toLowerCase()),
    '',
    ...(statement === null ? [] : [statement]),
    '',
    `URI: ${uri}`,
    'Version: 1',
    `Chain ID: ${chainId}`,
    `Nonce: ${nonce}`,
    `Issued At: ${times.issuedAt}`,
    ...(times.expiresAt === null ? [] : [`Expiration Time: ${times.expiresAt}`]),
    ...(times.notBefore === null ? [] : [`Not Before: ${times.notBefore}`]),
    ...(requestId === null ? [] : [`Request ID: ${requestId}`]),
    ...(hasResources ? ['Resources:', ...resources.map((each) => `- ${each}`)] : []),
  ].join('\n')
  return {
    written,
    message: {
      scheme,
      domain,
      address: shown.toLowerCase() as Address,
      statement,
      uri,
      chainId,
      nonce,
      issuedAt: secondsOf(times.issuedAt),
      expiresAt: times.expiresAt === null ? null : secondsOf(times.expiresAt),
      notBefore: times.notBefore === null ? null : secondsOf(times.notBefore),
      requestId,
      resources,
    },
  }
}

/** @throws Malformed for what is no time, such as the 30th of February */
function secondsOf(text: string): number {
  const parts = TIME.exec(text)
  const ms = parts ? Date.parse(text) : Number.NaN
  if (!parts || Number.isNaN(ms)) throw new Malformed(`${text.slice(0, 40)} is no time (RFC 3339)`)
  const [, year, month, day] = parts
  const inMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (Number(day) > inMonth) throw new Malformed(`${text} is no day of the calendar`)
  return ms / 1_000
}
