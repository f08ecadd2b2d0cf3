import { createFaults } from '#cli/operator-watch.ts'
import { openRoleHistory, wireRoles } from '#cli/wire-roles.ts'
import type { ChainRoles } from '#cli/wire-roles.ts'
import { isAppError } from '#core/errors.ts'
import { applyRoles, faultsOf } from '#core/guild/apply-roles.ts'
import { createRoleFollower, type RoleFollower } from '#core/guild/follow-roles.ts'
import type { RoleChange, RoleChangePlace } from '#core/guild/ports.ts'
import type { RoleFault } from '#core/guild/preflight.ts'
import { sweepRoles } from '#core/guild/sweep-roles.ts'
import { toJson } from '#resources/json.ts'
import { roleChange } from '#resources/roles.ts'
import { systemClock } from '#wiring/system.ts'
import { createMetrics } from '#wiring/telemetry.ts'
import { createRoleMetrics } from './role-metrics.ts'

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const printChange = (change: RoleChange): void => print(toJson(roleChange, change))

export async function planAll(config: string): Promise<void> {
  await using app = await wireRoles(config)
  for (const { chainId, rules, ports } of app.chains) {
    for (const [guild, ofGuild] of Map.groupBy(rules, (rule) => rule.guild))
      // oxlint-disable-next-line no-await-in-loop -- what is asked of Discord goes one by one
      for (const fault of await faultsOf(ports.guild, guild, ofGuild)) print(fault)
    // oxlint-disable-next-line no-await-in-loop -- likewise
    for (const state of await sweepRoles(ports, chainId, rules, true)) {
      const { guild, role, account, person, isWanted, reason, evidence, failure } = state
      const change = isWanted ? 'grant' : 'remove'
      print({
        guild,
        role,
        account,
        person,
        change,
        reason,
        failure,
        block: evidence?.block ?? null,
      })
    }
  }
}

export async function applyAll(config: string, stop: AbortSignal): Promise<void> {
  await using app = await wireRoles(config)
  for (const { chainId, rules, ports } of app.chains) {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- again as long as Discord wants to be asked later
      const pending = await sweepRoles(ports, chainId, rules)
      // oxlint-disable-next-line no-await-in-loop -- likewise
      const { made, faults, waitMs } = await applyRoles(ports, pending, stop)
      made.forEach(printChange)
      for (const fault of faults) print(fault)
      if (waitMs === null || stop.aborted) break
      // oxlint-disable-next-line no-await-in-loop -- likewise
      await systemClock.sleep(waitMs, stop)
    }
  }
}

/** How often it is looked whether there is anything new. */
const POLL_MS = 250
const PAUSE_MS_MAX = 30_000

export async function followAll(config: string, sweepMs: number, stop: AbortSignal): Promise<void> {
  await using app = await wireRoles(config)
  const watch = { metrics: createRoleMetrics(createMetrics()), faults: createFaults() }
  await using parts = new AsyncDisposableStack()
  if (app.metricsAt) parts.use(await watch.faults.listen(watch.metrics, app.metricsAt))
  await Promise.all(app.chains.map((chain) => followChain(chain, sweepMs, watch, stop)))
}

type Watch = {
  readonly metrics: ReturnType<typeof createRoleMetrics>
  readonly faults: ReturnType<typeof createFaults>
}

async function followChain(
  chain: ChainRoles,
  sweepMs: number,
  watch: Watch,
  stop: AbortSignal,
): Promise<void> {
  const { ports, chainId, rules, name } = chain
  const follower = createRoleFollower(ports, chainId, rules, sweepMs)
  const told = new Set<string>()
  let pauseMs = POLL_MS
  while (!stop.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- round by round
    const hasMore = await tryRound(follower, told, { ...watch, name }, stop)
    // oxlint-disable-next-line no-await-in-loop -- likewise
    watch.metrics.behind(name, await lagOf(chain))
    pauseMs = hasMore === undefined ? Math.min(2 * pauseMs, PAUSE_MS_MAX) : POLL_MS
    // oxlint-disable-next-line no-await-in-loop -- likewise
    if (hasMore !== true) await systemClock.sleep(pauseMs, stop)
  }
}

/** Blocks of the history that roles were not looked at for; undefined where that cannot be known now. */
async function lagOf({ ports, chainId }: ChainRoles): Promise<number | undefined> {
  try {
    const [cursor, newest] = [await ports.roles.cursor(chainId), await ports.feed.newest()]
    return cursor && newest && Math.max(0, newest.number - cursor.number)
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    return undefined
  }
}

/** Whether there is more to do at once; undefined where it could not be done. */
async function tryRound(
  follower: RoleFollower,
  told: Set<string>,
  { metrics, faults: known, name }: Watch & { readonly name: string },
  stop: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const { made, faults, hasMore } = await follower.round(stop)
    made.forEach(printChange)
    for (const fault of faults) tellOnce(fault, told)
    metrics.changed(name, made)
    // Only a round that changes anything asks Discord what the bot may.
    if (made.length + faults.length > 0) metrics.faulty(name, faults.length)
    metrics.roundEnded(name, true)
    known.note(name, undefined)
    return hasMore
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    metrics.roundEnded(name, false)
    known.note(name, error.message)
    if (!stop.aborted) process.stderr.write(`halyard: ${error.message}; it is tried again\n`)
    return undefined
  }
}

/** A role that cannot be managed is named once, and not at each try. */
function tellOnce(fault: RoleFault, told: Set<string>): void {
  const text = JSON.stringify(fault)
  if (told.has(text)) return
  told.add(text)
  process.stderr.write(`halyard: role ${fault.role} of guild ${fault.guild}: ${fault.remedy}\n`)
}

/** Changes that are read at once. */
const PAGE = 200

export async function printHistory({
  config,
  account,
  limit,
}: {
  readonly config: string
  readonly account?: string
  readonly limit: number
}): Promise<void> {
  const roles = await openRoleHistory(config)
  try {
    let left = limit
    let before: RoleChangePlace | undefined
    while (left > 0) {
      // oxlint-disable-next-line no-await-in-loop -- page by page
      const page = await roles.changes({
        ...(account !== undefined && { account }),
        ...(before && { before }),
        limit: Math.min(left, PAGE),
      })
      page.forEach(printChange)
      before = page.at(-1)
      if (!before || page.length < PAGE) return
      left -= page.length
    }
  } finally {
    await roles.close()
  }
}
