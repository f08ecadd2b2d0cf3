import type { IdentityStore } from '#core/identity/ports.ts'
import { type Page, pageOf } from '#core/page.ts'
import type { RoleChange, RoleChangePlace, RoleState, RoleStore } from './ports.ts'

export type ListRolesPorts = {
  readonly identity: Pick<IdentityStore, 'discordOf'>
  readonly roles: Pick<RoleStore, 'statesOf' | 'changes'>
}

/** What a person should have and has; nothing where no Discord account is linked. */
export async function listRoles(
  { identity, roles }: ListRolesPorts,
  person: string,
): Promise<RoleState[]> {
  const [account] = await identity.discordOf(person)
  return account ? roles.statesOf([account.id]) : []
}

/** What was given to the Discord account of a person and taken from it, newest first. */
export async function listRoleChanges(
  { identity, roles }: ListRolesPorts,
  person: string,
  { before, limit }: { readonly before?: RoleChangePlace; readonly limit: number },
): Promise<Page<RoleChange>> {
  const [account] = await identity.discordOf(person)
  if (!account) return { items: [], hasMore: false }
  const found = await roles.changes({
    account: account.id,
    ...(before && { before }),
    limit: limit + 1,
  })
  return pageOf(found, limit)
}
