import type { Hash, Hex } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import type { Sha256 } from '#core/history/digest.ts'
import { AppError, type ErrorReason, invalidField } from '#core/errors.ts'
import { NONCE_MS, type Refusal, refusalOf, type SignInPolicy } from './policy.ts'
import type { IdentityStore, Secrets, SignatureVerifier } from './ports.ts'
import { issueSession, type SignedIn } from './sessions.ts'
import { parseSiweMessage, type SiweMessage } from './siwe-message.ts'

export type IdentityPorts = {
  readonly identity: IdentityStore
  readonly signatures: SignatureVerifier
  readonly secrets: Secrets
  readonly sha256: Sha256
  readonly clock: Pick<Clock, 'nowMs'>
  readonly policy: SignInPolicy
}

/** What a client needs to sign in: `login` is its secret, without which nobody can use the nonce. */
export type LoginStart = {
  readonly nonce: string
  readonly login: string
  readonly expiresAtMs: number
}

/** @throws AppError `unavailable` where the store cannot be used */
export async function startSignIn(ports: IdentityPorts): Promise<LoginStart> {
  const { identity, secrets, sha256, clock } = ports
  const [nonce, login] = [secrets.random128(), secrets.random128()]
  const expiresAtMs = clock.nowMs() + NONCE_MS
  await identity.putNonce({ nonce, login: sha256(login), expiresAtMs })
  return { nonce, login, expiresAtMs }
}

export type Proof = {
  /** As it was signed (EIP-4361). */
  readonly message: string
  readonly signature: Hex
  /** Of `startSignIn`. */
  readonly login: string
}

/** A signature of the largest kind that wallets make has some hundred bytes; with a deployment some thousand. */
const SIGNATURE_BYTES_MAX = 8_192

const RULES: Readonly<Record<Refusal, string>> = {
  'foreign-domain': 'it is for another domain than this service signs people in to',
  'foreign-uri': 'its URI is none of this service',
  'foreign-chain': 'it is for another chain',
  'not-yet-valid': 'it is not valid yet; look at the clock of the device',
  expired: 'it is not valid any more; sign a new one',
}

/**
 * Signs somebody in with a wallet. Who comes with a wallet that nobody has is a new person.
 *
 * The signature is judged before the nonce is taken, so that a failure of a node costs nobody a signature; the nonce is
 * taken before anything is given, by one of those who come with it.
 *
 * @throws AppError `invalid` that names the message's fault; `unauthenticated` for a wrong signature or a nonce that is
 *   unknown, used, too old or another login's; `unavailable` where the chain or the store cannot be asked
 */
export async function signIn(ports: IdentityPorts, proof: Proof): Promise<SignedIn> {
  const { address } = await proveWallet(ports, proof)
  const { identity, secrets, clock } = ports
  const link = await identity.linkWallet(address, undefined, secrets.random128(), clock.nowMs())
  if (link.status !== 'linked') throw coolingDown(link)
  return issueSession(ports, link.person, address)
}

/** The message that a wallet has signed for this login; its nonce is used up. @throws AppError as `signIn` does */
export async function proveWallet(ports: IdentityPorts, proof: Proof): Promise<SiweMessage> {
  const { identity, signatures, sha256, clock, policy } = ports
  if (!/^0x(?:[0-9a-fA-F]{2})+$/.test(proof.signature.slice(0, 2 * SIGNATURE_BYTES_MAX + 3)))
    throw invalidField('signature', 'not bytes (0x and hex digits)', { reason: 'bad-signature' })
  if (proof.signature.length > 2 * SIGNATURE_BYTES_MAX + 2)
    throw invalidField('signature', `more than ${SIGNATURE_BYTES_MAX} bytes`, {
      reason: 'bad-signature',
    })
  const parsed = parseSiweMessage(proof.message)
  if (parsed.status === 'malformed')
    throw invalidField('message', parsed.why, { reason: 'malformed-message' })
  const { message } = parsed
  const nowMs = clock.nowMs()
  const refusal = refusalOf(policy, message, nowMs)
  if (refusal) throw invalidField('message', RULES[refusal], { reason: refusal })
  const login: Hash = sha256(proof.login)
  // First what costs nothing: the chain is not asked for who has no nonce.
  if (!(await identity.hasNonce(message.nonce, login, nowMs))) throw badNonce()
  const isValid = await signatures.verify({
    chainId: message.chainId,
    address: message.address,
    message: proof.message,
    signature: proof.signature,
  })
  if (!isValid)
    throw unauthenticated(
      'bad-signature',
      'the signature is not one of this account for this message',
    )
  if (!(await identity.takeNonce(message.nonce, login, clock.nowMs()))) throw badNonce()
  return message
}

const unauthenticated = (reason: ErrorReason, message: string): AppError =>
  new AppError('unauthenticated', message, { details: { reason }, audience: 'client' })

const badNonce = (): AppError =>
  unauthenticated(
    'bad-nonce',
    'the nonce is unknown, used, older than 10 minutes or of another login; ask for a new one',
  )

export const coolingDown = (
  link:
    | { readonly status: 'taken' }
    | { readonly status: 'cooling-down'; readonly untilMs: number },
): AppError =>
  link.status === 'taken'
    ? new AppError('conflict', 'wallet: it belongs to somebody else; unlink it there first', {
        details: { field: 'wallet', reason: 'wallet-taken' },
        audience: 'client',
      })
    : new AppError(
        'conflict',
        'wallet: it was unlinked from somebody else a short while ago; try again later',
        {
          details: { field: 'wallet', reason: 'cooling-down', untilMs: link.untilMs },
          audience: 'client',
        },
      )
