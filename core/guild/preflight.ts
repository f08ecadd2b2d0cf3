import type { GuildRole, GuildView, RoleRule } from './ports.ts'

/** Why the bot cannot give or take a role, found before it is tried. */
export type RoleFault = {
  readonly guild: string
  readonly role: string
  readonly fault: 'no-guild' | 'no-role' | 'managed' | 'above-bot' | 'no-permission'
  readonly remedy: string
}

/**
 * The roles of one guild that the bot cannot manage. Discord lets a bot give and take roles below its own highest one
 * alone; what breaks that is named here and not tried, since refused requests count against the bot.
 *
 * @param view null: the bot is not in the guild
 */
export function findRoleFaults(
  rules: readonly Pick<RoleRule, 'guild' | 'role'>[],
  view: GuildView | null,
): RoleFault[] {
  return rules.flatMap(({ guild, role }) => {
    const found = faultOf(role, view)
    return found ? [{ guild, role, ...found }] : []
  })
}

function faultOf(role: string, view: GuildView | null): Pick<RoleFault, 'fault' | 'remedy'> | null {
  if (!view) return { fault: 'no-guild', remedy: 'invite the bot to the guild' }
  const { roles, own, mayManageRoles } = view
  const wanted = roles.find(({ id }) => id === role)
  if (!wanted) return { fault: 'no-role', remedy: 'the guild has no such role; correct its id' }
  const name = JSON.stringify(wanted.name)
  if (wanted.isManaged)
    return { fault: 'managed', remedy: `an integration owns the role ${name}; take another role` }
  if (!mayManageRoles)
    return { fault: 'no-permission', remedy: 'give the bot the permission Manage Roles' }
  const highest = roles.filter(({ id }) => own.includes(id)).toSorted(byRank)[0]
  if (!highest || byRank(wanted, highest) <= 0)
    return {
      fault: 'above-bot',
      remedy: `move a role of the bot above ${name} in the settings of the guild`,
    }
  return null
}

/** Highest first. */
const byRank = (a: GuildRole, b: GuildRole): number =>
  b.position - a.position || (BigInt(a.id) < BigInt(b.id) ? -1 : a.id === b.id ? 0 : 1)
