import { AppError } from '#core/errors.ts'
import type { KnownPrincipal } from '#core/access/ports.ts'
import type { ListRolesPorts } from '#core/guild/list-roles.ts'
import type { Identity } from '#wiring/open-identity.ts'
import type { Api } from './wire.ts'

/**
 * The person that asks, and where its sign-ins are kept.
 *
 * @throws AppError `forbidden` for a program, which is no person; `not-found` where nobody can sign in
 */
export function personOf(
  { identity }: Pick<Api, 'identity'>,
  { kind, id }: KnownPrincipal,
): { readonly id: string; readonly ports: Identity } {
  if (!identity)
    throw new AppError('not-found', 'nobody can sign in here: the service is not set up for it', {
      audience: 'client',
    })
  if (kind === 'person') return { id, ports: identity }
  throw new AppError('forbidden', 'a key is no person; sign in', {
    details: { reason: 'not-your-account' },
    audience: 'client',
  })
}

/** The same for what is about roles. @throws AppError `not-found` where the service gives none */
export function rolesOf(
  api: Pick<Api, 'identity' | 'roles'>,
  principal: KnownPrincipal,
): { readonly id: string; readonly ports: ListRolesPorts } {
  const { id, ports } = personOf(api, principal)
  if (api.roles) return { id, ports: { identity: ports.identity, roles: api.roles } }
  throw new AppError('not-found', 'no roles are given here: the service is not set up for it', {
    audience: 'client',
  })
}
