import { AppError } from '#core/errors.ts'
import type { KnownPrincipal } from './ports.ts'

/** What an API key may be good for. */
export const SCOPES = ['points:read', 'points:grant', 'points:spend', 'persons:read'] as const
export type Scope = (typeof SCOPES)[number]

/** @throws AppError `forbidden` with the reason `missing-scope` where the principal has no such scope, as no person has */
export function expectScope(principal: KnownPrincipal, scope: Scope): void {
  if (principal.scopes.includes(scope)) return
  throw new AppError(
    'forbidden',
    `this takes an API key with the scope ${scope}; ask the operator for one`,
    { details: { reason: 'missing-scope', scope }, audience: 'client' },
  )
}
