import { isAppError } from '#core/errors.ts'
import type { IdentityStore } from '#core/identity/ports.ts'
import { mergeStates } from './apply-roles.ts'
import { type DecidePorts, decideRoles } from './decide-roles.ts'
import type { GuildClient, RoleRule, RoleState, RoleStore } from './ports.ts'
import { isPending } from './role-state.ts'

export type SweepPorts = Omit<DecidePorts, 'roles' | 'identity'> & {
  readonly roles: Pick<RoleStore, 'statesOf' | 'accounts' | 'putState'>
  readonly identity: Pick<IdentityStore, 'personOfDiscord' | 'walletsOf' | 'discordAccounts'>
  readonly guild: Pick<GuildClient, 'members'>
}

const PAGE = 500
const MEMBERS_PAGE = 1_000
/** Members of one guild that are looked through. */
const MEMBERS_MAX = 2_000_000

/** The roles of members by guild; null: Discord does not tell this bot who is in it. */
type Members = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>> | null>

/**
 * Looks at every account that is linked, or that was given anything: decides on it anew, and holds what is known of its
 * roles against what Discord says.
 *
 * @param isDryRun nothing is stored
 * @returns states that wait for a change
 * @throws AppError `unavailable` where a store or Discord gives no answer
 */
export async function sweepRoles(
  ports: SweepPorts,
  chainId: number,
  rules: readonly RoleRule[],
  isDryRun = false,
): Promise<RoleState[]> {
  const members = await membersOf(ports.guild, rules)
  const pending: RoleState[] = []
  for await (const accounts of pagesOfAccounts(ports)) {
    const touched = accounts.map((account) => ({ account, touchedAt: null, isRoutine: true }))
    const decided = await decideRoles(ports, chainId, rules, touched)
    const mine = decided.states.filter((state) => state.chainId === chainId)
    const changed = new Set(decided.changed)
    const seen = mine.map((state) => seenAs(state, members, changed.has(state)))
    if (!isDryRun)
      for (const state of mergeStates(
        decided.changed,
        seen.filter((each) => !mine.includes(each)),
      ))
        await ports.roles.putState(state)
    pending.push(...seen.filter(isPending))
  }
  return pending
}

/** The state with what Discord says of it; itself where that is nothing new. */
function seenAs(state: RoleState, members: Members, isNew: boolean): RoleState {
  const ofGuild = members.get(state.guild)
  if (!ofGuild) return state
  const roles = ofGuild.get(state.account)
  const isHeld = roles?.has(state.role) ?? false
  const failure = roles ? (state.failure === 'not-a-member' ? null : state.failure) : 'not-a-member'
  const isSame =
    state.isHeld === isHeld && !state.isTried && (state.failure === failure || !state.isWanted)
  if (isSame) return state
  return {
    ...state,
    isHeld,
    isTried: false,
    failure,
    retryAtMs: failure === 'not-a-member' ? state.retryAtMs : 0,
    // A state that is not stored yet is stored with this, as one version.
    version: isNew ? state.version : state.version + 1,
  }
}

async function membersOf(
  client: SweepPorts['guild'],
  rules: readonly RoleRule[],
): Promise<Members> {
  const members = new Map<string, Map<string, ReadonlySet<string>> | null>()
  for (const guild of new Set(rules.map((rule) => rule.guild)))
    // oxlint-disable-next-line no-await-in-loop -- what is asked of Discord goes one by one
    members.set(guild, await membersOfGuild(client, guild))
  return members
}

async function membersOfGuild(client: SweepPorts['guild'], guild: string) {
  const found = new Map<string, ReadonlySet<string>>()
  let after: string | null = null
  try {
    while (found.size < MEMBERS_MAX) {
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page = await client.members(guild, after, MEMBERS_PAGE)
      for (const { account, roles } of page) found.set(account, new Set(roles))
      after = page.at(-1)?.account ?? null
      if (page.length < MEMBERS_PAGE) return found
    }
  } catch (error) {
    // Without the privileged intent a bot is not told its members, and it may have asked too often: then its own record
    // is gone by.
    if (!isAppError(error, 'forbidden') && !isAppError(error, 'rate-limited')) throw error
    return null
  }
  return found
}

/** Linked accounts, then those that anything is kept of; an account may come twice. */
async function* pagesOfAccounts({ identity, roles }: SweepPorts): AsyncGenerator<string[]> {
  const pages = [
    async (after: string | null) =>
      (await identity.discordAccounts(after, PAGE)).map(({ id }) => id),
    (after: string | null) => roles.accounts(after, PAGE),
  ]
  for (const read of pages) {
    let after: string | null = null
    for (;;) {
      const page: string[] = await read(after)
      if (page.length > 0) yield page
      after = page.at(-1) ?? null
      if (page.length < PAGE) break
    }
  }
}
