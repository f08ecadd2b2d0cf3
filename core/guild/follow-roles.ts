import type { Address } from '#core/chain.ts'
import { hasReason } from '#core/errors.ts'
import { storedBlockAt } from '#core/history/block-at.ts'
import type { FeedItem, HistoryFeed } from '#core/history/feed.ts'
import type { HeadLog } from '#core/history/ports.ts'
import { rangeWith } from '#core/chain.ts'
import { isEmpty, type View } from '#core/history/head.ts'
import type { Views } from '#core/history/view.ts'
import { type Transfer, transferFamily } from '#core/nft/transfer.ts'
import { leavesOf } from '#core/ownership/rule.ts'
import { tokenFamily, type TokenRebase, type TokenTransfer } from '#core/tokens/token-transfer.ts'
import type { IdentityStore } from '#core/identity/ports.ts'
import { type Applied, type ApplyPorts, applyRoles, mergeStates } from './apply-roles.ts'
import { type DecidePorts, decideRoles, type Touched } from './decide-roles.ts'
import type { RoleKey, RoleRule, RoleState, RoleStore } from './ports.ts'
import { isPending } from './role-state.ts'
import { sweepRoles } from './sweep-roles.ts'

/** What keeping the roles of one chain's rules takes. */
export type FollowRolesPorts = Omit<DecidePorts, 'roles' | 'identity'> &
  Omit<ApplyPorts, 'roles'> & {
    readonly roles: RoleStore
    readonly identity: Pick<
      IdentityStore,
      'personOf' | 'personOfDiscord' | 'walletsOf' | 'discordOf' | 'discordAccounts'
    >
    readonly feed: HistoryFeed
    readonly heads: Pick<HeadLog, 'block' | 'settledBlock'>
    readonly views: Views
    readonly clock: { nowMs(): number; monotonicMs(): number }
  }

/** What one round did. */
type RolesRound = Pick<Applied, 'made' | 'faults'> & {
  /** Whether there is more to read at once. */
  readonly hasMore: boolean
}

export type RoleFollower = {
  /**
   * Reads on in the history, decides on whoever it touches, and makes the changes.
   *
   * @throws AppError `unavailable` where a store or Discord gives no answer: the next round goes on where this one began
   */
  round(stop?: { readonly aborted: boolean }): Promise<RolesRound>
}

/** Events that are read at once. */
const EVENTS_MAX = 2_000
/** Accounts that are looked at in one round because somebody asked, or because something was left to do. */
const OPEN_MAX = 500
/** How often what cannot be known is asked again. */
const UNKNOWN_MS = 10_000
/** The same for decisions whose block is older than the event: a node lags, or the rule wants a block that is final. */
const TOUCHED_MS = 500

/**
 * Keeps the roles that rules of one chain give as they should be, round by round.
 *
 * Events only say where to look: what counts is the decision, which reads the contracts at one block. Its block is kept
 * and held against the history until it is final, so that a decision which stood on a block that was taken back is made
 * again, also where that block was never indexed.
 *
 * @param sweepMs how often all accounts are looked at, and compared with what Discord says
 */
export function createRoleFollower(
  ports: FollowRolesPorts,
  chainId: number,
  rules: readonly RoleRule[],
  sweepMs: number,
): RoleFollower {
  const { roles, feed, clock } = ports
  const contracts = new Set(
    rules.flatMap(({ rule }) => leavesOf(rule).map(({ collection }) => collection)),
  )
  let sweepAtMs = 0
  let unknownAtMs = 0
  let touchedAtMs = 0
  let discordAtMs = 0
  let openAfter: RoleKey | null = null

  /** Of the events that come next in the history, the accounts whose decisions they may change. */
  async function readOn() {
    const cursor = (await roles.cursor(chainId)) ?? (await feed.newest())
    if (!cursor) return { touched: [], last: undefined, hasMore: false }
    const families = [transferFamily, tokenFamily]
    const items = await feed
      .read<Transfer | TokenTransfer | TokenRebase>(cursor, { families, limit: EVENTS_MAX })
      .catch((error: unknown) => {
        if (!hasReason(error, 'other-branch')) throw error
        // The history was begun anew: a sweep looks at everybody, and then it is read on from its newest block.
        sweepAtMs = 0
        return undefined
      })
    if (!items) return { touched: [], last: await feed.newest(), hasMore: false }
    const wallets = walletsIn(items, contracts)
    const touched: Touched[] = []
    for (const [wallet, touchedAt] of wallets)
      // oxlint-disable-next-line no-await-in-loop -- most wallets are nobody's
      for (const account of await accountsOf(wallet)) touched.push({ account, touchedAt })
    const last = items.at(-1)?.cursor ?? cursor
    return { touched, last, hasMore: countEvents(items) >= EVENTS_MAX }
  }

  async function accountsOf(wallet: Address): Promise<string[]> {
    const person = await ports.identity.personOf(wallet)
    if (person === undefined) return []
    return (await ports.identity.discordOf(person)).map(({ id }) => id)
  }

  /** Whatever was left to do, and of it the accounts that have to be decided on again. */
  async function lookBack() {
    const open = await roles.openStates(chainId, clock.nowMs(), openAfter, OPEN_MAX)
    // Those that are many are gone through in several rounds.
    openAfter = open.length < OPEN_MAX ? null : (open.at(-1) ?? null)
    const isUnknownDue = clock.monotonicMs() >= unknownAtMs
    if (isUnknownDue) unknownAtMs = clock.monotonicMs() + UNKNOWN_MS
    const isTouchedDue = clock.monotonicMs() >= touchedAtMs
    if (isTouchedDue) touchedAtMs = clock.monotonicMs() + TOUCHED_MS
    const view = await ports.views.current()
    const again: Touched[] = []
    const pending: RoleState[] = []
    for (const found of open) {
      // oxlint-disable-next-line no-await-in-loop -- few, and most blocks are known to the view
      const standing = await standingOf(view, found)
      const state = standing === 'final' ? confirmed(found) : found
      // oxlint-disable-next-line no-await-in-loop -- likewise
      if (state !== found && !(await roles.putState(state))) continue
      if (isPending(state)) pending.push(state)
      const isDue =
        standing === 'gone' ||
        (isTouchedDue && state.touchedAt !== null) ||
        (isUnknownDue && state.unknownSinceMs !== null)
      if (isDue) again.push({ account: state.account, touchedAt: state.touchedAt })
    }
    return { pending, again }
  }

  /** How the block of a state's evidence stands in the history. */
  async function standingOf(
    view: View | undefined,
    { evidence, isFinal }: RoleState,
  ): Promise<'final' | 'open' | 'gone'> {
    if (isFinal || !evidence || !view || isEmpty(view)) return 'open'
    const { number, hash } = evidence.block
    if (number > view.head.number || !rangeWith(view.head.coverage, number)) return 'open'
    const stored = await storedBlockAt(ports.heads, view, number)
    if (!stored) return 'open'
    if (stored.hash !== hash) return 'gone'
    return number <= view.head.finalized.number ? 'final' : 'open'
  }

  return {
    async round(stop) {
      const nowMs = clock.monotonicMs()
      const read = await readOn()
      const isSweep = nowMs >= sweepAtMs
      const asked = await roles.asked(OPEN_MAX)
      const { pending, again } = await lookBack()
      const touched = distinct([
        ...read.touched,
        ...asked.map(({ account }) => ({ account, touchedAt: null })),
        ...again,
      ])
      const decided = await decideRoles(ports, chainId, rules, touched)
      for (const state of decided.changed) await roles.putState(state)
      // What was decided is stored: from here on nothing of what was read has to be read again.
      for (const { account, atMs } of asked) await roles.answered(account, atMs)
      if (read.last) await roles.putCursor(chainId, read.last)
      const swept = isSweep ? await sweepRoles(ports, chainId, rules) : []
      if (isSweep) sweepAtMs = nowMs + sweepMs
      if (clock.monotonicMs() < discordAtMs) return { made: [], faults: [], hasMore: read.hasMore }
      const due = mergeStates(mergeStates(pending, decided.states), swept)
      const { made, faults, waitMs } = await applyRoles(ports, due, stop)
      if (waitMs !== null) discordAtMs = clock.monotonicMs() + waitMs
      return { made, faults, hasMore: read.hasMore }
    },
  }
}

const confirmed = (state: RoleState): RoleState => ({
  ...state,
  version: state.version + 1,
  isFinal: true,
})

/** Wallets that moved something which rules ask for, with the newest block in which they did. */
function walletsIn(
  items: readonly FeedItem<Transfer | TokenTransfer | TokenRebase>[],
  contracts: ReadonlySet<Address>,
): ReadonlyMap<Address, number> {
  const wallets = new Map<Address, number>()
  for (const item of items)
    if (item.type === 'appended')
      for (const { address, body } of item.events) {
        if (!contracts.has(address) || body.type === 'tokenRebase') continue
        wallets.set(body.from, item.block.number)
        wallets.set(body.to, item.block.number)
      }
  return wallets
}

const countEvents = (items: readonly FeedItem[]): number =>
  items.reduce((sum, item) => sum + (item.type === 'appended' ? item.events.length : 0), 0)

/** Each account once, with the newest block that it was touched at. */
function distinct(touched: readonly Touched[]): Touched[] {
  const newest = new Map<string, number | null>()
  for (const { account, touchedAt } of touched) {
    const known = newest.get(account) ?? null
    newest.set(
      account,
      touchedAt !== null && (known === null || touchedAt > known) ? touchedAt : known,
    )
  }
  return [...newest].map(([account, touchedAt]) => ({ account, touchedAt }))
}
