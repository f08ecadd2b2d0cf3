import {
  type ActivityPlace,
  listActivity,
  type PlacedActivity,
} from '#core/activity/list-activity.ts'
import type { KnownPrincipal } from '#core/access/ports.ts'
import { expectScope } from '#core/access/scope.ts'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import { ownAccounts } from '#core/identity/own-accounts.ts'
import type { Page } from '#core/page.ts'
import { personOf } from './person.ts'
import type { Api, Ports } from './wire.ts'

type Asked = Pick<Api, 'identity' | 'points' | 'roles'>

/**
 * Whose activity is asked for: of whoever is signed in, or by a program of the person that has linked a Discord account.
 *
 * @throws AppError `forbidden` for a program without the scope, and for a person that names somebody; `not-found` where
 *   nobody can sign in, or nobody has linked the account
 */
export async function personAsked(
  api: Asked,
  principal: KnownPrincipal,
  discord: string | undefined,
): Promise<string> {
  if (discord === undefined) return personOf(api, principal).id
  expectScope(principal, 'persons:read')
  const found = await api.identity?.identity.personOfDiscord(discord)
  if (found !== undefined) return found
  throw new AppError('not-found', 'discord: nobody has linked this account to a wallet', {
    details: { field: 'discord' },
    audience: 'client',
  })
}

/** What a person did on a chain, and what its points and its roles did, newest first. */
export async function readPersonActivity(
  { identity, points, roles }: Asked,
  ports: Ports,
  view: View,
  person: string,
  {
    asset,
    ...page
  }: { readonly asset: string; readonly after?: ActivityPlace; readonly limit: number },
): Promise<Page<PlacedActivity>> {
  if (!identity) return { items: [], hasMore: false }
  const [accounts, wallets, [discord]] = await Promise.all([
    ownAccounts(identity, person),
    identity.identity.walletsOf(person),
    identity.identity.discordOf(person),
  ])
  return listActivity(
    {
      chain: { ports, view, wallets: wallets.map(({ wallet }) => wallet) },
      ...(points && { points: { ...points, asset, accounts } }),
      ...(roles && discord && { roles: { store: roles, account: discord.id } }),
    },
    page,
  )
}
