import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { IdentityPorts } from './sign-in.ts'
import type { Session } from './ports.ts'

/** A session with the token that proves it. */
export type SignedIn = {
  readonly person: string
  readonly wallet: Address
  readonly token: string
  readonly expiresAtMs: number
}

type SessionPorts = Pick<IdentityPorts, 'identity' | 'secrets' | 'clock' | 'policy'>

/** A new session of a person who has just proven a wallet. */
export async function issueSession(
  ports: SessionPorts,
  person: string,
  wallet: Address,
): Promise<SignedIn> {
  const { identity, secrets, clock, policy } = ports
  const session: Session = {
    id: secrets.random128(),
    person,
    wallet,
    generation: 1,
    expiresAtMs: clock.nowMs() + policy.sessionMs,
    isRevoked: false,
  }
  await identity.putSession(session)
  return signedIn(ports, session)
}

const signedIn = ({ secrets }: SessionPorts, session: Session): SignedIn => {
  const { id, person, wallet, generation, expiresAtMs } = session
  const text = `${id}.${generation}`
  return { person, wallet, expiresAtMs, token: `${text}.${secrets.sign(text)}` }
}

const TOKEN = /^([0-9a-f]{32})\.([1-9]\d{0,8})\.([\w-]{20,100})$/

/**
 * The session that a token proves.
 *
 * @throws AppError `unauthenticated` for a token that is forged, old, or of a session that has ended
 */
export async function readSession(ports: SessionPorts, token: string): Promise<Session> {
  const { identity, secrets, clock } = ports
  const [, id = '', generation = '', signature = ''] = TOKEN.exec(token.slice(0, 200)) ?? []
  // What this service did not make is refused without asking the store.
  if (id === '' || !secrets.isSigned(`${id}.${generation}`, signature)) throw noSession()
  const session = await identity.session(id)
  if (!session || session.isRevoked || session.expiresAtMs <= clock.nowMs()) throw noSession()
  if (Number(generation) === session.generation) return session
  // A token of before: somebody has a copy of it, and it is not known who. Neither is believed any more.
  await identity.revokeSession(id)
  throw noSession()
}

/**
 * A new token in the place of one, which is no good from then on.
 *
 * @throws AppError `unauthenticated` as `readSession` does
 */
export async function rotateSession(ports: SessionPorts, token: string): Promise<SignedIn> {
  const session = await readSession(ports, token)
  const expiresAtMs = ports.clock.nowMs() + ports.policy.sessionMs
  const isMine = await ports.identity.rotateSession(session.id, session.generation, expiresAtMs)
  if (!isMine) throw noSession()
  return signedIn(ports, { ...session, generation: session.generation + 1, expiresAtMs })
}

/** Ends a session for good. @throws AppError `unauthenticated` as `readSession` does */
export async function endSession(ports: SessionPorts, token: string): Promise<void> {
  const { id } = await readSession(ports, token)
  await ports.identity.revokeSession(id)
}

const noSession = (): AppError =>
  new AppError('unauthenticated', 'there is no such session, or it has ended; sign in again', {
    details: { reason: 'no-session' },
    audience: 'client',
  })
