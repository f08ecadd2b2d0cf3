import { AppError, invalidField } from '#core/errors.ts'
import type { KnownPrincipal } from '#core/access/ports.ts'
import { expectScope, type Scope } from '#core/access/scope.ts'
import { ownAccounts } from '#core/identity/own-accounts.ts'
import type { LedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation } from '#core/ledger/operation.ts'
import type { ReadPorts } from '#core/ledger/read-balance.ts'
import { type DoneOperation, expectDone } from '#core/ledger/expect-done.ts'
import type { Api } from '#api/wire.ts'

/** The ledger of points that the API serves. */
export type Points = {
  readonly ledger: string
  readonly ports: ReadPorts & { readonly clerk: LedgerClerk }
}

/** @throws AppError `not-found` where the service keeps no points */
export function pointsOf({ points }: Pick<Api, 'points'>): Points {
  if (points) return points
  throw new AppError('not-found', 'no points are kept here: the service is not set up for it', {
    audience: 'client',
  })
}

/** Whose request it is in a ledger: keys of one principal are its own, and its name is on what it did. */
export const nameOf = ({ kind, id }: KnownPrincipal): string => `${kind}:${id}`

/**
 * The accounts of whoever is signed in: its own first, then those of its wallets.
 *
 * @throws AppError `forbidden` for a program, which has none
 */
export async function accountsOf(
  { identity }: Pick<Api, 'identity'>,
  principal: KnownPrincipal,
): Promise<string[]> {
  if (principal.kind === 'person' && identity) return ownAccounts(identity, principal.id)
  throw new AppError('forbidden', 'a key has no account of its own; name the account', {
    details: { reason: 'not-your-account' },
    audience: 'client',
  })
}

/**
 * Lets a person at its own accounts, and a program with the scope at any.
 *
 * @throws AppError `forbidden` with the reason `not-your-account` or `missing-scope`
 */
export async function expectAccount(
  api: Pick<Api, 'identity'>,
  principal: KnownPrincipal,
  account: string,
  scope: Scope,
): Promise<void> {
  if (principal.kind === 'key') return expectScope(principal, scope)
  if ((await accountsOf(api, principal)).includes(account)) return undefined
  throw new AppError(
    'forbidden',
    'account: it is not yours; name your own, or that of a wallet which you have proven',
    { details: { field: 'account', reason: 'not-your-account' }, audience: 'client' },
  )
}

/** Whoever is signed in, or a program that may read points. @throws AppError `forbidden` */
export function expectReader(principal: KnownPrincipal): void {
  if (principal.kind === 'key') expectScope(principal, 'points:read')
}

const KEY = /^[\w.~-]{16,128}$/

/** @throws AppError `invalid` with the reason `key-malformed` */
export function checkKey(key: string): void {
  if (KEY.test(key)) return
  throw invalidField(
    'key',
    'it is not 16 to 128 letters, digits or ._~-; make one such as a UUID',
    {
      reason: 'key-malformed',
    },
  )
}

/**
 * Does an operation in the name of a principal, once for its key.
 *
 * @param key 16 to 128 letters, digits or `._~-`
 * @throws AppError as `expectDone` does; `invalid` with the reason `key-malformed`; `unavailable` where it is not known
 *   whether it was done: the same key tells
 */
export async function doFor(
  { ports }: Points,
  principal: KnownPrincipal,
  key: string,
  operation: Operation,
): Promise<DoneOperation> {
  checkKey(key)
  const name = nameOf(principal)
  return expectDone(await ports.clerk.submit({ scope: name, key, actor: name, operation }))
}
