import { isAppError } from '#core/errors.ts'
import type { GuildClient, GuildView, RoleChange, RoleRule, RoleState, RoleStore } from './ports.ts'
import { findRoleFaults, type RoleFault } from './preflight.ts'
import { changeOf, isPending, roleKeyText } from './role-state.ts'

export type ApplyPorts = {
  readonly roles: Pick<RoleStore, 'putState'>
  readonly guild: GuildClient
  readonly clock: { nowMs(): number }
}

/** What became of changes: those that were made, and the roles that the bot cannot manage. */
export type Applied = {
  readonly made: readonly RoleChange[]
  readonly faults: readonly RoleFault[]
  /** When Discord wants to be asked again; null: nothing waits for that. */
  readonly waitMs: number | null
}

/** How long a change that Discord refused is left alone: refused requests count against the bot. */
const RETRY_MS = 600_000
/** How long one that was not tried is left alone: somebody may be about to mend it. */
const FAULT_MS = 30_000

/**
 * Makes the changes that states wait for, each recorded with its evidence.
 *
 * @param stop looked at between two changes
 * @throws AppError `unavailable` where Discord or the store gives no answer
 */
export async function applyRoles(
  { roles, guild, clock }: ApplyPorts,
  states: readonly RoleState[],
  stop: { readonly aborted: boolean } = { aborted: false },
): Promise<Applied> {
  const due = states.filter((state) => isPending(state) && state.retryAtMs <= clock.nowMs())
  const made: RoleChange[] = []
  const faults: RoleFault[] = []
  try {
    for (const [id, ofGuild] of Map.groupBy(due, (state) => state.guild)) {
      // oxlint-disable-next-line no-await-in-loop -- what is asked of Discord goes one by one
      const found = await faultsOf(guild, id, ofGuild)
      faults.push(...found)
      for (const state of ofGuild) {
        if (stop.aborted) return { made, faults, waitMs: null }
        if (found.some(({ role }) => role === state.role)) {
          // oxlint-disable-next-line no-await-in-loop -- likewise
          await roles.putState(faulted(state, clock.nowMs()))
          continue
        }
        // oxlint-disable-next-line no-await-in-loop -- likewise
        const change = await applyOne({ roles, guild, clock }, state)
        if (change) made.push(change)
      }
    }
  } catch (error) {
    if (!isAppError(error, 'rate-limited')) throw error
    return { made, faults, waitMs: Number(error.details.retryMs ?? 1_000) }
  }
  return { made, faults, waitMs: null }
}

/**
 * That a change is begun is stored before Discord is asked: whoever finds that knows that the account may have the role,
 * also where it should not have it any more by then.
 */
async function applyOne(
  { roles, guild, clock }: ApplyPorts,
  state: RoleState,
): Promise<RoleChange | undefined> {
  const begun = { ...state, isTried: true, version: state.version + 1 }
  // Somebody else is at it.
  if (!(await roles.putState(begun))) return undefined
  const { role, account } = state
  const outcome = await guild.setRole(
    { guild: state.guild, role, account },
    state.isWanted,
    whyOf(state),
  )
  const next = after(begun, outcome, clock.nowMs())
  const isChange = next.isHeld !== state.isHeld || (state.isTried && outcome === 'done')
  const change = isChange ? changeOf(next, clock.nowMs()) : undefined
  return (await roles.putState(next, change)) ? change : undefined
}

/** What the bot cannot manage of a guild. @throws AppError as `GuildClient.view` does, but for `forbidden` */
export async function faultsOf(
  client: GuildClient,
  guild: string,
  roles: readonly Pick<RoleRule, 'guild' | 'role'>[],
): Promise<RoleFault[]> {
  const distinct = [...new Map(roles.map((each) => [each.role, each])).values()]
  return findRoleFaults(distinct, await viewOf(client, guild))
}

async function viewOf(client: GuildClient, guild: string): Promise<GuildView | null> {
  try {
    return await client.view(guild)
  } catch (error) {
    if (isAppError(error, 'forbidden')) return null
    throw error
  }
}

function after(
  state: RoleState,
  outcome: Awaited<ReturnType<GuildClient['setRole']>>,
  nowMs: number,
): RoleState {
  const version = state.version + 1
  if (outcome === 'done')
    return {
      ...state,
      version,
      isHeld: state.isWanted,
      isTried: false,
      failure: null,
      retryAtMs: 0,
    }
  // Whoever is no member has no role.
  const isHeld = outcome === 'not-a-member' ? false : state.isHeld
  return {
    ...state,
    version,
    isHeld,
    isTried: false,
    failure: outcome,
    retryAtMs: nowMs + RETRY_MS,
  }
}

/** A change that was not tried. */
const faulted = (state: RoleState, nowMs: number): RoleState => ({
  ...state,
  version: state.version + 1,
  failure: 'forbidden',
  retryAtMs: nowMs + FAULT_MS,
})

/** A line for the audit log of the guild. */
function whyOf(state: RoleState): string {
  const { reason, evidence } = state
  return evidence
    ? `${reason} at block ${evidence.block.number} ${evidence.block.hash.slice(0, 10)}`
    : reason
}

/** The states as they are after others took their place. */
export function mergeStates(older: readonly RoleState[], newer: readonly RoleState[]): RoleState[] {
  const byKey = new Map(older.map((state) => [roleKeyText(state), state]))
  for (const state of newer) byKey.set(roleKeyText(state), state)
  return [...byKey.values()]
}
