import type { PrincipalResolver } from '#core/access/ports.ts'
import { AppError } from '#core/errors.ts'
import { readSession } from '#core/identity/sessions.ts'
import type { IdentityPorts } from '#core/identity/sign-in.ts'

/** For a service that knows nobody yet: who shows a key or a session is told so, not taken for a stranger. */
export const nobodyKnown: PrincipalResolver = {
  async resolve(authorization) {
    if (authorization === undefined) return { kind: 'anonymous' }
    throw new AppError('unauthenticated', 'this service knows no keys and no sessions yet', {
      audience: 'client',
    })
  },
}

const BEARER = /^Bearer +(\S{1,200})$/i

/** People by the tokens of their sessions. */
export const bySession = (ports: IdentityPorts): PrincipalResolver => ({
  async resolve(authorization) {
    if (authorization === undefined) return { kind: 'anonymous' }
    const { person } = await readSession(ports, BEARER.exec(authorization)?.[1] ?? '')
    return { kind: 'person', id: person }
  },
})
