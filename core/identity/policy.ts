import type { SiweMessage } from './siwe-message.ts'

/** What the operator lets people sign in to. */
export type SignInPolicy = {
  /** `example.org`, with its port where it has one. Never taken from a request. */
  readonly domains: readonly string[]
  /** Beginnings of the URIs that a message may name: `https://example.org/`. */
  readonly uris: readonly string[]
  readonly chainIds: readonly number[]
  readonly sessionMs: number
  /** How long a wallet that was unlinked is given to nobody else. */
  readonly unlinkCoolDownMs: number
}

/** How long a nonce can be used. */
export const NONCE_MS = 600_000
/** What clocks of people and of the service may differ by, in seconds. */
const SKEW_SECONDS = 60

export type Refusal =
  | 'foreign-domain'
  | 'foreign-uri'
  | 'foreign-chain'
  | 'not-yet-valid'
  | 'expired'

/** Why a message is not one for this service at this time; null where it is. */
export function refusalOf(
  { domains, uris, chainIds }: SignInPolicy,
  message: SiweMessage,
  nowMs: number,
): Refusal | null {
  const now = nowMs / 1_000
  if (!domains.includes(message.domain)) return 'foreign-domain'
  if (!isUnder(uris, message.uri)) return 'foreign-uri'
  if (message.scheme !== null && !message.uri.startsWith(`${message.scheme}:`)) return 'foreign-uri'
  if (!chainIds.includes(message.chainId)) return 'foreign-chain'
  const { issuedAt, notBefore, expiresAt } = message
  if (issuedAt > now + SKEW_SECONDS) return 'not-yet-valid'
  if (notBefore !== null && notBefore > now + SKEW_SECONDS) return 'not-yet-valid'
  // A message that is older than any nonce cannot be of one that is still good.
  if (issuedAt < now - NONCE_MS / 1_000 - SKEW_SECONDS) return 'expired'
  if (expiresAt !== null && expiresAt < now - SKEW_SECONDS) return 'expired'
  return null
}

/** `https://example.org` allows itself and all below it, and not `https://example.org.evil`. */
const isUnder = (allowed: readonly string[], uri: string): boolean =>
  allowed.some((each) => {
    const base = each.endsWith('/') ? each.slice(0, -1) : each
    if (!uri.startsWith(base)) return false
    const rest = uri.slice(base.length)
    return rest === '' || /^[/?#]/.test(rest)
  })
