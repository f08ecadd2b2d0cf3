import type { BlockRef } from '#core/chain.ts'
import type { FeedCursor } from '#core/history/feed.ts'
import type { Finality, Reason } from '#core/ownership/decision.ts'
import type { Rule } from '#core/ownership/rule.ts'

/** Who has a role of a guild: whoever owns what a rule says. Ids are Discord's, in decimal digits. */
export type RoleRule = {
  readonly guild: string
  readonly role: string
  readonly chainId: number
  readonly rule: Rule
  readonly finality: Finality
}

/** One role of one account. */
export type RoleKey = { readonly guild: string; readonly role: string; readonly account: string }

/**
 * Why somebody should have a role or not: as an ownership decision says, or that no wallet is linked to the account, or
 * that no rule names the role any more.
 */
export type RoleReason = Reason | 'not-linked' | 'no-rule'

/** What a wish stands on. */
export type Evidence = {
  readonly chainId: number
  readonly block: BlockRef
  /** The rule, and the whole decision, as JSON. */
  readonly rule: string
  readonly decision: string
}

/** Why a change was not made: the account is no member of the guild, or Discord does not let the bot make it. */
export type RoleFailure = 'not-a-member' | 'forbidden'

/** What an account should have, and what it has as far as is known. Plain data. */
export type RoleState = RoleKey & {
  /** Counts the changes of this state. */
  readonly version: number
  readonly chainId: number
  readonly person: string | null
  readonly isWanted: boolean
  readonly isHeld: boolean
  /** A change was begun, and it is not known whether Discord has made it. */
  readonly isTried: boolean
  readonly reason: RoleReason
  /** Null where no decision was needed, or none could be made yet. */
  readonly evidence: Evidence | null
  /** Whether nothing can take the block of the evidence back any more. */
  readonly isFinal: boolean
  /** Something happened at this block that the decision does not know of yet. */
  readonly touchedAt: number | null
  /** Since when it is not known whether the account should have it: until it is, nothing is changed. */
  readonly unknownSinceMs: number | null
  readonly failure: RoleFailure | null
  /** A change that failed is not tried again before. */
  readonly retryAtMs: number
}

/** A role that was given or taken, with what that stood on. Never changed. */
export type RoleChange = RoleKey & {
  readonly id: string
  readonly person: string | null
  readonly change: 'granted' | 'removed'
  readonly reason: RoleReason
  readonly evidence: Evidence | null
  readonly atMs: number
}

export type RoleChangePlace = Pick<RoleChange, 'atMs' | 'id'>

/** What is wanted of a guild, and what was done there. Each call is one atomic step. */
export type RoleStore = {
  /** All of these accounts. */
  statesOf(accounts: readonly string[]): Promise<RoleState[]>
  /** Those of a chain of which something is left to do now, see `isOpen`, in the order of their keys, behind `after`. */
  openStates(
    chainId: number,
    nowMs: number,
    after: RoleKey | null,
    limit: number,
  ): Promise<RoleState[]>
  /** Accounts that anything is kept of, in order, behind `after`. */
  accounts(after: string | null, limit: number): Promise<string[]>
  /**
   * Puts a state in the place of the one of the version before, with the change that made it so.
   *
   * @returns false where another version is there: somebody else came first
   */
  putState(state: RoleState, change?: RoleChange): Promise<boolean>
  /** Newest first, behind `before`. */
  changes(query: {
    readonly account?: string
    readonly before?: RoleChangePlace
    readonly limit: number
  }): Promise<RoleChange[]>

  /** Where a follower of a chain's history stands. */
  cursor(chainId: number): Promise<FeedCursor | undefined>
  putCursor(chainId: number, cursor: FeedCursor): Promise<void>

  /** Remembers that somebody should look at an account soon. */
  ask(account: string, atMs: number): Promise<void>
  /** Those who were asked for, longest waiting first. */
  asked(limit: number): Promise<{ readonly account: string; readonly atMs: number }[]>
  /** It was looked at; unless it was asked for again since. */
  answered(account: string, atMs: number): Promise<void>
  close(): void | Promise<void>
}

export type GuildRole = {
  readonly id: string
  readonly name: string
  /** Higher ones rank above lower ones; of two that are equal the one with the lower id. */
  readonly position: number
  /** An integration owns it: nobody can give it. */
  readonly isManaged: boolean
}

/** What a guild has, and what the bot may do there. */
export type GuildView = {
  readonly roles: readonly GuildRole[]
  /** Roles of the bot itself. */
  readonly own: readonly string[]
  readonly mayManageRoles: boolean
}

export type GuildMember = { readonly account: string; readonly roles: readonly string[] }

/** Discord, as far as roles go. It keeps to Discord's limits of rate by itself. */
export type GuildClient = {
  /** @throws AppError `unavailable`, `forbidden` where the bot is not in the guild, `rate-limited` with `retryMs` */
  view(guild: string): Promise<GuildView>
  /** By id, behind `after`. @throws AppError as `view` does */
  members(guild: string, after: string | null, limit: number): Promise<GuildMember[]>
  /**
   * Gives a role or takes it; one that is so already stays so.
   *
   * @param why for the audit log of the guild
   * @throws AppError as `view` does, but for `forbidden`
   */
  setRole(key: RoleKey, isHeld: boolean, why: string): Promise<'done' | RoleFailure>
}
