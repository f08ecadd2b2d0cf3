import type { KnownPrincipal, PrincipalResolver } from '#core/access/ports.ts'
import { AppError } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'
import { readSession } from '#core/identity/sessions.ts'
import type { IdentityPorts } from '#core/identity/sign-in.ts'
import type { Config } from './config.ts'

const BEARER = /^Bearer +(\S{1,200})$/i

/**
 * Programs by their keys, and people by the tokens of their sessions. Who shows neither is told so, and not taken for a
 * stranger.
 *
 * @param identity undefined where nobody can sign in
 */
export function knownBy(
  keys: Config['api']['keys'],
  identity: IdentityPorts | undefined,
  sha256: Sha256,
): PrincipalResolver {
  // By hash: how long a look-up takes tells nothing of a key that is nearly right.
  const programs = new Map<string, KnownPrincipal>(
    keys.map(({ name, key, scopes }) => [sha256(key), { kind: 'key', id: name, scopes }]),
  )
  return {
    async resolve(authorization) {
      if (authorization === undefined) return { kind: 'anonymous' }
      const token = BEARER.exec(authorization)?.[1] ?? ''
      const program = programs.get(sha256(token))
      if (program) return program
      if (!identity) throw nobody()
      const { person } = await readSession(identity, token)
      return { kind: 'person', id: person, scopes: [] }
    },
  }
}

const nobody = (): AppError =>
  new AppError('unauthenticated', 'this service knows no such key, and has no sessions', {
    audience: 'client',
  })

/** @throws AppError `unauthenticated` where nobody has said who asks, or what was said proves nothing */
export async function expectKnown(
  principals: PrincipalResolver,
  authorization: string | undefined,
): Promise<KnownPrincipal> {
  const principal = await principals.resolve(authorization)
  if (principal.kind !== 'anonymous') return principal
  throw new AppError('unauthenticated', 'say who asks: send an Authorization header', {
    audience: 'client',
  })
}
