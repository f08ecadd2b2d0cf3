import type { PrincipalResolver } from '#core/access/ports.ts'
import { AppError } from '#core/errors.ts'

/** For a service that knows nobody yet: who shows a key or a session is told so, not taken for a stranger. */
export const nobodyKnown: PrincipalResolver = {
  async resolve(authorization) {
    if (authorization === undefined) return { kind: 'anonymous' }
    throw new AppError('unauthenticated', 'this service knows no keys and no sessions yet', {
      audience: 'client',
    })
  },
}
